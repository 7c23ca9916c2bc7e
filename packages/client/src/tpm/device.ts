/**
 * The seam below which bytes travel to a TPM and back. Linux' device and the sockets of software TPMs stand behind it;
 * Windows' TBS could.
 */
import { stat } from 'node:fs/promises';
import type { Bytes } from '@assay/core/bytes';
import { systemCode } from '../http.ts';
import { openCharacterDevice } from './character.ts';
import { TpmError } from './error.ts';
import { connectSocket } from './socket.ts';

export interface TpmDevice {
  /**
   * Whether the TPM is the caller's alone, with nobody in between who starts it, tidies it and shuts it down: so it is
   * with software TPMs behind a socket, and never with an operating system's device.
   */
  readonly alone: boolean;
  /**
   * One command at a time.
   * @param timeoutMs after which nothing more is expected of this device
   * @throws {TpmError}
   */
  readonly transmit: (command: Bytes, timeoutMs: number) => Promise<Bytes>;
  readonly close: () => Promise<void>;
}

/** A device or UNIX socket by its path, or a TCP socket. */
export type TpmAddress = { readonly path: string } | { readonly host: string; readonly port: number };

/** Linux' device with a resource manager: the one that several programs can use at a time. */
export const defaultTpm: TpmAddress = { path: '/dev/tpmrm0' };

/**
 * Opens the way to a TPM.
 * @throws {TpmError} `Absent`, `Denied`, `Busy` or `Lost`, saying what to do about it
 */
export async function openTpm(address: TpmAddress = defaultTpm): Promise<TpmDevice> {
  if (!('path' in address)) return connectSocket(address);
  const { path } = address;
  const kind = await stat(path).catch((cause: unknown) => {
    throw unreachable(path, cause);
  });
  if (kind.isSocket()) return connectSocket({ path });
  if (kind.isCharacterDevice()) return openCharacterDevice(path);
  throw new TpmError('Absent', `${path} is neither a device nor a socket`);
}

function unreachable(path: string, cause: unknown): TpmError {
  const code = systemCode(cause);
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new TpmError(
      'Absent',
      path.startsWith('/dev/')
        ? `there is no ${path}. Does this machine have a TPM 2.0, switched on in its firmware, and does the kernel have a driver for it?`
        : `there is no ${path}. Is the software TPM running?`,
      { cause },
    );
  return new TpmError(code === 'EACCES' ? 'Denied' : 'Lost', `cannot look at ${path}: ${code ?? 'no more is known'}`, {
    cause,
  });
}
