/**
 * The demo: the whole workflow of remote attestation, played by three processes (service, client, relying party), once
 * as it should be and once with a bit of the quote flipped. On simulated evidence, or on a recording.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchTrusting } from '@assay/client';
import type { JsonObject } from '@assay/core';
import { claimRows } from '../claims.ts';
import { CommandError } from '../exit.ts';
import { ownWords } from '../refusal.ts';
import { printTable } from '../table.ts';
import { printTree } from '../tree.ts';
import { asLine, printError, printWarning, type Screen, type Terminal } from '../ui.ts';
import type {
  ClientNews,
  ClientOrder,
  RelyingPartyNews,
  RelyingPartyOrder,
  ServiceOrder,
  Serving,
} from './messages.ts';
import type { Piece } from './piece.ts';
import type { Actor } from './stage.ts';
import { onlyFailures, passedIn, type Story, storyOn } from './story.ts';

export interface Cast {
  readonly service: Actor<ServiceOrder, Serving>;
  readonly client: Actor<ClientOrder, ClientNews>;
  readonly relyingParty: Actor<RelyingPartyOrder, RelyingPartyNews>;
}

interface Fault {
  readonly code: string;
  readonly message: string;
  readonly check?: string;
}

/** What the performance came to. */
interface Told {
  readonly outcome: 'accepted' | 'refused';
  readonly insecure: readonly string[];
  readonly error?: Fault;
  readonly claims?: JsonObject;
  readonly appraisal?: JsonObject;
  readonly flipped?: { readonly byte: number; readonly bit: number; readonly error: Fault };
}

/** What every scene needs. */
interface Set {
  readonly piece: Piece;
  readonly cast: Cast;
  readonly story: Story;
  readonly issuer: string;
  /** The development CA, PEM. */
  readonly ca: string;
}

/** Plays a piece to its end, printing each step as it happens. */
export async function perform(
  piece: Piece,
  cast: Cast,
  folder: string,
  screen: Screen,
  terminal: Terminal,
): Promise<Told> {
  const story = storyOn(screen);
  story.heading('assay demo: remote attestation with three processes');
  const { issuer, authority, insecure } = await open(piece, cast, folder);
  const ca = readFileSync(authority, 'utf8');
  introduce(piece, cast, issuer, await readiness(issuer, ca), screen);
  printWarning(terminal, `${insecure.join(', ')}: ${piece.warning}`);
  const set: Set = { piece, cast, story, issuer, ca };

  story.heading('as it should be');
  const { news, runtimeData } = await attest(set);
  if (news.kind === 'refused') return refusedAtOnce(news, insecure, screen, terminal);
  const claims = await check(news.token, runtimeData, set);
  if (!claims)
    return {
      outcome: 'refused',
      insecure,
      error: { code: 'TokenRefused', message: 'the relying party does not believe the token' },
    };

  story.heading('the verified claims');
  printTable(screen, claimRows(screen, claims), { indent: 1, isCut: true });
  story.heading(`the appraisal, fetched by its id ${String(claims['x-assay-appraisal'] ?? '')}`);
  if (news.appraisal) printTree(screen, news.appraisal, ' ');

  story.heading('once more, one bit of the quote flipped on its way');
  const flipped = await attestFlipped(set, screen);
  screen.line();
  screen.line(
    ` ${screen.paint.green(screen.glyphs.passed)} ${screen.paint.bold('the true quote was believed, the forged one was refused')}`,
  );
  screen.line();
  return { outcome: 'accepted', insecure, claims, ...(news.appraisal && { appraisal: news.appraisal }), flipped };
}

/** The service on its embedded default: all that it needs, it makes in its data folder. */
async function open({ flags }: Piece, { service }: Cast, folder: string): Promise<Serving> {
  service.order({
    flags: { 'data-folder': join(folder, 'data'), 'listen-port': '0', 'log-level': 'silent', ...flags },
  });
  return service.news();
}

/** What the service itself says of its state. */
async function readiness(issuer: string, ca: string): Promise<string> {
  const signal = AbortSignal.timeout(10_000);
  const reply = await fetchTrusting(ca)(`${issuer}/readyz`, { method: 'GET', headers: {}, redirect: 'manual', signal });
  let text = '';
  for await (const chunk of reply.body ?? []) text += Buffer.from(chunk).toString('utf8');
  const { status, insecure } = JSON.parse(text) as { readonly status: string; readonly insecure: readonly string[] };
  return `${status}, insecure: ${insecure.join(', ')}`;
}

