/**
 * One workflow of the demo, whatever its evidence is: played once as it should be, then once for each way to forge it, and
 * every forgery must be refused.
 */
import type { JsonObject } from '@assay/core';
import { claimRows } from '../claims.ts';
import { CommandError } from '../exit.ts';
import { printTable } from '../table.ts';
import { printTree } from '../tree.ts';
import { printError } from '../ui.ts';
import type { Collected, Expected, Refused } from './messages.ts';
import { type Attempt, attest, check, plain, type Scene } from './scene.ts';
import { onlyFailures } from './story.ts';

export interface Act {
  readonly title: string;
  /** Who comes on stage for it. */
  readonly introduction?: readonly (readonly [who: string, about: string])[];
  readonly honest: Attempt;
  /** Who the relying party expects, and in words what of the token it compares. */
  readonly expected: (collected: Collected | undefined) => readonly [Expected, words: string];
  readonly forgeries: readonly Forgery[];
}

export interface Forgery {
  readonly title: string;
  /** Sets the stage for it. */
  readonly attempt: () => Promise<Attempt>;
}

interface Fault {
  readonly code: string;
  readonly message: string;
  readonly check?: string;
}

/** What an act came to. */
export interface Told {
  readonly outcome: 'accepted' | 'refused';
  readonly error?: Fault;
  readonly claims?: JsonObject;
  readonly appraisal?: JsonObject;
  readonly forgeries?: readonly { readonly title: string; readonly error: Fault }[];
}

/** Plays an act to its end, printing each step as it happens. */
export async function playAct(act: Act, scene: Scene): Promise<Told> {
  const { story, screen } = scene;
  story.heading(act.title);
  if (act.introduction) story.introduction(act.introduction);
  const { news, collected } = await attest(act.honest, scene);
  if (news.kind === 'refused') return refusedAtOnce(news, scene);
  const { token, appraisal } = news;
  const claims = await check(token, ...act.expected(collected), scene);
  if (!claims)
    return {
      outcome: 'refused',
      error: { code: 'TokenRefused', message: 'the relying party does not believe the token' },
    };
  story.heading('the verified claims');
  printTable(screen, claimRows(screen, claims), { indent: 1, isCut: true });
  story.heading(`the appraisal, fetched by its id ${String(claims['x-assay-appraisal'] ?? '')}`);
  if (appraisal) printTree(screen, appraisal, ' ');

  const forgeries: { title: string; error: Fault }[] = [];
  for (const forgery of act.forgeries) forgeries.push({ title: forgery.title, error: await refused(forgery, scene) });
  return { outcome: 'accepted', claims, ...(appraisal && { appraisal }), forgeries };
}

async function refused({ title, attempt }: Forgery, scene: Scene): Promise<Fault> {
  const { story, screen } = scene;
  story.heading(title);
  const { news } = await attest(await attempt(), scene);
  if (news.kind !== 'refused') throw new CommandError('defect', `a forgery was accepted: ${title}`);
  screen.line();
  if (news.appraisal) printTree(screen, onlyFailures(news.appraisal), ' ');
  return faultOf(news);
}

function refusedAtOnce(news: Refused, { screen, terminal }: Scene): Told {
  const { appraisal } = news;
  if (appraisal) {
    screen.line();
    printTree(screen, appraisal, ' ');
    screen.line();
  }
  printError(terminal, `the service refused this evidence: ${plain(news.message)}`);
  return { outcome: 'refused', error: faultOf(news), ...(appraisal && { appraisal }) };
}

const faultOf = ({ code, message, check: id }: Refused): Fault => ({
  code,
  message,
  ...(id !== undefined && { check: id }),
});
