/**
 * Measurement logs that Linux keeps: what the firmware and the boot loader measured (TCG PC Client Platform Firmware
 * Profile), and what the kernel's integrity subsystem (IMA) has measured since.
 */
import { open } from 'node:fs/promises';
import type { Bytes } from '@assay/core/bytes';
import { systemCode } from '../http.ts';
import { TpmError } from './error.ts';

export type LogKind = 'TCG' | 'IMA';

/** Where Linux shows its logs. */
export const logPaths: Readonly<Record<LogKind, string>> = {
  TCG: '/sys/kernel/security/tpm0/binary_bios_measurements',
  IMA: '/sys/kernel/security/ima/binary_runtime_measurements',
};

/** Longest logs that the service takes, in bytes. */
const longest: Readonly<Record<LogKind, number>> = { TCG: 2 * 1024 * 1024, IMA: 4 * 1024 * 1024 };
const chunkSize = 64 * 1024;

/**
 * A log as it stands now. IMA's grows: read it after quoting.
 * @param path another place, such as a copy that a service with the right to read made
 * @throws {TpmError} `Denied`, `Absent`, or `Unfit` when it is empty or too long
 */
export async function readLog(kind: LogKind, path = logPaths[kind]): Promise<Bytes> {
  try {
    return await read(kind, path);
  } catch (cause) {
    if (cause instanceof TpmError) throw cause;
    throw unreadable(kind, path, cause);
  }
}

async function read(kind: LogKind, path: string): Promise<Bytes> {
  const file = await open(path, 'r');
  try {
    const chunks: Bytes[] = [];
    // Such files have no size to ask for: read until they end.
    for (let length = 0; length <= longest[kind]; ) {
      const buffer = new Uint8Array(chunkSize);
      const { bytesRead } = await file.read(buffer, 0, chunkSize, null);
      if (bytesRead === 0) {
        if (length === 0)
          throw new TpmError('Unfit', `${path} is empty: the ${names[kind]} was not kept by this kernel`);
        return new Uint8Array(Buffer.concat(chunks));
      }
      chunks.push(buffer.subarray(0, bytesRead));
      length += bytesRead;
    }
    throw new TpmError('Unfit', `${path} is longer than ${longest[kind]} bytes, which is more than a service takes`);
  } finally {
    await file.close();
  }
}

const names: Readonly<Record<LogKind, string>> = { TCG: 'log of the boot', IMA: "kernel's measurement list" };

/** What a failed access to a log most likely means, and what to do. */
export function unreadable(kind: LogKind, path: string, cause: unknown): TpmError {
  const code = systemCode(cause);
  if (code === 'EACCES' || code === 'EPERM')
    return new TpmError(
      'Denied',
      `no permission to read ${path}: the kernel shows the ${names[kind]} to root alone (the group tss does not help). Run as root, or read a copy that a service of root makes after each boot`,
      { cause },
    );
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const why =
      kind === 'TCG'
        ? 'Is securityfs mounted at /sys/kernel/security, has the machine a TPM, and was it started by UEFI firmware that keeps a log?'
        : 'Is securityfs mounted at /sys/kernel/security, and has the kernel IMA built in?';
    return new TpmError('Absent', `there is no ${path}. ${why}`, { cause });
  }
  return new TpmError('Unfit', `cannot read ${path}: ${code ?? 'no more is known'}`, { cause });
}
