/** Entries of an IMA list as events of the `events` claim. Azure's form is known from a few queries only. */
import { type Bytes, base64url, fromUtf8 } from '../../bytes/index.ts';
import type { Json, JsonObject } from '../../json/index.ts';
import { nameText, parseCertificate } from '../../pki/index.ts';
import { quietly } from '../quietly.ts';
import type { ImaEntry } from './ima.ts';

/**
 * @param entries those that the quote covers
 * @param first the number of the first one: after all events of the logs
 */
export const imaEvents = (entries: readonly ImaEntry[], first: number): readonly JsonObject[] =>
  entries.map((one, i) => ({
    Digests: { SHA1: base64url(one.templateHash) },
    EventSeq: first + i,
    EventType: 0,
    EventTypeString: 'IMA_MEASUREMENT_EVENT',
    PcrIndex: one.pcr,
    ProcessedData: meaning(one),
    RawData: base64url(one.templateData),
  }));

function meaning({ template, fileName, fileHash, isViolation, more }: ImaEntry): JsonObject {
  const [third] = more;
  // Ones were extended, whatever stands in the entry: it proves that some file was open for writing, and no digest.
  if (isViolation) return { Template: template, FileName: fileName, Violation: true };
  return {
    Template: template,
    FileName: fileName,
    Violation: false,
    ...(fileHash && { DigestAlgorithm: fileHash.algorithm, FileDigest: base64url(fileHash.digest) }),
    ...(third && (template === 'ima-buf' ? buffer(fileName, third) : signature(template, third))),
  };
}

const signature = (template: string, field: Bytes): Record<string, Json> =>
  ['ima-sig', 'ima-sigv2', 'ima-modsig'].includes(template) && field.length > 0 ? { Signature: base64url(field) } : {};

/** What the kernel measured out of memory: its version, a key that was added to a keyring, … */
function buffer(name: string, field: Bytes): Record<string, Json> {
  const shown = { Buffer: base64url(field) };
  if (name === 'kernel_version') {
    const version = quietly(() => fromUtf8(field).replace(/\0+$/, ''));
    return version === undefined ? shown : { ...shown, KernelVersion: version };
  }
  // Only keys have DER in their buffers; the name is the keyring's.
  const subject = field[0] === 0x30 ? quietly(() => nameText(parseCertificate(field).subject)) : undefined;
  return subject === undefined ? shown : { ...shown, Keyring: name, CertificateSubject: subject };
}
