/**
 * A conversation with a TPM: one command in flight, busy answers tried again, refusals turned into errors, and every
 * object and session that was made flushed at the end, newest first.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Bytes, decode, encode, type Field } from '@assay/core/bytes';
import {
  type Answer,
  type Authorisation,
  type Command,
  commands,
  decodeAnswer,
  encodeCommand,
  password,
} from '@assay/core/tcg';
import { openTpm, type TpmAddress, type TpmDevice } from './device.ts';
import { refusedBy, TpmError } from './error.ts';
import { handlesFrom } from './properties.ts';
import { passing, responseOf } from './reasons.ts';

export interface Called<A> {
  /** 0 where the command answers none. */
  readonly handle: number;
  readonly value: A;
}

export interface Tpm {
  /**
   * Sends one command. A handle in its answer is flushed when the conversation ends.
   * @param auths empty passwords unless given
   * @throws {TpmError} for every answer but success
   */
  readonly call: <P, A>(
    command: Command<P, A>,
    parameters: P,
    handles?: readonly number[],
    auths?: readonly Authorisation[],
  ) => Promise<Called<A>>;
  /** Frees an object's or a session's slot now. Nothing happens when it is free already. */
  readonly flush: (handle: number) => Promise<void>;
}

export interface TpmOptions {
  /** Waits before a busy TPM is asked again. */
  readonly sleep?: (ms: number) => Promise<void>;
}

const timeoutMs = 5000;
/** Chips search long for primes. */
const keyTimeoutMs = 120_000;
const slow: ReadonlySet<number> = new Set([commands.createPrimary.code, commands.create.code]);
/** How often a busy TPM is asked again, and the first wait, which doubles. */
const [retries, firstDelayMs] = [5, 20];

/** TPM_SU_CLEAR. */
const clear = { type: 0 };
/** TPM_HT_TRANSIENT, TPM_HT_LOADED_SESSION and TPM_HT_SAVED_SESSION, each with its first handle. */
const slots = [0x8000_0000, 0x0200_0000, 0x0300_0000];

/**
 * Opens a TPM, does the work, and leaves nothing behind. A software TPM behind a socket is also started where it is not
 * yet, cleared of what others left in it, and shut down in order: stopping it would else count as a failed
 * authorisation. (It goes on answering after that, and its PCRs stay.)
 * @param at an address, or an open device, which is closed too
 * @throws {TpmError}
 */
export async function withTpm<T>(
  at: TpmAddress | TpmDevice | undefined,
  work: (tpm: Tpm) => Promise<T>,
  options: TpmOptions = {},
): Promise<T> {
  const device = at !== undefined && 'transmit' in at ? at : await openTpm(at);
  try {
    const { tpm, tidy } = conversation(device, options);
    try {
      if (device.alone) await begin(tpm);
      return await work(tpm);
    } finally {
      await tidy();
    }
  } finally {
    await device.close();
  }
}

function conversation(device: TpmDevice, { sleep = delay }: TpmOptions): { tpm: Tpm; tidy: () => Promise<void> } {
  /** Handles in the order in which they were made. */
  const owned: number[] = [];
  let last: Promise<unknown> = Promise.resolve();

  async function exchange<P, A>(command: Command<P, A>, input: Bytes): Promise<Answer<A>> {
    const limit = slow.has(command.code) ? keyTimeoutMs : timeoutMs;
    for (let tried = 0; ; tried++) {
      const answer = answerTo(command, await device.transmit(input, limit));
      if (tried === retries || !passing.has(responseOf(answer.code).name)) return answer;
      await sleep(firstDelayMs * 2 ** tried);
    }
  }

  const call: Tpm['call'] = (command, parameters, handles = [], auths = emptyPasswords(command.auths)) => {
    const input = encodeCommand(command, parameters, handles, auths);
    const mine = last.then(async () => {
      const answer = await exchange(command, input);
      if (!('handle' in answer))
        throw refusedBy(answer.code, {
          command: command.name,
          handles,
          parameters: parameterNames(command, parameters),
        });
      if (command.answersHandle) owned.push(answer.handle);
      return { handle: answer.handle, value: answer.value };
    });
    last = mine.catch(() => {});
    return mine;
  };

  const flush: Tpm['flush'] = async (handle) => {
    const at = owned.lastIndexOf(handle);
    if (at >= 0) owned.splice(at, 1);
    try {
      await call(commands.flushContext, { handle });
    } catch (error) {
      // Sessions end with the command that they authorise, sequences with their completion.
      if (!(error instanceof TpmError && (error.reason === 'HANDLE' || error.reason === 'VALUE'))) throw error;
    }
  };

  const tidy = async (): Promise<void> => {
    try {
      for (let handle = owned.at(-1); handle !== undefined; handle = owned.at(-1)) await flush(handle);
      if (device.alone) await call(commands.shutdown, clear);
    } catch (error) {
      // A lost connection has been reported by the work itself, and a resource manager tidies up after it.
      if (!(error instanceof TpmError)) throw error;
    }
  };
  return { tpm: { call, flush }, tidy };
}

const emptyPasswords = (count: number): readonly Authorisation[] => Array.from({ length: count }, () => password());

function answerTo<P, A>(command: Command<P, A>, input: Bytes): Answer<A> {
  try {
    return decodeAnswer(command, input);
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : 'it cannot be read';
    throw new TpmError('Nonsense', `TPM2_${command.name}: the answer does not fit the command: ${problem}`, {
      command: command.name,
      cause,
    });
  }
}

/** Names of a command's parameters in order: the outermost fields of its layout. */
function parameterNames<P, A>({ parameters: layout }: Command<P, A>, parameters: P): readonly string[] {
  const fields: { readonly path: string }[] = [];
  try {
    decode(layout, encode(layout, parameters), fields as Field[]);
  } catch (error) {
    // What the TPM refuses may be unreadable for this side too. Then the names up to there are known, and that one.
    const { path } = error as { readonly path?: unknown };
    if (typeof path === 'string') fields.push({ path });
  }
  return [...new Set(fields.map((field) => field.path.replace(/\..*/, '')))];
}

async function begin(tpm: Tpm): Promise<void> {
  try {
    await tpm.call(commands.getRandom, { count: 0 });
  } catch (error) {
    if (!(error instanceof TpmError && error.reason === 'INITIALIZE')) throw error;
    await tpm.call(commands.startup, clear);
  }
  for (const first of slots) for (const handle of await handlesFrom(tpm, first)) await tpm.flush(handle);
}
