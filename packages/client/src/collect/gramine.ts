/**
 * SGX quotes inside Gramine and systems like it, which show attestation as files: 64 bytes of report data are written
 * to `user_report_data`, then `quote` is read (Gramine documentation, "Attestation and Secret Provisioning").
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bytes, bytes, decode, equal, rest, struct } from '@assay/core/bytes';
import { AttestationError } from '../error.ts';
import { systemCode } from '../http.ts';
import type { Collector } from './collector.ts';

/** The beginning of an SGX quote of version 3: enough to find its report data again. */
const quoteHead = struct({ header: bytes(48), measured: bytes(320), reportData: bytes(64), rest });

/** Longest quote read, in bytes; real ones take about 5 000. */
const longestQuote = 64 * 1024;

/**
 * @param folder where the files stand; default `/dev/attestation`
 */
export function gramineCollector(folder = '/dev/attestation'): Collector {
  // The report data belongs to the whole enclave: one collection must be over before the next writes its own.
  let last: Promise<unknown> = Promise.resolve();
  return {
    collect(reportData) {
      const mine = last.then(() => collect(folder, reportData));
      last = mine.catch(() => {});
      return mine;
    },
  };
}

async function collect(folder: string, reportData: Bytes): Promise<Bytes> {
  if (reportData.length !== 64) throw new TypeError(`report data takes 64 bytes, not ${reportData.length}`);
  const [target, source] = [join(folder, 'user_report_data'), join(folder, 'quote')];
  await write(target, reportData).catch((cause: unknown) => unavailable(cause, 'write', target, folder));
  const quote = await read(source).catch((cause: unknown) => unavailable(cause, 'read', source, folder));
  const found = reportDataOf(quote, source);
  if (!equal(found, reportData))
    throw new AttestationError(
      'EvidenceUnavailable',
      `${source}: the quote carries other report data than was just written; does another part of this enclave write ${target} too?`,
    );
  return quote;
}

async function write(path: string, content: Bytes): Promise<void> {
  const file = await open(path, constants.O_WRONLY);
  try {
    const { bytesWritten } = await file.write(content);
    if (bytesWritten !== content.length)
      throw new AttestationError('EvidenceUnavailable', `${path}: took ${bytesWritten} of ${content.length} bytes`);
  } finally {
    await file.close();
  }
}

async function read(path: string): Promise<Bytes> {
  const file = await open(path, 'r');
  try {
    const buffer = new Uint8Array(longestQuote + 1);
    let length = 0;
    // A pseudo-file has no size to ask for: read until it ends.
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
      if (bytesRead === 0) return buffer.slice(0, length);
      length += bytesRead;
    }
    throw new AttestationError('EvidenceUnavailable', `${path}: longer than ${longestQuote} bytes, so no quote`);
  } finally {
    await file.close();
  }
}

function reportDataOf(quote: Bytes, source: string): Bytes {
  try {
    return decode(quoteHead, quote).reportData;
  } catch (cause) {
    throw new AttestationError('EvidenceUnavailable', `${source}: ${quote.length} bytes are no SGX quote`, { cause });
  }
}

function unavailable(cause: unknown, verb: string, path: string, folder: string): never {
  if (cause instanceof AttestationError) throw cause;
  throw new AttestationError('EvidenceUnavailable', `cannot ${verb} ${path}: ${reasonFor(systemCode(cause), folder)}`, {
    cause,
  });
}

/** What a failed access to the files most likely means, and what to do. */
export function reasonFor(code: string | undefined, folder: string): string {
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return `there is no such file. Does this process run inside an enclave, and does its manifest say sgx.remote_attestation = "dcap"? (${folder} exists only then)`;
  if (code === 'EACCES' || code === 'EPERM')
    return 'permission denied. Inside Gramine the files are open to every process of the enclave; outside, the user needs the right to them';
  return `the system says ${code ?? 'no more'}. Is the quoting service (AESM) running on this machine, and reachable?`;
}
