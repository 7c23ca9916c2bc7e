/**
 * The demo from curtain to curtain: the service is opened with what the pieces need, whoever plays is introduced, and
 * then the workflows are played one after the other.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchTrusting } from '@assay/client';
import { printTable } from '../table.ts';
import { printWarning, type Screen, type Terminal } from '../ui.ts';
import { playAct, type Told } from './act.ts';
import type { Serving } from './messages.ts';
import type { Cast, Scene } from './scene.ts';
import { enclaveAct } from './sgx/act.ts';
import type { EnclavePiece } from './sgx/piece.ts';
import { storyOn } from './story.ts';

/** What the performance came to. */
interface Performance {
  readonly outcome: Told['outcome'];
  readonly insecure: readonly string[];
  readonly sgx: Told;
}

export async function perform(
  piece: EnclavePiece,
  cast: Cast,
  folder: string,
  screen: Screen,
  terminal: Terminal,
): Promise<Performance> {
  const story = storyOn(screen);
  story.heading('assay demo: remote attestation with three processes');
  const { issuer, authority, insecure } = await open(piece, cast, folder);
  const ca = readFileSync(authority, 'utf8');
  introduce(piece, cast, issuer, await readiness(issuer, ca), screen);
  printWarning(terminal, `${insecure.join(', ')}: ${piece.warning}`);
  const scene: Scene = { cast, story, screen, terminal, issuer, ca };
  const sgx = await playAct(enclaveAct(piece), scene);
  if (sgx.outcome === 'accepted') {
    screen.line();
    screen.line(
      ` ${screen.paint.green(screen.glyphs.passed)} ${screen.paint.bold('what was true was believed, what was forged was refused')}`,
    );
    screen.line();
  }
  return { outcome: sgx.outcome, insecure, sgx };
}

/** The service on its embedded default: all that it needs, it makes in its data folder. */
async function open({ flags }: EnclavePiece, { service }: Cast, folder: string): Promise<Serving> {
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
  { about }: EnclavePiece,
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
