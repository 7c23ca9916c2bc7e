/**
 * One quote and the logs beside it, in the order of the checks: the cheap ones on the quote first, by themselves, since
 * nothing of a log is worth reading before them. Shared by all evidence that has a quote of a TPM.
 */
import type { Appraisal } from '../../appraisal.ts';
import { type Bytes, decode, equal } from '../../bytes/index.ts';
import type { PublicKey } from '../../crypto/index.ts';
import { Malformed } from '../../errors.ts';
import { attempt } from '../attempt.ts';
import { type Bank, bankOf, hashes } from './algorithms.ts';
import { Quote } from './attest.ts';
import { bootOf } from './boot.ts';
import { check } from './checks.ts';
import { type EventsView, eventsJson } from './events-claim.ts';
import type { PlatformFacts, QuoteFacts } from './facts.ts';
import { coverIma, type ImaCoverage, isTemplateHashRight, parseIma } from './ima.ts';
import { imaEvents } from './ima-events.ts';
import { type EventLog, parseLog } from './log.ts';
import { pcrsProblem, selectedPcrs } from './pcrs.ts';
import { banksOf, explain, type Replay, replay } from './replay.ts';
import { type ClaimedPlatform, inside } from './request.ts';
import { type LogRules, requireExplained } from './require-explained.ts';
import { type SecureBoot, secureBootOf } from './secure-boot.ts';
import { selectionProblem } from './selection.ts';
import type { TpmSettings } from './settings.ts';
import { Signature } from './signature.ts';
import { isTrustPointReached, trustPoints } from './trust-point.ts';
import { schemeOf, signatureProblem } from './verify-signature.ts';
import { isWindowsReopened, windowsOf } from './windows.ts';

/**
 * Whether the attestation key made the quote, over exactly these values.
 * @param wanted what the quote must carry; undefined for one that was made before there was a challenge
 * @throws {Refusal}
 */
export function verifyQuote(
  { attest, signature: raw, pcrs, path }: ClaimedPlatform,
  key: PublicKey,
  wanted: Bytes | undefined,
  appraisal: Appraisal,
): QuoteFacts {
  const layout = check['tpm.quote.layout'];
  const quote = attempt(appraisal, layout, () => inside(`${path}.quote`, () => decode(Quote, attest)));
  const signature = attempt(appraisal, layout, () => inside(`${path}.signature`, () => decode(Signature, raw)));
  const selection = selectionProblem(quote.attested.selection);
  appraisal.require(layout, selection === undefined, { ...(selection !== undefined && { detail: selection }) });
  const hash = bankOf(signature.value.hash);
  const problem = signatureProblem(signature, key, attest);
  appraisal.require(check['tpm.quote.signature'], problem === undefined && hash !== undefined, {
    observed: schemeOf(signature) ?? 'another scheme',
    ...(problem !== undefined && { detail: `the signature ${problem}`, where: { path: `${path}.signature` } }),
  });
  if (wanted)
    // What it should be is not said: it is made of the challenge.
    appraisal.require(check['tpm.quote.freshness'], equal(quote.extraData, wanted), {
      observed: `${quote.extraData.length} bytes`,
    });
  else appraisal.note(check['tpm.quote.freshness'], 'skipped', { detail: 'it was made before the challenge' });
  const values = pcrsProblem(quote, pcrs, hash);
  appraisal.require(check['tpm.quote.pcrs'], values === undefined, {
    ...(values !== undefined && { detail: `the values ${values}`, where: { path: `${path}.pcrs` } }),
  });
  return { quote, hash, pcrs };
}

/** Strongest first. */
const strength: readonly Bank[] = ['sha512', 'sha384', 'sha256', 'sha1'];

const coversMask = (indices: ReadonlyMap<number, Bytes>, mask: number): boolean =>
  [...Array(24).keys()].every((index) => ((mask >> index) & 1) === 0 || indices.has(index));

/** Quoted banks that are good enough, strongest first. */
export function strongBanks(
  { pcrs, quote }: QuoteFacts,
  { requiredPcrMask, sha1Pcrs }: Pick<TpmSettings, 'requiredPcrMask' | 'sha1Pcrs'>,
): readonly Bank[] {
  const selected = new Set(selectedPcrs(quote.attested.selection).map(({ bank }) => bank));
  return strength.filter((bank) => {
    const values = pcrs.get(bank);
    return values && selected.has(bank) && (bank !== 'sha1' || sha1Pcrs) && coversMask(values, requiredPcrMask);
  });
}

