/**
 * What of an event its digest proves. A quote protects digests and their order alone: type and data are what the client
 * says they are, until the hash that firmware takes for that type comes out as the digest in the quoted bank.
 */
import { type Bytes, concat, decode, encode, equal, isZero, type Layout, utf8 } from '../../bytes/index.ts';
import { digest } from '../../crypto/index.ts';
import { once } from '../../once.ts';
import { quietly } from '../quietly.ts';
import type { Bank } from './algorithms.ts';
import { EfiVariable, guids, utf16Trimmed } from './efi.ts';
import { eventType } from './event-types.ts';
import { digestIn, type LogEvent, startsWith } from './log.ts';
import type { QuirkId } from './quirks.ts';
import { bankId } from './replay.ts';

export interface Belief {
  /**
   * `data`: all of it is proven. `part`: some of it, see `proven`. `digest`: the digest counts, the data are a hint.
   * `none`: the event is not measured in this bank.
   */
  readonly believed: 'data' | 'part' | 'digest' | 'none';
  /** The bytes under the digest, where they are known. */
  readonly proven?: Bytes;
  /** What they are. */
  readonly what?: ProvenPart;
  readonly quirk?: QuirkId;
}

/** `data` aside: the contents of a variable without its name, a command of a boot loader, the name of a section. */
type ProvenPart = 'data' | 'variableData' | 'command' | 'sectionName';

/** What may have been hashed for an event of some type. */
interface Candidate {
  readonly bytes: Bytes;
  readonly what: ProvenPart;
  readonly quirk?: QuirkId;
  /** Whether all the data are proven, although other bytes were hashed. */
  readonly whole?: true;
}

/** @param bank the quoted one; what other banks hold proves nothing */
export function beliefOf(event: LogEvent, bank: Bank): Belief {
  const known = beliefsOf(event);
  const belief = known.get(bank) ?? judged(event, bank);
  known.set(bank, belief);
  return belief;
}

/** Every claim that is made of an event asks; its data are hashed once. */
const beliefsOf = once((_: LogEvent) => new Map<Bank, Belief>());

function judged(event: LogEvent, bank: Bank): Belief {
  const measured = event.claimedType === eventType.noAction ? undefined : digestIn(event, bankId(bank));
  if (!measured) return { believed: 'none' };
  for (const { bytes, what, quirk, whole } of candidates(event)) {
    if (!equal(digest(bank, bytes), measured)) continue;
    const believed = what === 'data' || whole ? 'data' : 'part';
    return { believed, proven: bytes, what, ...(quirk && { quirk }) };
  }
  return { believed: 'digest' };
}

function candidates(event: LogEvent): readonly Candidate[] {
  const { claimedData: data, claimedType, pcr } = event;
  const whole: Candidate = { bytes: data, what: 'data' };
  switch (claimedType) {
    case eventType.separator:
      return isSeparator(data, pcr) ? [whole] : [];
    case eventType.efiVariableBoot:
    case eventType.efiVariableBoot2:
      return [whole, ...variableData(data)];
    case eventType.efiVariableAuthority:
      return [whole, ...shimAuthority(data), ...bareAuthority(data)];
    case eventType.ipl:
      return [whole, ...commands(data), ...sectionName(data)];
    case eventType.action:
    case eventType.efiAction:
    case eventType.efiVariableDriverConfig:
    case eventType.efiGptEvent:
    case eventType.efiGptEvent2:
    case eventType.crtmVersion:
    case eventType.eventTag:
    case eventType.nonhostInfo:
    case eventType.nonhostConfig:
    case eventType.platformConfigFlags:
    case eventType.compactHash:
    case eventType.efiSpdmDevicePolicy:
    case eventType.efiSpdmDeviceAuthority:
      return [whole];
    default:
      // Hashes of firmware, programs and tables, none of which are in the data.
      return [];
  }
}

/** What Windows puts behind its last record. */
export const windowsSeparator = utf8('WBCL');

/** Zeros and ones close what firmware measures, Windows' mark what Windows measures, and 1 reports an error. */
function isSeparator(data: Bytes, pcr: number): boolean {
  if (data.length !== 4) return false;
  if (pcr <= 7 && (isZero(data) || data.every((byte) => byte === 0xff) || isErrorSeparator(data))) return true;
  return pcr >= 12 && pcr <= 14 && equal(data, windowsSeparator);
}

/** A separator by which firmware says that measuring failed. */
export const isErrorSeparator = (data: Bytes): boolean => equal(data, Uint8Array.of(1, 0, 0, 0));

const read = <T>(layout: Layout<T>, data: Bytes): T | undefined => quietly(() => decode(layout, data));

/** Boot variables: mostly the contents are hashed, and nothing proves which variable it is. */
function variableData(data: Bytes): readonly Candidate[] {
  const variable = read(EfiVariable, data);
  return variable && variable.tail.length === 0 ? [{ bytes: variable.data, what: 'variableData' }] : [];
}

/** Shim up to 15.x gives a length that is too short and hashes one byte less than it logs. */
function shimAuthority(data: Bytes): readonly Candidate[] {
  const variable = read(EfiVariable, data);
  const tail = variable?.tail.length ?? 0;
  return tail > 0 && tail <= 7 ? [{ bytes: data.subarray(0, -1), what: 'data', quirk: 'F1' }] : [];
}

/** Surface logs the entry of db alone, and hashes it as the variable that it is from. */
function bareAuthority(data: Bytes): readonly Candidate[] {
  const variable = { guid: guids.imageSecurity, name: 'db', data, tail: new Uint8Array(0) };
  return [{ bytes: encode(EfiVariable, variable), what: 'data', quirk: 'F18', whole: true }];
}

/** What boot loaders write before a command, and whether they hash the zero after it. */
const prefixes = ['grub_cmd: ', 'kernel_cmdline: ', 'module_cmdline: ', 'grub_cmd ', 'grub_kernel_cmdline '].map(utf8);

function commands(data: Bytes): readonly Candidate[] {
  const prefix = prefixes.find((one) => startsWith(data, one));
  if (!prefix) return [];
  const text = data.subarray(prefix.length);
  const bare = text[text.length - 1] === 0 ? text.subarray(0, -1) : text;
  return [bare, concat(bare, Uint8Array.of(0))].map((bytes) => ({ bytes, what: 'command' }));
}

/** Unified kernel images: the event has the name in UTF-16, the digest is that of ASCII and a zero. */
function sectionName(data: Bytes): readonly Candidate[] {
  const name = utf16Trimmed(data);
  return /^\.[a-z]{1,15}$/.test(name) ? [{ bytes: utf8(`${name}\0`), what: 'sectionName' }] : [];
}
