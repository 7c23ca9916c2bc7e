/** The TPM that a command line names, and what goes wrong with it in the command line's words. */
import { existsSync } from 'node:fs';
import { defaultTpm, type Tpm, type TpmAddress, TpmError, withTpm } from '@assay/client';
import { CommandError } from '../exit.ts';
import { type Terminal, waitingFor } from '../ui.ts';

/**
 * A device or the socket of a software TPM by its path, or a TCP socket: `host:port`, `[::1]:2321`.
 * @throws {CommandError} usage for a port that is none
 */
export function addressOf(text: string | undefined): TpmAddress {
  if (text === undefined) return defaultTpm;
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^/:]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || existsSync(text)) return { path: text };
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw new CommandError('usage', `--tpm: ${digits} is no port`);
  return { host, port };
}

export const addressText = (address: TpmAddress): string =>
  'path' in address
    ? address.path
    : `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;

/**
 * Opens the TPM, does the work, and leaves nothing behind.
 * @throws {CommandError} unavailable when the TPM cannot be used, usage when it lacks what was asked for
 */
export async function withMachine<T>(
  named: string | undefined,
  terminal: Terminal,
  work: (tpm: Tpm) => Promise<T>,
): Promise<T> {
  const address = addressOf(named);
  return inWords(waitingFor(terminal, `the TPM at ${addressText(address)}`, withTpm(address, work)));
}

/** Work on a TPM or its logs, with errors that the command line knows. */
export async function inWords<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof TpmError)) throw cause;
    const { message, hints } = withAdvice(cause);
    throw new CommandError(cause.reason === 'Unfit' ? 'usage' : 'unavailable', message, hints, cause);
  }
}

/** What to do stands behind what is wrong. */
export function withAdvice({ message, reason }: TpmError): {
  readonly message: string;
  readonly hints: readonly string[];
} {
  const border = /\. (?=Run as root)|: (?=add the user|use \/dev|on Debian|name the key)|\. (?=Is |Does )/.exec(
    message,
  );
  const hints = border ? [message.slice(border.index + 2)] : [];
  return {
    message: border ? message.slice(0, border.index) : message,
    hints: [...hints, ...(reason === 'Absent' && /no \/dev\/tpmrm0/.test(message) ? [softwareTpm] : [])],
  };
}

const softwareTpm = '--tpm names another device, or the socket of a software TPM (PATH or host:port)';
