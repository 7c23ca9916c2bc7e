/**
 * Linux' TPM devices: one write is one whole command, one read the whole answer (Linux kernel, drivers/char/tpm). Both
 * block in a thread of Node's pool; nothing can be cancelled.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Bytes } from '@assay/core/bytes';
import { systemCode } from '../http.ts';
import type { TpmDevice } from './device.ts';
import { TpmError } from './error.ts';
import { within } from './within.ts';

/** What is asked of an open device: a file without positions (naming one is ESPIPE here). */
export interface DeviceFile {
  /** @returns how many bytes were taken */
  readonly write: (command: Bytes) => Promise<number>;
  /** @returns how many bytes came */
  readonly read: (into: Bytes) => Promise<number>;
  readonly close: () => Promise<void>;
}

/** TPM_BUFSIZE of the kernel: a smaller read would leave the rest for the next one. */
const bufferSize = 4096;

/** @throws {TpmError} */
export async function openCharacterDevice(path: string): Promise<TpmDevice> {
  const handle = await open(path, constants.O_RDWR).catch((cause: unknown) => {
    throw cannotOpen(path, cause);
  });
  return characterDevice(path, {
    write: async (command) => (await handle.write(command, 0, command.length, null)).bytesWritten,
    read: async (into) => (await handle.read(into, 0, into.length, null)).bytesRead,
    close: () => handle.close(),
  });
}

/** @param name for messages */
export function characterDevice(name: string, file: DeviceFile): TpmDevice {
  let lost = false;
  const exchange = async (command: Bytes): Promise<Bytes> => {
    const written = await file.write(command);
    if (written !== command.length)
      throw new TpmError('Nonsense', `${name} took ${written} of ${command.length} bytes of a command`);
    const buffer = new Uint8Array(bufferSize);
    const length = await file.read(buffer);
    if (length === 0) throw new TpmError('Nonsense', `${name} answered nothing`);
    return buffer.slice(0, length);
  };
  return {
    alone: false,
    async transmit(command, timeoutMs) {
      if (lost) throw new TpmError('Lost', `${name} was given up after an earlier failure`);
      try {
        return await within(timeoutMs, exchange(command), `${name} has not answered within ${timeoutMs} ms`);
      } catch (error) {
        // What came next might be the answer to this command.
        lost = true;
        throw error instanceof TpmError ? error : failed(name, error);
      }
    },
    async close() {
      const closed = file.close();
      // A command that never ends must not hold up the caller as well.
      if (lost) closed.catch(() => {});
      else await closed;
    },
  };
}

function cannotOpen(path: string, cause: unknown): TpmError {
  const code = systemCode(cause);
  if (code === 'EACCES' || code === 'EPERM')
    return new TpmError('Denied', `no permission to use ${path}: add the user to the group tss, and log in again`, {
      cause,
    });
  if (code === 'EBUSY')
    return new TpmError('Busy', `another program has ${path} open, which takes one at a time: use /dev/tpmrm0`, {
      cause,
    });
  const absent = code === 'ENODEV' || code === 'ENXIO' || code === 'ENOENT';
  return new TpmError(absent ? 'Absent' : 'Lost', `cannot open ${path}: ${code ?? 'no more is known'}`, { cause });
}

const meanings: Readonly<Record<string, string>> = {
  EBUSY: 'an answer is still waiting to be read',
  EINVAL: 'the kernel calls the command malformed, or a handle in it belongs to another program',
  E2BIG: 'the command is too long',
  ENODEV: 'the TPM is gone',
  EPIPE: 'the TPM is gone',
  ETIME: 'the TPM did not answer the kernel in time',
};

function failed(name: string, cause: unknown): TpmError {
  const code = systemCode(cause);
  const meaning = code === undefined ? undefined : meanings[code];
  return new TpmError('Lost', `${name}: ${meaning ?? 'the device failed'} (${code ?? 'no more is known'})`, { cause });
}