/** The bank to rely on: of those that are good enough the strongest that the logs tell of. */
function relyOn(facts: QuoteFacts, logs: readonly EventLog[], settings: TpmSettings): Bank {
  const told = (bank: Bank): boolean => logs.length > 0 && logs.every((log) => banksOf(log).includes(bank));
  const good = strongBanks(facts, settings);
  const quoted = strength.filter((bank) => facts.pcrs.has(bank));
  // None may be good enough, or none that is computed here: the baseline says so.
  return good.find(told) ?? good[0] ?? quoted.find(told) ?? quoted[0] ?? 'sha256';
}

/**
 * What the logs beside a quote tell.
 * @throws {Refusal}
 */
export function verifyLogs(
  facts: QuoteFacts,
  { logs: claimed, path }: ClaimedPlatform,
  key: PublicKey,
  rules: LogRules,
  appraisal: Appraisal,
): PlatformFacts {
  const { settings } = rules;
  const logs = attempt(appraisal, check['tpm.log.layout'], () =>
    claimed.filter(({ kind }) => kind === 'TCG').map((one) => inside(one.path, () => parseLog(one.log))),
  );
  appraisal.note(check['tpm.log.layout'], true, { observed: `${logs.length} ${logs.length === 1 ? 'log' : 'logs'}` });
  const bank = relyOn(facts, logs, settings);
  const quoted = facts.pcrs.get(bank) ?? new Map<number, Bytes>();
  const firmware = attempt(appraisal, check['tpm.log.layout'], () => inside(path, () => replay(bank, ...logs)));
  const ima = imaOf(claimed, firmware, quoted, appraisal);
  const whole = ima?.replay ?? firmware;
  const explanations = new Map([...quoted].map(([index, value]) => [index, explain(whole, index, value)] as const));
  requireExplained(explanations, { logs, replay: firmware, quoted, ...rules }, appraisal);
  const explained = new Set(
    [...explanations].flatMap(([index, { is }]) => (is === 'explained' || is === 'reset' ? [index] : [])),
  );

  const read = <T>(decodeIt: () => T): T => attempt(appraisal, check['tpm.log.events'], () => inside(path, decodeIt));
  const { events: mode } = settings;
  const provenWindows = read(() => windowsOf(firmware, { pcrs: explained, mode: 'strict' }));
  const windows = mode === 'strict' ? provenWindows : read(() => windowsOf(firmware, { pcrs: explained, mode }));
  const secureBoot = secureBootOf(firmware, explanations.get(7)?.is === 'explained');
  const view: EventsView = {
    bank,
    shown: shownBanks(facts, bank, logs, explained),
    pcrs: explained,
    doubted: doubtedPcrs(firmware, secureBoot),
    mode,
  };
  const shown = read(() => eventsJson(logs, view));
  const events = logs.reduce((sum, log) => sum + log.events.length, 0);
  appraisal.note(check['tpm.log.events'], true, {
    observed: `${shown.length} of ${events} events, ${shown.filter((one) => 'ProcessedData' in one).length} decoded`,
  });
  const counted = provenWindows.bootCounter;
  const isBootCounted = counted === BigInt(facts.quote.clockInfo.resetCount);
  if (counted !== undefined)
    // A TPM hides its own counts from keys outside the endorsement hierarchy.
    appraisal.note(check['tpm.log.boot-counter'], isBootCounted || 'skipped', {
      expected: facts.quote.clockInfo.resetCount,
      observed: counted,
    });
  const reached = trustPointReached(logs, firmware, key, appraisal);
  return {
    ...facts,
    bank,
    explanations,
    explained,
    secureBoot,
    boot: bootOf(firmware, explained),
    windows,
    provenWindows,
    ...(ima && { ima }),
    isBootCounted,
    isTrustPointReached: reached,
    events: [...shown, ...(ima ? imaEvents(ima.covered, events) : [])],
  };
}

