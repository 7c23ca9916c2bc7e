/**
 * A real TPM 2.0 without a chip: swtpm, manufactured with certificates of a CA of its own, started, rebooted and stopped.
 * For tests, for the demo, and for whoever develops against a TPM. Its certificates prove nothing to anybody else.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Bytes, encode, struct, u32be } from '@assay/core/bytes';
import type { TpmAddress } from './device.ts';
import { TpmError } from './error.ts';
import { extendPcr } from './pcrs.ts';
import { withTpm } from './tpm.ts';

/** A manufactured TPM on disk: what every start of it, and every copy, has in common. */
export interface ManufacturedTpm {
  readonly folder: string;
  /** PEM of the CA: its root, and the intermediate that signed the endorsement key's certificates. */
  readonly root: string;
  readonly intermediate: string;
  readonly remove: () => Promise<void>;
}

export interface SoftwareTpm {
  readonly address: TpmAddress & { readonly path: string };
  /** Path of the control channel, which swtpm's own tools want. */
  readonly control: string;
  readonly pid: number;
  /** Power off and on: PCRs begin anew. The TPM is started again by whoever speaks to it next. */
  readonly reboot: () => Promise<void>;
  /** Stops it in order, and forgets all that it remembered. */
  readonly stop: () => Promise<void>;
}

const programs = ['swtpm', 'swtpm_setup', 'swtpm_localca'] as const;
type Program = (typeof programs)[number];

/** Where a program of swtpm is, by `PATH`; undefined where it is not installed. */
export const swtpmProgram = (name: Program = 'swtpm'): string | undefined =>
  (process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));

/** Whether all is there that a TPM is made and run with: Debian's packages swtpm and swtpm-tools. */
export const isSwtpmInstalled = (): boolean => programs.every((name) => swtpmProgram(name) !== undefined);

const banks = 'sha1,sha256,sha384';
const run = promisify(execFile);

/**
 * Manufactures a TPM: endorsement keys RSA 2048 and P-384 with certificates, and banks SHA-1, SHA-256 and SHA-384.
 * @param machine stands as common name in the certificates
 * @throws {TpmError} `Absent` when swtpm is not installed
 */
export async function manufactureTpm(machine = 'machine'): Promise<ManufacturedTpm> {
  const [setup, localca] = [program('swtpm_setup'), program('swtpm_localca')];
  const folder = await mkdtemp(join(tmpdir(), 'tpm-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    return { ...(await manufacture(folder, machine, setup, localca)), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function manufacture(
  folder: string,
  machine: string,
  setup: string,
  localca: string,
): Promise<Omit<ManufacturedTpm, 'remove'>> {
  const [state, ca] = [join(folder, 'state'), join(folder, 'ca')];
  await Promise.all([mkdir(state), mkdir(ca)]);
  const write = (name: string, lines: readonly string[]) => writeFile(join(folder, name), `${lines.join('\n')}\n`);
  await write('localca.conf', [
    `statedir = ${ca}`,
    `signingkey = ${join(ca, 'signkey.pem')}`,
    `issuercert = ${join(ca, 'issuercert.pem')}`,
    `certserial = ${join(ca, 'certserial')}`,
  ]);
  await write('localca.options', ['--platform-manufacturer Assay', '--platform-version 1.0', '--platform-model Lab']);
  await write('setup.conf', [
    `create_certs_tool = ${localca}`,
    `create_certs_tool_config = ${join(folder, 'localca.conf')}`,
    `create_certs_tool_options = ${join(folder, 'localca.options')}`,
    `active_pcr_banks = ${banks}`,
  ]);
  const places = ['--config', join(folder, 'setup.conf'), '--tpmstate', `dir://${state}`];
  const wishes = ['--create-ek-cert', '--create-platform-cert', '--pcr-banks', banks, '--vmid', machine];
  await run(setup, ['--tpm2', ...places, ...wishes, '--overwrite']);
  return {
    folder,
    root: await readFile(join(ca, 'swtpm-localca-rootca-cert.pem'), 'utf8'),
    intermediate: await readFile(join(ca, 'issuercert.pem'), 'utf8'),
  };
}

function program(name: Program): string {
  const path = swtpmProgram(name);
  if (path === undefined)
    throw new TpmError('Absent', `${name} is not installed: on Debian and Ubuntu, apt-get install swtpm swtpm-tools`);
  return path;
}

/**
 * Starts a copy of a manufactured TPM: the same identity, with PCRs and memory of its own. Any number run in parallel.
 * @throws {TpmError} `Absent` when swtpm is not installed or does not start
 */
export async function startTpm({ folder: made }: Pick<ManufacturedTpm, 'folder'>): Promise<SoftwareTpm> {
  const swtpm = program('swtpm');
  // A short path: the system allows 107 bytes for a socket's.
  const folder = await mkdtemp(join(tmpdir(), 'tpm-'));
  await cp(join(made, 'state'), join(folder, 'state'), { recursive: true, filter: (path) => !path.endsWith('.lock') });
  const [path, control] = [join(folder, 'sock'), join(folder, 'sock.ctrl')];
  const child = spawn(
    swtpm,
    [
      ...['socket', '--tpm2', '--tpmstate', `dir=${join(folder, 'state')}`, '--flags', 'startup-clear'],
      ...['--server', `type=unixio,path=${path}`, '--ctrl', `type=unixio,path=${control}`],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  await listening(child, path).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  return {
    address: { path },
    control,
    pid: child.pid as number,
    async reboot() {
      await command(control, encode(Init, { code: 2, flags: 0 }));
    },
    async stop() {
      await withTpm({ path }, async () => {}).catch(() => {});
      await ended(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function listening(child: ChildProcess, path: string): Promise<void> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-1000);
  });
  for (let waited = 0; waited < 5000; waited += 5) {
    if (child.exitCode !== null) throw new TpmError('Absent', `swtpm ended with ${child.exitCode}: ${said.trim()}`);
    if (await isAnswering(path)) return;
    await delay(5);
  }
  child.kill('SIGKILL');
  throw new TpmError('Absent', 'swtpm did not start within 5 seconds');
}

/** The file of a socket is there a moment before anybody listens at it. */
const isAnswering = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => socket.destroy());
    socket.once('error', () => {});
    socket.once('close', (hadError) => resolve(!hadError));
  });

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });

/** CMD_INIT of swtpm's control channel. */
const Init = struct({ code: u32be, flags: u32be });

/** One command on a control channel: it answers with a number, 0 for success. */
const command = (path: string, input: Bytes): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once('error', (cause) => reject(new TpmError('Lost', `${path}: the control channel broke`, { cause })));
    socket.once('data', (answer: Buffer) => {
      socket.destroy();
      const code = answer.length >= 4 ? answer.readUInt32BE(0) : -1;
      if (code === 0) resolve();
      else reject(new TpmError('Nonsense', `${path}: the control channel answered ${code}`));
    });
    socket.write(input);
  });

/** What a boot does to a TPM: `forgeLog` of `@assay/core/testing` makes it, together with the log that tells it. */
export interface BootToOrder {
  readonly extensions: readonly {
    readonly pcr: number;
    readonly digests: readonly { readonly hash: number; readonly digest: Bytes }[];
  }[];
}

/** Reboots the TPM and measures a boot into it: a quote made then agrees with the boot's log. */
export async function bootToOrder(tpm: Pick<SoftwareTpm, 'address' | 'reboot'>, boot: BootToOrder): Promise<void> {
  await tpm.reboot();
  await withTpm(tpm.address, async (conversation) => {
    for (const { pcr, digests } of boot.extensions) await extendPcr(conversation, pcr, digests);
  });
}
