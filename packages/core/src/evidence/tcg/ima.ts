/**
 * Measurements of files by a running Linux kernel: the binary list of its Integrity Measurement Architecture, in the
 * machine's (little) byte order. Digests reach PCR 10 mostly; only entries that the quote covers are facts.
 */
import {
  type Bytes,
  bytes,
  Cursor,
  concat,
  equal,
  isZero,
  type Layout,
  rest,
  sized,
  struct,
  u32le,
} from '../../bytes/index.ts';
import { digest } from '../../crypto/index.ts';
import { Malformed } from '../../errors.ts';
import type { Bank } from './algorithms.ts';
import { checked } from './fields.ts';
import { extended, type Replay, type Step } from './replay.ts';

/** What a list may cost. A server after months of work has some 16,000 entries. */
export const imaLimits = { entries: 100_000, name: 4096, data: 1_048_576 } as const;

export interface ImaEntry {
  readonly seq: number;
  readonly pcr: number;
  /** SHA-1 over the template's data; zeros for a violation. */
  readonly templateHash: Bytes;
  readonly template: string;
  /** What the kernel hashes: the fields, or for `ima` the digest and the padded name. */
  readonly templateData: Bytes;
  readonly fileName: string;
  /** Of the file: the algorithm's name and the digest. */
  readonly fileHash: { readonly algorithm: string; readonly digest: Bytes } | undefined;
  /** Fields after digest and name: a signature, a buffer, … */
  readonly more: readonly Bytes[];
  /** The file was open for writing while it was read: its digest says nothing. */
  readonly isViolation: boolean;
  readonly offset: number;
}

const upTo = (most: number): Layout<Bytes> =>
  checked(sized(u32le, rest), (value) =>
    value.length > most ? `is ${value.length} bytes, at most ${most}` : undefined,
  );

const Start = struct({ pcr: u32le, templateHash: bytes(20), template: upTo(64) });
const OldBody = struct({ digest: bytes(20), name: upTo(imaLimits.name) });
const NewBody = struct({ data: upTo(imaLimits.data) });
const Field = upTo(imaLimits.data);

/** Bytes of a name in the oldest template, padded with zeros. */
const paddedName = 256;

/**
 * Reads a list to its end.
 * @throws {Malformed} naming the entry and the byte
 */
export function parseIma(input: Bytes): readonly ImaEntry[] {
  const { entries, problem } = readIma(input);
  if (problem) throw problem;
  return entries;
}

/** Reads a list as far as it goes: for tools, since copies of lists are cut, and end in bytes of others (quirk F11). */
export function readIma(input: Bytes): { readonly entries: readonly ImaEntry[]; readonly problem?: Malformed } {
  const from = new Cursor(input);
  const entries: ImaEntry[] = [];
  try {
    while (from.left > 0) {
      if (entries.length >= imaLimits.entries) from.fail(`more than ${imaLimits.entries} entries`);
      from.path = ['ima', String(entries.length)];
      entries.push(entry(from, entries.length));
    }
    return { entries };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { entries, problem: error };
  }
}

function entry(from: Cursor, seq: number): ImaEntry {
  const offset = from.at;
  const { pcr, templateHash, template: name } = Start.read(from);
  // Firmware's PCRs are out of the kernel's reach, those of a DRTM out of IMA's.
  if (pcr < 8 || pcr > 16) from.fail(`is for PCR ${pcr}, expected 8 to 16`, offset);
  const template = plain(name);
  const common = { seq, pcr, templateHash, template, offset, isViolation: isZero(templateHash) };
  if (template === 'ima') {
    const body = OldBody.read(from);
    if (body.name.length > paddedName - 1) from.fail(`has a name of ${body.name.length} bytes, at most 255`, offset);
    const padding = new Uint8Array(paddedName - body.name.length);
    const fileHash = { algorithm: 'sha1', digest: body.digest };
    return {
      ...common,
      templateData: concat(body.digest, body.name, padding),
      fileName: plain(body.name),
      fileHash,
      more: [],
    };
  }
  const dataAt = from.at + 4;
  const { data } = NewBody.read(from);
  const fields = fieldsOf(data, dataAt, from.path);
  const [hash, fileName, ...more] = fields;
  if (!hash || !fileName) return from.fail(`has ${fields.length} fields, at least a digest and a name`, offset);
  if (fileName.length > imaLimits.name + 1)
    from.fail(`has a name of ${fileName.length} bytes, at most ${imaLimits.name}`, offset);
  return {
    ...common,
    templateData: data,
    fileName: plain(fileName[fileName.length - 1] === 0 ? fileName.subarray(0, -1) : fileName),
    fileHash: fileHashOf(hash),
    more,
  };
}

function fieldsOf(data: Bytes, at: number, path: readonly string[]): readonly Bytes[] {
  const from = new Cursor(data);
  const fields: Bytes[] = [];
  try {
    while (from.left > 0) fields.push(Field.read(from));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Malformed([...path, String(fields.length)].join('.'), at + (error.offset ?? 0), error.problem);
  }
  return fields;
}

