/**
 * Describes for people what a file of Intel's world is: evidence field by field with offsets and meanings, certificates,
 * and what a verifier will ask. Pure data; nothing is verified, and what cannot be read whole is shown as far as it goes.
 */
import type { Check } from '../../appraisal.ts';
import { type Bytes, decode, equal, type Field, hex, type Layout } from '../../bytes/index.ts';
import { sha256 } from '../../crypto/index.ts';
import { Malformed } from '../../errors.ts';
import { parseCertificate, pemBlocks } from '../../pki/index.ts';
import { type Explanation, type Look, lookThrough, type Part, type Row, valueText } from '../explanation.ts';
import { PpidCertification } from './certification.ts';
import { check } from './checks.ts';
import { describeCertificate, describeCollateral } from './describe.ts';
import { meaningOf } from './meaning.ts';
import { OeEvidence, oeFormat, readCustomClaims, uuidText } from './oe-evidence.ts';
import { decodeQuote, type Quote, QuoteLayout } from './quote.ts';
import { recognise } from './recognise.ts';
import { OeReport } from './report.ts';

/** Undefined for anything that is neither Intel's evidence nor its collateral. */
export function explainIntel(file: Bytes): Explanation | undefined {
  const head = startOf(file);
  if (head === 'quote') return explainQuote(file);
  if (head === 'report') return explainReport(file);
  if (head === 'evidence') return explainEvidence(file);
  const found = recognise(file);
  return found && { length: file.length, ...describeCollateral(file, found) };
}

/** Told by the first bytes alone, so that a damaged file is still explained as what it was. */
function startOf(file: Bytes): 'quote' | 'report' | 'evidence' | undefined {
  const [a = 0, b = 0, c = 0, d = 0] = file;
  if (file.length < 8 || b !== 0) return undefined;
  if ((a === 3 || a === 4 || a === 5) && c === 2 && d === 0) return 'quote';
  if (a === 1 && c === 0 && d === 0) return 'report';
  return (a === 2 || a === 3) && c === 0 && d === 0 ? 'evidence' : undefined;
}

const look = <T>(read: (trace: Field[]) => T, base: number, under: string): Look<T> =>
  lookThrough(read, base, { under, meaningOf, plainValue });
const lookAt = <T>(layout: Layout<T>, input: Bytes, base: number, under = ''): Look<T> =>
  look((trace) => decode(layout, input, trace), base, under);

function plainValue(path: string, value: unknown): string | undefined {
  if (typeof value === 'number' && path.endsWith('teeType')) return `0x${value.toString(16).padStart(8, '0')}`;
  return valueText(value);
}

const teeName = { sgx: 'SGX', tdx: 'TDX' } as const;
const quoteName = ({ version, body }: Quote): string => `${teeName[body.tee]} quote, version ${version}`;

/** All that is asked of a quote, by what it is of. */
const checksOf = (tee: 'sgx' | 'tdx' | undefined, wrapped: boolean): readonly Check[] =>
  Object.values(check).filter(
    ({ id }) => (wrapped || !id.startsWith('intel.oe.')) && (tee === 'tdx' || !id.startsWith('intel.tdx.')),
  );

/** A quote, wherever it stands in the file. */
function lookAtQuote(bytes: Bytes, base: number, under: string): Look<Quote> & { readonly chain: readonly Part[] } {
  const seen = look((trace) => decodeQuote(bytes, trace), base, under);
  return { ...seen, chain: seen.value ? certificationOf(seen.value) : [] };
}

function explainQuote(file: Bytes): Explanation {
  const { rows, value, problem, chain } = lookAtQuote(file, 0, '');
  return {
    what: value ? quoteName(value) : 'a quote',
    length: file.length,
    parts: [{ title: 'quote', rows }, ...chain],
    checks: checksOf(value?.body.tee, false),
    ...(problem !== undefined && { problem }),
  };
}

function explainReport(file: Bytes): Explanation {
  const wrapper = lookAt(OeReport, file, 0);
  const quote = wrapper.value && lookAtQuote(wrapper.value.quote, file.length - wrapper.value.quote.length, 'quote.');
  const problem = wrapper.problem ?? quote?.problem;
  return {
    what: `OpenEnclave report${quote?.value ? ` with ${quoteName(quote.value)}` : ''}`,
    length: file.length,
    parts: [
      { title: 'report', rows: [...withMeanings(wrapper.rows, reportMeanings), ...(quote?.rows ?? [])] },
      ...(quote?.chain ?? []),
    ],
    checks: checksOf(quote?.value?.body.tee, true),
    ...(problem !== undefined && { problem }),
  };
}

