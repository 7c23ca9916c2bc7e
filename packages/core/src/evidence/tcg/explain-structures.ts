/** What a TPM writes, for people: statements, signatures, public areas, field by field with their meanings. */
import { type AnyLayout, type Bytes, decode, hex, type Layout } from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import { type Explanation, type Look, lookThrough, type Part, row, valueText } from '../explanation.ts';
import { algorithmName, attributeNames, bankOf } from './algorithms.ts';
import { Attest, attestType, Certify, generated, Quote } from './attest.ts';
import { check } from './checks.ts';
import { explainCertificates } from './describe-certificate.ts';
import { nameOf } from './key.ts';
import { readKeyFile } from './key-file.ts';
import { Public, SizedPublic } from './public.ts';
import { indicesOf, type Selection } from './selection.ts';
import { Signature } from './signature.ts';
import { PlatformClaim } from './wrappers.ts';

type Described = Omit<Explanation, 'length'>;

/** Undefined for anything that no TPM writes, and that is no certificate of one's keys. Logs are explained elsewhere. */
export function explainTpm(file: Bytes): Explanation | undefined {
  const found =
    explainStatement(file) ??
    explainPublic(file) ??
    explainSignature(file) ??
    explainPlatformClaim(file) ??
    explainCertificates(file) ??
    explainKeyFile(file);
  return found && { ...found, length: file.length };
}

const isAt = (file: Bytes, at: number, number: number): boolean =>
  file.length >= at + 4 && new DataView(file.buffer, file.byteOffset).getUint32(at) === number;
/** The number in the first two bytes. */
const first = (file: Bytes): number | undefined =>
  file.length < 2 ? undefined : ((file[0] as number) << 8) | (file[1] as number);

const look = <T>(layout: Layout<T>, file: Bytes, base = 0): Look<T> =>
  lookThrough((trace) => decode(layout, file, trace), base, { meaningOf, plainValue });

function plainValue(path: string, value: unknown): string | undefined {
  if (/magic$|attributes$|^type$/.test(path) && typeof value === 'number') return `0x${value.toString(16)}`;
  if (/firmwareVersion$/.test(path) && typeof value === 'bigint') return value.toString(16).padStart(16, '0');
  return valueText(value);
}

/** Fields that are TPM_ALG_IDs. */
const algorithms = /(^|\.)(type|nameAlg|algorithm|hash|mode|scheme)$/;

const statements: { readonly [type: number]: string } = {
  [attestType.quote]: 'a quote: values of PCRs',
  [attestType.certify]: 'a certification: a key is in the TPM',
  [attestType.creation]: 'a key was made by the TPM',
};

const fixedMeanings: { readonly [field: string]: string } = {
  magic: 'made by a TPM itself',
  qualifiedSigner: 'name of the key that signed, under its parents',
  extraData: 'what the caller asked to be signed along: a challenge',
  'clockInfo.clock': 'milliseconds of power so far',
  'clockInfo.resetCount': 'cold boots and resumes; hidden by a secret of the key unless it is an endorsement key’s',
  'clockInfo.restartCount': 'resumes since; hidden likewise',
  firmwareVersion: 'hidden likewise',
  'attested.pcrDigest': 'hash over the selected values, by the hash of the signature',
  authPolicy: 'what must be fulfilled to use the key',
};

function meaningOf(path: string, value: unknown): string | undefined {
  const fixed = fixedMeanings[path];
  if (fixed !== undefined) return fixed;
  if (path === 'type' && typeof value === 'number' && statements[value] !== undefined) return statements[value];
  if (path.endsWith('attributes') && typeof value === 'number') return attributeNames(value).join(', ');
  if (path.endsWith('clockInfo.safe'))
    return value === 1 ? 'the clock has not gone back' : 'the clock may have gone back';
  if (path.endsWith('exponent') && value === 0) return '65537';
  if (path.endsWith('curve')) return curves[value as number];
  if (path.endsWith('select') && value instanceof Uint8Array)
    return `PCR ${rangesOf(indicesOf({ hash: 0, select: value } satisfies Selection))}`;
  if (algorithms.test(path) && typeof value === 'number') return algorithmName(value);
  return undefined;
}

const curves: { readonly [id: number]: string } = { 3: 'P-256', 4: 'P-384', 5: 'P-521' };

/** `0-7, 11`. */
function rangesOf(indices: readonly number[]): string {
  const out: [number, number][] = [];
  for (const index of indices) {
    const last = out.at(-1);
    if (last && last[1] === index - 1) last[1] = index;
    else out.push([index, index]);
  }
  return out.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}

