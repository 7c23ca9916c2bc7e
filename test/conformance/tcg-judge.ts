/** Compares one entry of the TPM vectors with what the product makes of it. Each function returns what differs. */
import { gunzipSync } from 'node:zlib';
import { type Bytes, decode, equal, fromBase64, fromHex, hex } from '@assay/core/bytes';
import { importSpki } from '@assay/core/crypto';
import { parseCertificate, pemBlocks, sameName } from '@assay/core/pki';
import {
  type Bank,
  bankOf,
  banksOf,
  bootOf,
  Certify,
  coverIma,
  type EventLog,
  explain,
  isBootAggregateRight,
  isReset,
  isTemplateHashRight,
  isTrustPointReached,
  nameOf,
  type PcrValues,
  Public,
  parseIma,
  parseLog,
  pcrsProblem,
  publicKeyOf,
  Quote,
  type Replay,
  replay,
  Signature,
  secureBootOf,
  selectedPcrs,
  signatureProblem,
  trustPoints,
} from '@assay/core/tpm';
import type { Folder } from '../setup/vectors.ts';

type Banks = Record<string, Record<string, string>>;

export interface LogEntry {
  readonly id: string;
  readonly file: string;
  readonly kind: EventLog['kind'];
  readonly format: string;
  readonly algorithms: readonly string[];
  readonly events: number;
  readonly paddingBytes: number;
  readonly startupLocality?: readonly number[];
  readonly pcrs?: Banks;
  readonly registers?: Banks;
  readonly actualDiffers?: Banks;
  readonly trustPointQuotes?: { readonly pcrDigestReachedByReplay: boolean };
  readonly secureBoot?: SecureBootEntry;
}

interface SecureBootEntry {
  readonly bank: Bank;
  readonly determined: boolean;
  readonly on: boolean | null;
  readonly debugger: boolean;
  readonly exitBootServicesMeasured: boolean;
  readonly otherActions: readonly string[];
  readonly dmaProtectionDisabled: boolean;
  readonly variables: readonly string[];
  readonly authoritiesBefore: number;
  readonly authoritiesAfter: number;
}

export interface QuoteEntry {
  readonly id: string;
  readonly attest: string;
  readonly signature: string;
  readonly selection: readonly (readonly [string, readonly number[]])[];
  readonly extraData: string;
  readonly clock: number;
  readonly resetCount: number;
  readonly restartCount: number;
  readonly safe: number;
  readonly firmwareVersion: string;
  readonly akPem?: string;
  readonly akPublic?: string;
  readonly akName?: string;
  readonly pcrs?: string;
  readonly pcrDigestValid?: boolean | null;
  readonly logs?: readonly string[];
}

export interface CertifyEntry {
  readonly id: string;
  readonly attest: string;
  readonly signatureRaw: string;
  readonly scheme: string;
  readonly public: string;
  readonly aikChain: readonly [string, string];
  readonly name: string;
  readonly attributes: string;
  readonly extraData: string;
}

export interface ImaVector {
  readonly id: string;
  readonly file: string;
  readonly form: string;
  readonly entries: number;
  readonly violations: number;
  readonly replay: Record<string, Record<Bank, string>>;
  readonly protocol?: string;
}

export interface LabMachine {
  readonly name: string;
  readonly log: string;
  readonly ima: string;
  readonly evidence: string;
  readonly replayEqualsQuote: readonly number[];
  readonly secureBoot: { readonly determined: boolean; readonly on?: boolean };
  readonly imaRecords: number;
  readonly imaCoveredByQuote: number;
  readonly imaViolations: number;
}

/** Names of what differs. */
function differences(pairs: readonly (readonly [what: string, found: unknown, wanted: unknown])[]): readonly string[] {
  return pairs
    .filter(([, found, wanted]) => JSON.stringify(found) !== JSON.stringify(wanted))
    .map(([what, found, wanted]) => `${what}: ${JSON.stringify(found)}, expected ${JSON.stringify(wanted)}`);
}

const finals = ({ registers }: Replay): Record<string, string> =>
  Object.fromEntries([...registers.values()].map((one) => [one.index, hex(one.values.at(-1) as Bytes)]));
const sorted = (values: Record<string, string> | undefined): unknown => Object.entries(values ?? {}).sort();

