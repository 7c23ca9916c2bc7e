/** The four steps of the workflow, the same for all evidence, told as they happen. */
import type { JsonObject } from '@assay/core';
import { ownWords } from '../refusal.ts';
import { asLine, type Screen, type Terminal } from '../ui.ts';
import type {
  ClientNews,
  ClientOrder,
  Collected,
  Errand,
  Expected,
  Issued,
  Refused,
  RelyingPartyNews,
  RelyingPartyOrder,
  ServiceOrder,
  Serving,
} from './messages.ts';
import type { Actor } from './stage.ts';
import { passedIn, type Story } from './story.ts';

export interface Cast {
  readonly service: Actor<ServiceOrder, Serving>;
  readonly client: Actor<ClientOrder, ClientNews>;
  readonly relyingParty: Actor<RelyingPartyOrder, RelyingPartyNews>;
}

/** What every scene needs. */
export interface Scene {
  readonly cast: Cast;
  readonly story: Story;
  /** Where the story is told, and where warnings and errors go. */
  readonly screen: Screen;
  readonly terminal: Terminal;
  readonly issuer: string;
  /** The development CA, PEM. */
  readonly ca: string;
}

/** What the client is sent for, and how that is told. */
export interface Attempt {
  readonly errand: Errand;
  readonly collected: (news: Collected) => string;
  /** What happened to it on its way. */
  readonly underWay?: string;
}

export interface Outcome {
  readonly collected: Collected | undefined;
  readonly news: Issued | Refused;
}

/** Steps one to three: collected, sent, answered. */
export async function attest(attempt: Attempt, { cast, story, issuer, ca }: Scene): Promise<Outcome> {
  cast.relyingParty.order({ kind: 'challenge' });
  const challenge = await cast.relyingParty.news();
  const nonce = challenge.kind === 'nonce' ? challenge.nonce : '';
  cast.client.order({ endpoint: issuer, ca, nonce, errand: attempt.errand });
  let collected: Collected | undefined;
  for (;;) {
    const news = await cast.client.news();
    switch (news.kind) {
      case 'collected':
        collected = news;
        story.step(1, 'client', attempt.collected(news));
        break;
      case 'sending':
        story.step(2, 'client', [`POST ${news.uri}`, attempt.underWay ?? []].flat().join(', '));
        break;
      case 'issued': {
        const passed = news.appraisal ? `${passedIn(news.appraisal)} checks passed, ` : '';
        story.step(
          3,
          'service',
          `${passed}token of ${news.token.length} characters, answered in ${Math.round(news.milliseconds)} ms`,
        );
        return { collected, news };
      }
      case 'refused': {
        const passed = news.appraisal ? [`${passedIn(news.appraisal)} checks passed`] : [];
        story.refusal(3, 'service', [
          `${news.status ?? ''} ${news.code}${news.check === undefined ? '' : `, check ${news.check}`}`.trim(),
          ...passed,
          plain(news.message),
        ]);
        return { collected, news };
      }
    }
  }
}

/**
 * Step four.
 * @param words what of it is as expected
 * @returns the claims, if the relying party believes them
 */
export async function check(
  token: string,
  expected: Expected,
  words: string,
  { cast, story, issuer, ca }: Scene,
): Promise<JsonObject | undefined> {
  cast.relyingParty.order({ kind: 'verify', token, issuer, ca, expected });
  const news = await cast.relyingParty.news();
  if (news.kind !== 'believed') {
    story.refusal(4, 'relying party', [news.kind === 'disbelieved' ? news.message : 'no answer']);
    return undefined;
  }
  const { alg, kid } = news.header;
  story.step(
    4,
    'relying party',
    `${String(alg)} by key ${String(kid)}, published at ${issuer}/certs`,
    `${words} as expected`,
    `the token names insecure settings (${news.insecure.join(', ')}), accepted for this demo alone`,
  );
  return news.claims;
}

/** The service's own words as a line of the terminal. */
export const plain = (message: string): string => asLine(ownWords(message));