/** `sha256:` zero digest; newer templates put a type in front (`ima:sha256:` or `verity:sha256:`). */
function fileHashOf(field: Bytes): ImaEntry['fileHash'] {
  const zero = field.indexOf(0);
  if (zero < 1 || field[zero - 1] !== 0x3a) return undefined;
  return { algorithm: plain(field.subarray(0, zero - 1)), digest: field.subarray(zero + 1) };
}

const lenient = new TextDecoder('utf-8', { ignoreBOM: true });
/** Names are any bytes but zero: what is not UTF-8 becomes U+FFFD. */
const plain = (input: Bytes): string => lenient.decode(input);

/** Whether the template hash is that of the data. A violation has none. */
export const isTemplateHashRight = ({ isViolation, templateHash, templateData }: ImaEntry): boolean =>
  isViolation || equal(digest('sha1', templateData), templateHash);

/** How a kernel extends other banks than SHA-1: by a hash of their own, or (before 5.8) by SHA-1 and zeros. */
export type ImaExtension = 'own' | 'padded';

/** What one entry extends a bank by. Violations extend ones. */
export function imaDigest(one: ImaEntry, bank: Bank, how: ImaExtension): Bytes {
  const size = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }[bank];
  if (one.isViolation) return new Uint8Array(size).fill(0xff);
  if (how === 'own' && bank !== 'sha1') return digest(bank, one.templateData);
  return concat(one.templateHash, new Uint8Array(size - one.templateHash.length));
}

export interface ImaCoverage {
  /** The entries that the quote covers. */
  readonly covered: readonly ImaEntry[];
  /** Entries after them: measured after the quote. */
  readonly dropped: number;
  readonly how: ImaExtension;
  /** Whether the first of them is the aggregate of the quoted PCRs that firmware left; undefined where nobody can say. */
  readonly aggregate: boolean | undefined;
  /** What the logs and the covered entries tell together. */
  readonly replay: Replay;
}

/**
 * The shortest beginning of a list at which every PCR that the list extends has its quoted value. Undefined where there is
 * none, such a PCR is not quoted, or an entry's template hash is not that of its data.
 * @param base what the logs before the list tell
 * @param quoted values of the replay's bank
 */
export function coverIma(
  entries: readonly ImaEntry[],
  base: Replay,
  quoted: ReadonlyMap<number, Bytes>,
): ImaCoverage | undefined {
  const ways: readonly ImaExtension[] = base.bank === 'sha1' ? ['own'] : ['own', 'padded'];
  for (const how of ways) {
    const steps = entries.map((one): Step => ({ digest: imaDigest(one, base.bank, how) }));
    const count = prefixLength(entries, steps, base, quoted);
    if (count === undefined || !entries.slice(0, count).every(isTemplateHashRight)) continue;
    const more = new Map<number, Step[]>();
    for (const [i, { pcr }] of entries.slice(0, count).entries()) {
      const list = more.get(pcr) ?? [];
      list.push(steps[i] as Step);
      more.set(pcr, list);
    }
    const covered = entries.slice(0, count);
    const aggregate = isBootAggregateRight(covered[0], base.bank, quoted);
    return { covered, dropped: entries.length - count, how, aggregate, replay: extended(base, more) };
  }
  return undefined;
}

function prefixLength(
  entries: readonly ImaEntry[],
  steps: readonly Step[],
  { bank, registers }: Replay,
  quoted: ReadonlyMap<number, Bytes>,
): number | undefined {
  const values = new Map<number, Bytes>();
  const equalNow = new Set<number>();
  const set = (pcr: number, value: Bytes): void => {
    values.set(pcr, value);
    const want = quoted.get(pcr);
    if (want && equal(want, value)) equalNow.add(pcr);
    else equalNow.delete(pcr);
  };
  for (const { pcr } of entries)
    if (!values.has(pcr)) set(pcr, registers.get(pcr)?.values.at(-1) ?? new Uint8Array(digest(bank).length));
  for (let count = 0; ; count++) {
    if (equalNow.size === values.size) return count;
    const one = entries[count];
    if (!one) return undefined;
    set(one.pcr, digest(bank, values.get(one.pcr) as Bytes, (steps[count] as Step).digest));
  }
}

/**
 * Whether the first entry is the aggregate of the PCRs that firmware left, which ties a list to its boot.
 * @param values of one bank; SHA-1 covers PCR 0 to 7, stronger hashes 0 to 9
 * @returns undefined where the list has no aggregate, or a PCR is missing
 */
export function isBootAggregateRight(
  first: ImaEntry | undefined,
  bank: Bank,
  values: ReadonlyMap<number, Bytes>,
): boolean | undefined {
  if (first?.fileName !== 'boot_aggregate' || !first.fileHash) return undefined;
  const parts = Array.from({ length: bank === 'sha1' ? 8 : 10 }, (_, index) => values.get(index));
  if (first.fileHash.algorithm.split(':').at(-1) !== bank || !parts.every((part) => part !== undefined))
    return undefined;
  return equal(digest(bank, ...parts), first.fileHash.digest);
}
