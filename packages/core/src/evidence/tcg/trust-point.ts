/**
 * Quotes that Windows itself puts at the end of its log, once per attestation key: a second witness for the log. They are
 * no answer to a challenge, and nothing measures them (quirk F17).
 */
import { type Bytes, decode, equal } from '../../bytes/index.ts';
import { digest } from '../../crypto/index.ts';
import { algorithm, bankOf, hashes } from './algorithms.ts';
import { Quote } from './attest.ts';
import { utf16Trimmed } from './efi.ts';
import { eventType } from './event-types.ts';
import type { EventLog } from './log.ts';
import { selectedPcrs } from './pcrs.ts';
import type { Replay } from './replay.ts';
import type { Signature } from './signature.ts';
import { recordsIn, type WbclRecord } from './wbcl.ts';

export interface TrustPoint {
  readonly keyName: string;
  /** SHA-1 over the modulus of the key. */
  readonly keyDigest: Bytes;
  /** TPMS_ATTEST, as signed. */
  readonly attest: Bytes;
  readonly quote: Quote;
  readonly signature: Signature;
}

/** Not measured, and a container. */
const group = 0xc001_0004;
const part = { attest: 0x8008_0001, signature: 0x8008_0002, keyName: 0x8008_0003, keyDigest: 0x8008_0004 } as const;

/** @throws {Malformed} when what stands there does not read */
export function trustPoints(log: EventLog): readonly TrustPoint[] {
  return log.events
    .filter(({ claimedType, pcr }) => claimedType === eventType.noAction && pcr === 0xffff_ffff)
    .flatMap(recordsIn)
    .flatMap(groupsIn);
}

/** Newer systems nest one group for each key inside another. */
function groupsIn(record: WbclRecord): readonly TrustPoint[] {
  if (record.id !== group || !record.inside) return [];
  const find = (id: number): Bytes | undefined => record.inside?.find((one) => one.id === id)?.data;
  const [attest, signature] = [find(part.attest), find(part.signature)];
  const nested = record.inside.flatMap(groupsIn);
  if (!attest || !signature) return nested;
  return [
    ...nested,
    {
      keyName: utf16Trimmed(find(part.keyName) ?? new Uint8Array(0)),
      keyDigest: find(part.keyDigest) ?? new Uint8Array(0),
      attest,
      quote: decode(Quote, attest),
      signature: { scheme: algorithm.rsaSsa, value: { hash: algorithm.sha1, signature } },
    },
  ];
}

/** PCR 17 to 22 are all ones until a DRTM launch. */
const afterReset = (index: number, size: number): Bytes =>
  new Uint8Array(size).fill(index >= 17 && index <= 22 ? 0xff : 0);

/** Whether the log gives the values that its trust point quotes; PCRs without events count as reset. */
export function isTrustPointReached({ quote, signature }: TrustPoint, { bank, registers }: Replay): boolean {
  const values = selectedPcrs(quote.attested.selection).map(({ bank: name, index }) => {
    const size = [...hashes.values()].find((one) => one.name === name)?.size ?? 0;
    return name === bank ? (registers.get(index)?.values.at(-1) ?? afterReset(index, size)) : undefined;
  });
  const hash = bankOf(signature.value.hash);
  return (
    hash !== undefined &&
    values.every((value) => value !== undefined) &&
    equal(digest(hash, ...values), quote.attested.pcrDigest)
  );
}