/** PCRs in which somebody measured more than firmware and Windows do, and may have been the one to say what they say. */
function doubtedPcrs(firmware: Replay, { isDisorderly }: SecureBoot): ReadonlySet<number> {
  const windows = [12, 13, 14];
  return new Set([
    ...(isDisorderly ? [7] : []),
    ...(windows.some((pcr) => isWindowsReopened(firmware, pcr)) ? windows : []),
  ]);
}

/** Kernels differ in what they take together, and some start without a TPM: what does not fit is told, and refuses nothing. */
function noteAggregate(
  { aggregate, replay: { bank } }: ImaCoverage,
  quoted: ReadonlyMap<number, Bytes>,
  appraisal: Appraisal,
): void {
  if (aggregate === undefined)
    appraisal.note(check['tpm.ima.aggregate'], 'skipped', {
      detail: `the list has none in ${bank}, or not all of its PCRs are quoted (${[...quoted.keys()].join(' ')})`,
    });
  else appraisal.note(check['tpm.ima.aggregate'], aggregate);
}

/** Lists of files that the running system measured: they go on where the logs end. */
function imaOf(
  claimed: ClaimedPlatform['logs'],
  firmware: Replay,
  quoted: ReadonlyMap<number, Bytes>,
  appraisal: Appraisal,
): ImaCoverage | undefined {
  const lists = claimed.filter(({ kind }) => kind === 'IMA');
  if (lists.length === 0) return undefined;
  const entries = attempt(appraisal, check['tpm.ima.layout'], () =>
    lists.flatMap((one) => inside(one.path, () => parseIma(one.log))),
  );
  appraisal.note(check['tpm.ima.layout'], true, { observed: `${entries.length} entries` });
  const wrong = entries.find((one) => !isTemplateHashRight(one));
  if (wrong)
    appraisal.refuse(check['tpm.ima'], {
      detail: `the template hash of entry ${wrong.seq} is not that of its data`,
      where: { path: lists[0]?.path ?? 'logs', offset: wrong.offset },
    });
  // An entry that is called an event of a log is on no list, and a list of the client's choice may follow it.
  const begun = entries.find(({ pcr }) => firmware.registers.has(pcr));
  if (begun)
    appraisal.refuse(check['tpm.ima'], {
      detail: `the logs have events of PCR ${begun.pcr} as well, and no list begins in a PCR that holds something`,
    });
  const coverage = coverIma(entries, firmware, quoted);
  appraisal.require(check['tpm.ima'], coverage !== undefined, {
    observed: coverage
      ? `${coverage.covered.length} entries, and ${coverage.dropped} after them`
      : 'no first part of it',
  });
  noteAggregate(coverage, quoted, appraisal);
  return coverage;
}

/** Banks whose digests of these events are proven as well. */
function shownBanks(
  { pcrs }: QuoteFacts,
  relied: Bank,
  logs: readonly EventLog[],
  explained: ReadonlySet<number>,
): readonly Bank[] {
  const told = (bank: Bank): boolean => {
    const values = pcrs.get(bank);
    if (!values || !logs.every((log) => banksOf(log).includes(bank))) return false;
    const again = replay(bank, ...logs);
    return [...explained].every((index) => {
      const value = values.get(index);
      return value !== undefined && ['explained', 'reset'].includes(explain(again, index, value).is);
    });
  };
  const order = [...hashes.values()].flatMap(({ bank }) => bank ?? []);
  return order.filter((bank) => bank === relied || (pcrs.has(bank) && told(bank)));
}

/**
 * A degree, and on record as one: undefined where the log has no quote by this key. Nothing measures these quotes, so one
 * that does not read says no more than one that does not agree, and refuses nothing.
 */
function trustPointReached(
  logs: readonly EventLog[],
  whole: Replay,
  key: PublicKey,
  appraisal: Appraisal,
): boolean | undefined {
  try {
    const own = logs
      .flatMap(trustPoints)
      .filter((point) => signatureProblem(point.signature, key, point.attest) === undefined);
    if (own.length === 0) return undefined;
    const reached = own.some((point) => isTrustPointReached(point, whole));
    appraisal.note(check['tpm.log.trust-point'], reached);
    return reached;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    appraisal.note(check['tpm.log.trust-point'], false, { detail: error.message });
    return false;
  }
}