const checksOf = (...families: readonly string[]): Explanation['checks'] =>
  Object.values(check).filter(({ id }) => families.some((family) => id.startsWith(`tpm.${family}`)));

function described<T>(
  what: string,
  title: string,
  { rows, problem }: Look<T>,
  checks: Explanation['checks'],
): Described {
  return { what, parts: [{ title, rows }], checks, ...(problem !== undefined && { problem }) };
}

/** TPMS_ATTEST, also behind its length (TPM2B_ATTEST). */
function explainStatement(file: Bytes): Described | undefined {
  const isSized = first(file) === file.length - 2 && isAt(file, 2, generated);
  if (!isSized && !isAt(file, 0, generated)) return undefined;
  const [inner, base] = isSized ? [file.subarray(2), 2] : [file, 0];
  const type = first(inner.subarray(4));
  const layout: AnyLayout = type === attestType.quote ? Quote : type === attestType.certify ? Certify : Attest;
  const what =
    type === attestType.quote
      ? 'a quote (TPMS_ATTEST)'
      : type === attestType.certify
        ? 'a certification of a key (TPMS_ATTEST)'
        : 'a statement of a TPM (TPMS_ATTEST)';
  const families = type === attestType.certify ? 'key.certify' : 'quote.';
  return described(what, 'statement', look(layout, inner, base), checksOf(families));
}

const keyTypes: ReadonlySet<number | undefined> = new Set([0x0001, 0x0008, 0x0023, 0x0025]);

/** TPMT_PUBLIC, also behind its length (TPM2B_PUBLIC). Few bytes tell it apart, so all of it must read. */
function explainPublic(file: Bytes): Described | undefined {
  const isSized = first(file) === file.length - 2 && keyTypes.has(first(file.subarray(2)));
  if (!isSized && !keyTypes.has(first(file))) return undefined;
  const seen = look(isSized ? SizedPublic : Public, file);
  if (!seen.value) return undefined;
  return areaDescribed(isSized ? 'TPM2B_PUBLIC' : 'TPMT_PUBLIC', seen, isSized ? file.subarray(2) : file);
}

function areaDescribed(structure: string, seen: Look<Public>, area: Bytes): Described {
  const attributes = seen.value ? attributeNames(seen.value.attributes) : [];
  const has = (name: (typeof attributes)[number]): boolean => attributes.includes(name);
  const use = has('sign')
    ? has('restricted')
      ? 'an attestation key'
      : 'a signing key'
    : has('decrypt') && has('restricted')
      ? 'a storage or endorsement key'
      : 'a key';
  const canBeNamed = seen.value !== undefined && bankOf(seen.value.nameAlg) !== undefined;
  const name: readonly Part[] = canBeNamed
    ? [{ title: 'derived', rows: [row('name', hex(nameOf(area)), 'by which the TPM knows the key')] }]
    : [];
  return {
    what: `public area of ${use} (${structure})`,
    parts: [{ title: 'public area', rows: seen.rows }, ...name],
    checks: checksOf('key.certify'),
  };
}

const schemes: ReadonlySet<number | undefined> = new Set([0x0014, 0x0016, 0x0018, 0x001b, 0x001c]);

function explainSignature(file: Bytes): Described | undefined {
  if (!schemes.has(first(file))) return undefined;
  const seen = look(Signature, file);
  return (
    seen.value && described('a signature of a TPM (TPMT_SIGNATURE)', 'signature', seen, checksOf('quote.signature'))
  );
}

/** `TPLA`. */
function explainPlatformClaim(file: Bytes): Described | undefined {
  if (!isAt(file, 0, 0x54504c41)) return undefined;
  const seen = look(PlatformClaim, file);
  const claim = seen.value;
  const quote = claim && explainStatement(claim.quote);
  const problem = seen.problem ?? quote?.problem;
  return {
    what: 'a platform claim of Windows: a quote with its values (TPLA)',
    parts: [{ title: 'claim', rows: seen.rows }, ...(quote?.parts ?? [])],
    checks: checksOf('quote.'),
    ...(problem !== undefined && { problem }),
  };
}

/** A key that only its TPM can load, in PEM. */
function explainKeyFile(file: Bytes): Described | undefined {
  try {
    const parts = file.includes(0) ? undefined : readKeyFile(file);
    if (!parts) return undefined;
    const found = areaDescribed('TSS2 PRIVATE KEY', look(Public, parts.public), parts.public);
    return { ...found, what: found.what.replace('public area of', 'file of') };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { what: 'file of a TPM’s key (TSS2 PRIVATE KEY)', parts: [], checks: [], problem: error.message };
  }
}