/** Layout, replay of every bank, and values that the machine had although its log does not reach them. */
export function logProblems(folder: Folder, entry: LogEntry): readonly string[] {
  const log = parseLog(folder.bytes(entry.file), entry.kind);
  const wanted = entry.pcrs ?? entry.registers;
  return differences([
    ['format', log.format, entry.format],
    ['events', log.events.length, entry.events],
    ['padding', log.padding, entry.paddingBytes],
    ...banksOf(log).flatMap((bank) => {
      const found = replay(bank, log);
      const reached = Object.entries(entry.actualDiffers?.[bank] ?? {}).filter(([index, value]) =>
        ['explained', 'reset'].includes(explain(found, Number(index), fromHex(value)).is),
      );
      return [
        [bank, sorted(finals(found)), sorted(wanted?.[bank])] as const,
        [`${bank}: explained although it must not be`, reached, []] as const,
        ...(entry.startupLocality ? [['locality', found.locality.value, entry.startupLocality[0]] as const] : []),
      ];
    }),
  ]);
}

export function secureBootProblems(folder: Folder, entry: LogEntry): readonly string[] {
  const { secureBoot: wanted } = entry;
  if (!wanted) return [];
  const told = replay(wanted.bank, parseLog(folder.bytes(entry.file)));
  const found = secureBootOf(told, true);
  const before = found.authorities.filter((one) => one.before).length;
  return differences([
    ['determined', found.determined, wanted.determined],
    ['on', found.determined ? found.on : null, wanted.on],
    ['debugger', found.debugger, wanted.debugger],
    ['handed over', bootOf(told, new Set(told.registers.keys())).handedOver, wanted.exitBootServicesMeasured],
    ['actions', found.otherActions, wanted.otherActions],
    ['DMA protection disabled', found.dmaProtectionDisabled, wanted.dmaProtectionDisabled],
    ['variables', [...found.variables.keys()].sort(), wanted.variables],
    ['authorities before', before, wanted.authoritiesBefore],
    ['authorities after', found.authorities.length - before, wanted.authoritiesAfter],
  ]);
}

export function trustPointProblems(folder: Folder, entry: LogEntry): readonly string[] {
  const log = parseLog(folder.bytes(entry.file));
  const points = trustPoints(log);
  const reached = points.map((point) => {
    const bank = bankOf(point.quote.attested.selection[0]?.hash ?? 0);
    return bank !== undefined && isTrustPointReached(point, replay(bank, log));
  });
  return differences([['reached', reached, [entry.trustPointQuotes?.pcrDigestReachedByReplay]]]);
}

/** Only the selected values: some sources hold more. */
function selectedValues(folder: Folder, entry: QuoteEntry): PcrValues {
  const all = folder.json(entry.pcrs as string) as Banks;
  return new Map(
    entry.selection.map(([bank, indices]) => [
      bank,
      new Map(indices.map((index) => [index, fromHex(all[bank]?.[index] as string)])),
    ]),
  );
}

export function quoteProblems(folder: Folder, entry: QuoteEntry): readonly string[] {
  const raw = folder.bytes(entry.attest);
  const { extraData, clockInfo, firmwareVersion, ...quote } = decode(Quote, raw);
  const signature = decode(Signature, folder.bytes(entry.signature));
  const [spki] = entry.akPem ? pemBlocks(folder.bytes(entry.akPem), 'PUBLIC KEY', 1) : [];
  const area = entry.akPublic && folder.bytes(entry.akPublic);
  const pairs = entry.selection.flatMap(([bank, indices]) => indices.map((index) => ({ bank, index })));
  const hash = bankOf(signature.value.hash) as Bank;
  const values = entry.pcrDigestValid ? selectedValues(folder, entry) : undefined;
  return differences([
    ['selection', selectedPcrs(quote.attested.selection), pairs],
    ['extra data', hex(extraData), entry.extraData],
    ['clock', Number(clockInfo.clock), entry.clock],
    [
      'counts',
      [clockInfo.resetCount, clockInfo.restartCount, clockInfo.safe],
      [entry.resetCount, entry.restartCount, entry.safe],
    ],
    ['firmware', firmwareVersion.toString(16).padStart(16, '0'), entry.firmwareVersion],
    ['signature', spki && signatureProblem(signature, importSpki(spki), raw), undefined],
    ['name', area && hex(nameOf(area)), entry.akName],
    ['key', area && hex(publicKeyOf(decode(Public, area)).spki), area && spki && hex(spki)],
    ['values', values && pcrsProblem({ ...quote, extraData, clockInfo, firmwareVersion }, values, hash), undefined],
  ]);
}