function introduce(
  { about }: Piece,
  { service, client, relyingParty }: Cast,
  issuer: string,
  readyz: string,
  screen: Screen,
): void {
  const rows = [
    ['service', `process ${service.pid}, ${issuer}, keys and certificates just made`],
    ['', `/readyz says ${readyz}`],
    ['client', `process ${client.pid}, beside the enclave`],
    ['relying party', `process ${relyingParty.pid}, knows the enclave’s measurement and signer`],
    ['platform', about],
  ] as const;
  printTable(
    screen,
    rows.map(([name, text]) => [{ text: name, paint: screen.paint.dim }, text]),
    { indent: 1 },
  );
}

type Attested = Extract<ClientNews, { kind: 'issued' | 'refused' }>;

/** Steps one to three. */
async function attest(
  { piece, cast, story, issuer, ca }: Set,
  flip?: ClientOrder['flip'],
): Promise<{ readonly news: Attested; readonly runtimeData: Uint8Array | undefined }> {
  cast.relyingParty.order({ kind: 'challenge' });
  const challenge = await cast.relyingParty.news();
  const nonce = challenge.kind === 'nonce' ? challenge.nonce : '';
  cast.client.order({ endpoint: issuer, ca, platform: piece.platform, nonce, ...(flip && { flip }) });
  let runtimeData: Uint8Array | undefined;
  for (;;) {
    const news = await cast.client.news();
    switch (news.kind) {
      case 'collected':
        runtimeData = news.runtimeData;
        story.step(
          1,
          'client',
          `SGX quote, ${news.length} bytes${runtimeData ? `, binds ${runtimeData.length} bytes: a key that the enclave has just made` : ''}`,
        );
        break;
      case 'sending':
        story.step(
          2,
          'client',
          `POST ${news.uri}${flip ? `, bit ${flip.bit} of byte ${flip.byte} flipped (in the measurement of the enclave)` : ''}`,
        );
        break;
      case 'issued': {
        const passed = news.appraisal ? `${passedIn(news.appraisal)} checks passed, ` : '';
        story.step(
          3,
          'service',
          `${passed}token of ${news.token.length} characters, answered in ${Math.round(news.milliseconds)} ms`,
        );
        return { news, runtimeData };
      }
      case 'refused': {
        const passed = news.appraisal ? [`${passedIn(news.appraisal)} checks passed`] : [];
        story.refusal(3, 'service', [
          `${news.status ?? ''} ${news.code}${news.check === undefined ? '' : `, check ${news.check}`}`.trim(),
          ...passed,
          plain(news.message),
        ]);
        return { news, runtimeData };
      }
    }
  }
}

/** Step four. @returns the claims, if the relying party believes them */
async function check(
  token: string,
  runtimeData: Uint8Array | undefined,
  { piece, cast, story, issuer, ca }: Set,
): Promise<JsonObject | undefined> {
  cast.relyingParty.order({ kind: 'verify', token, issuer, ca, ...piece.enclave, ...(runtimeData && { runtimeData }) });
  const news = await cast.relyingParty.news();
  if (news.kind !== 'believed') {
    story.refusal(4, 'relying party', [news.kind === 'disbelieved' ? news.message : 'no answer']);
    return undefined;
  }
  const { alg, kid } = news.header;
  const expected = `measurement, signer, nonce${runtimeData ? ' and bound key' : ''} as expected`;
  story.step(
    4,
    'relying party',
    `${String(alg)} by key ${String(kid)}, published at ${issuer}/certs`,
    expected,
    `the token names insecure settings (${news.insecure.join(', ')}), accepted for this demo alone`,
  );
  return news.claims;
}

async function attestFlipped(set: Set, screen: Screen): Promise<NonNullable<Told['flipped']>> {
  // The first byte of MRENCLAVE: somebody pretends to be another enclave.
  const flip = { byte: 112, bit: 0 };
  const { news } = await attest(set, flip);
  if (news.kind !== 'refused') throw new CommandError('defect', 'a quote with a flipped bit was accepted');
  screen.line();
  if (news.appraisal) printTree(screen, onlyFailures(news.appraisal), ' ');
  return { ...flip, error: faultOf(news) };
}

function refusedAtOnce(
  news: Extract<Attested, { kind: 'refused' }>,
  insecure: readonly string[],
  screen: Screen,
  terminal: Terminal,
): Told {
  const { appraisal } = news;
  if (appraisal) {
    screen.line();
    printTree(screen, appraisal, ' ');
    screen.line();
  }
  printError(terminal, `the service refused this evidence: ${plain(news.message)}`);
  return { outcome: 'refused', insecure, error: faultOf(news), ...(appraisal && { appraisal }) };
}

const faultOf = ({ code, message, check: id }: Extract<Attested, { kind: 'refused' }>): Fault => ({
  code,
  message,
  ...(id !== undefined && { check: id }),
});

const plain = (message: string): string => asLine(ownWords(message));
