/**
 * The demo from curtain to curtain: the service is opened with what the pieces need, whoever plays is introduced, and
 * then the workflows are played one after the other.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchTrusting } from '@assay/client';
import { printWarning, type Screen, type Terminal } from '../ui.ts';
import { playAct, type Told } from './act.ts';
import type { Machine, MachineNews, MachineOrder, Serving } from './messages.ts';
import type { Cast, Scene } from './scene.ts';
import { enclaveAct } from './sgx/act.ts';
import type { EnclavePiece } from './sgx/piece.ts';
import type { Actor } from './stage.ts';
import { storyOn } from './story.ts';
import { machineAct } from './tpm/act.ts';
import type { MachinePiece } from './tpm/piece.ts';

export interface Programme {
  readonly enclave: EnclavePiece;
  /** A recording is played alone: its service believes no development root, and lives at another time. */
  readonly machine?: { readonly piece: MachinePiece; readonly actor: Actor<MachineOrder, MachineNews> };
}

/** What the performance came to. */
interface Performance {
  readonly outcome: Told['outcome'];
  readonly insecure: readonly string[];
  readonly sgx: Told;
  readonly tpm?: Told & { readonly by: Machine['tpm']['kind'] };
}

export async function perform(
  programme: Programme,
  cast: Cast,
  folder: string,
  screen: Screen,
  terminal: Terminal,
): Promise<Performance> {
  const { enclave, machine } = programme;
  // It takes its time, and comes on stage last.
  machine?.actor.order({ kind: 'boot', ...machine.piece.ca });
  const story = storyOn(screen);
  story.heading('assay demo: remote attestation, each side a process of its own');
  const { issuer, authority, insecure } = await open(programme, cast, folder);
  const ca = readFileSync(authority, 'utf8');
  const { service, client, relyingParty } = cast;
  story.introduction([
    ['service', `process ${service.pid}, ${issuer}, keys and certificates just made`],
    ['', `/readyz says ${await readiness(issuer, ca)}`],
    ['client', `process ${client.pid}, beside whatever is attested`],
    ['relying party', `process ${relyingParty.pid}, knows whom it expects`],
    ['enclave', enclave.about],
    ...(machine ? [['machine', `process ${machine.actor.pid}, boots meanwhile`] as const] : []),
  ]);
  printWarning(terminal, `${insecure.join(', ')}: ${enclave.warning}`);
  const scene: Scene = { cast, story, screen, terminal, issuer, ca };

  const sgx = await playAct(enclaveAct(enclave), scene);
  const tpm = machine && (await playMachine(machine, scene));
  const told = [sgx, ...(tpm ? [tpm] : [])];
  const outcome = told.every((act) => act.outcome === 'accepted') ? 'accepted' : 'refused';
  if (outcome === 'accepted') {
    screen.line();
    screen.line(
      ` ${screen.paint.green(screen.glyphs.passed)} ${screen.paint.bold('what was true was believed, what was forged was refused')}`,
    );
    screen.line();
  }
  return { outcome, insecure, sgx, ...(tpm && { tpm }) };
}

async function playMachine(
  { piece, actor }: NonNullable<Programme['machine']>,
  scene: Scene,
): Promise<NonNullable<Performance['tpm']>> {
  const { machine } = await actor.news();
  return { by: machine.tpm.kind, ...(await playAct(machineAct(machine, piece.bearer, actor), scene)) };
}

/** The service on its embedded default: all that it needs, it makes in its data folder. */
async function open({ enclave, machine }: Programme, { service }: Cast, folder: string): Promise<Serving> {
  const anchors = [enclave.anchor ?? [], machine?.piece.anchor ?? []].flat();
  service.order({
    flags: {
      'data-folder': join(folder, 'data'),
      'listen-port': '0',
      'log-level': 'silent',
      ...enclave.flags,
      ...machine?.piece.flags,
      ...(anchors.length > 0 && { 'insecure-anchors': JSON.stringify(anchors) }),
    },
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