const reportMeanings = { type: 'remote: can be verified elsewhere', quote: 'what the report carries' };
const withMeanings = (
  rows: readonly Row[],
  meanings: { readonly [path: string]: string | undefined },
): readonly Row[] =>
  rows.map((row) => {
    const meaning = meanings[row.path];
    // What is read once more field by field is not shown as one long value.
    const { value: _, ...group } = row;
    return meaning === undefined ? row : { ...(row.path === 'quote' || row.path === 'data' ? group : row), meaning };
  });

/** Evidence of OpenEnclave: no attestation type takes it, so what is inside is what can be verified. */
function explainEvidence(file: Bytes): Explanation {
  const wrapper = lookAt(OeEvidence, file, 0);
  if (!wrapper.value)
    return {
      what: 'OpenEnclave evidence',
      length: file.length,
      parts: [{ title: 'evidence', rows: wrapper.rows }],
      checks: [],
      ...(wrapper.problem !== undefined && { problem: wrapper.problem }),
    };
  const { version, format, data } = wrapper.value;
  const known = oeFormat({ format });
  const base = file.length - data.length;
  const rows = withMeanings(wrapper.rows, {
    version: version === 2 ? 'legacy: a report header stands before the quote' : undefined,
    format: `${uuidText(format)}: ${known ? `${known.name}, ${known.meaning}` : 'not known here'}`,
    data: known?.meaning ?? 'not known here',
  });
  const what = `OpenEnclave evidence, version ${version}${known ? `, format ${known.name}` : ''}`;
  if (!known || known.holds === 'other')
    return { what, length: file.length, parts: [{ title: 'evidence', rows }], checks: [] };

  const isReport = version === 2 || known.holds === 'report';
  const report = isReport ? lookAt(OeReport, wholeReport(data), base, 'data.') : undefined;
  const [inner, at] = isReport ? [data.subarray(16), base + 16] : [data, base];
  const quote = lookAtQuote(inner, at, 'data.quote.');
  const claims = known.holds === 'quote and claims' && quote.value ? customClaims(inner, quote.value, at) : undefined;
  const problem = report?.problem ?? quote.problem;
  return {
    what: `${what}${quote.value ? `, with ${quoteName(quote.value)}` : ''}`,
    length: file.length,
    parts: [
      {
        title: 'evidence',
        rows: [...rows, ...(report?.rows.filter(({ path }) => path !== 'data.quote') ?? []), ...quote.rows],
      },
      ...(claims ? [claims] : []),
      ...quote.chain,
    ],
    checks: checksOf(quote.value?.body.tee, false),
    ...(problem !== undefined && { problem }),
  };
}

/** A report header counts its quote, but not the claims that legacy evidence has behind it. */
const wholeReport = (data: Bytes): Bytes => {
  const size = data.length >= 16 ? new DataView(data.buffer, data.byteOffset).getUint32(8, true) : 0;
  return data.subarray(0, Math.min(data.length, 16 + size));
};

function customClaims(inner: Bytes, quote: Quote, base: number): Part {
  const { padding: buffer } = decode(QuoteLayout, inner);
  const at = base + inner.length - buffer.length;
  const bound = equal(sha256(buffer), quote.body.report.reportData.subarray(0, 32));
  const meaning = bound ? 'bound by the report data' : 'not bound: the report data are not its SHA-256';
  const whole: Row = { path: 'claims', offset: at, length: buffer.length, meaning };
  const title = 'custom claims';
  if (buffer.length === 0)
    return { title, rows: [{ ...whole, meaning: bound ? 'none, as the report data say' : 'none' }] };
  const { value: claims, problem } = look(() => readCustomClaims(buffer), at, 'claims.');
  // An enclave may bind any bytes; only OpenEnclave's own form has names.
  if (!claims)
    return {
      title,
      rows: [
        { ...whole, value: hex(buffer) },
        { path: 'form', meaning: `not OpenEnclave’s own: ${problem}` },
      ],
    };
  const rows = claims.map(({ name, value }, i): Row => {
    return { path: `claims.${i}`, length: value.length, value: hex(value), meaning: printable(name) };
  });
  return { title, rows: [whole, ...rows] };
}

const printable = (name: Bytes): string =>
  Array.from(name, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : byte === 0 ? '' : '?')).join('');

/** The certificates that a quote carries, or what it names its own by. */
function certificationOf({ certification: { type, data } }: Quote): readonly Part[] {
  if (type <= 3) {
    const seen = lookAt(PpidCertification(type), data, 0, 'certification.');
    return [
      {
        title: 'certification data',
        rows: seen.problem === undefined ? seen.rows : [{ path: 'certification', meaning: seen.problem }],
      },
    ];
  }
  try {
    const ders = pemBlocks(data, 'CERTIFICATE', 8);
    return ders.map((der, i) => describeCertificate(parseCertificate(der), `certificate ${i + 1} of ${ders.length}`));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return [{ title: 'certificates', rows: [{ path: 'certification', meaning: `cannot be read: ${error.message}` }] }];
  }
}