/** How each quoted value relates to the logs of its capture, as text: `sha256 12 unexplained`. */
export function unexplained(folder: Folder, entry: QuoteEntry, log: LogEntry): readonly string[] {
  const parsed = parseLog(folder.bytes(log.file));
  const out: string[] = [];
  for (const [bank, values] of selectedValues(folder, entry)) {
    const told = replay(bank as Bank, parsed);
    for (const [index, value] of values) {
      const { is } = explain(told, index, value);
      if (is !== 'explained' && is !== 'reset') out.push(`${bank} ${index} ${is}`);
    }
  }
  return out;
}

export function certifyProblems(folder: Folder, entry: CertifyEntry): readonly string[] {
  const raw = folder.bytes(entry.attest);
  const { extraData, attested } = decode(Certify, raw);
  const area = folder.bytes(entry.public);
  const [leaf, intermediate] = entry.aikChain.map((file) => parseCertificate(folder.bytes(file)));
  const hash = entry.scheme === 'RSASSA/sha1' ? 4 : 11;
  const signature = { scheme: 0x14, value: { hash, signature: folder.bytes(entry.signatureRaw) } };
  const decoded = decode(Public, area);
  publicKeyOf(decoded);
  return differences([
    ['signature', leaf && signatureProblem(signature, leaf.key(), raw), undefined],
    ['issuer', leaf && intermediate && sameName(leaf.issuer, intermediate.subject), true],
    ['name', hex(nameOf(area)), entry.name],
    ['certified name', hex(attested.name), entry.name],
    ['extra data', hex(extraData), entry.extraData],
    ['attributes', decoded.attributes, Number(entry.attributes)],
  ]);
}

const noLog: EventLog = {
  kind: 'tcg',
  format: 'agile',
  algorithms: [],
  specification: undefined,
  events: [],
  padding: 0,
};

export const imaBytes = (folder: Folder, file: string): Bytes =>
  file.endsWith('.gz') ? new Uint8Array(gunzipSync(folder.bytes(file))) : folder.bytes(file);

export function imaProblems(folder: Folder, entry: ImaVector): readonly string[] {
  const entries = parseIma(imaBytes(folder, entry.file));
  return differences([
    ['entries', entries.length, entry.entries],
    ['violations', entries.filter((one) => one.isViolation).length, entry.violations],
    ['template hashes', entries.every(isTemplateHashRight), true],
    ...Object.entries(entry.replay).flatMap(([pcr, banks]) =>
      Object.entries(banks).map(([bank, value]) => {
        const quoted = new Map([[Number(pcr), fromHex(value)]]);
        const covered = coverIma(entries, replay(bank as Bank, noLog), quoted)?.covered.length;
        return [`PCR ${pcr} ${bank}`, covered, entries.length] as const;
      }),
    ),
  ]);
}

/** A whole machine: quote, log, Secure Boot, IMA list, aggregate, endorsement key. */
export function labProblems(folder: Folder, machine: LabMachine): readonly string[] {
  const { quote: given, akPub, ekPub, ekCert } = folder.json(machine.evidence);
  const [attest, area] = [fromBase64(given.attest), fromBase64(akPub)];
  const quote = decode(Quote, attest);
  const values = new Map((given.pcrs as [number, string][]).map(([index, value]) => [index, fromHex(value)]));
  const told = replay('sha256', parseLog(folder.bytes(machine.log)));
  const explained = [...values].filter(([index, value]) => explain(told, index, value).is === 'explained');
  const secureBoot = secureBootOf(told, true);
  const entries = parseIma(folder.bytes(machine.ima));
  const ima = coverIma(entries, told, values);
  const certificate = parseCertificate(fromBase64(ekCert));
  return differences([
    [
      'signature',
      signatureProblem(decode(Signature, fromBase64(given.sig)), publicKeyOf(decode(Public, area)), attest),
      undefined,
    ],
    ['values', pcrsProblem(quote, new Map([['sha256', values]]), 'sha256'), undefined],
    ['nonce', equal(quote.extraData, fromBase64(given.nonce)), true],
    ['explained', explained.map(([index]) => index), machine.replayEqualsQuote],
    ['determined', secureBoot.determined, machine.secureBoot.determined],
    ['on', secureBoot.on, machine.secureBoot.on ?? false],
    ['IMA entries', entries.length, machine.imaRecords],
    ['covered', ima?.covered.length, machine.imaCoveredByQuote],
    ['violations', ima?.covered.filter((one) => one.isViolation).length, machine.imaViolations],
    ['aggregate', isBootAggregateRight(entries[0], 'sha256', values), true],
    ['endorsement key', hex(publicKeyOf(decode(Public, fromBase64(ekPub))).spki), hex(certificate.spki)],
    ['PCR 23', isReset(23, values.get(23) ?? new Uint8Array(32)), true],
  ]);
}
