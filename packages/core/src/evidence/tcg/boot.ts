/**
 * What was started after firmware: programs, boot loader commands, kernel command line, files. Firmware's own part of a
 * PCR ends at its separator; what is appended after firmware handed over is the system's word, or an attacker's.
 */
import { type Bytes, equal, fromUtf8, utf8 } from '../../bytes/index.ts';
import { digest } from '../../crypto/index.ts';
import { quietly } from '../quietly.ts';
import { type Belief, beliefOf } from './belief.ts';
import { utf16Trimmed } from './efi.ts';
import { eventType } from './event-types.ts';
import { claimedPath } from './image.ts';
import { type EventLog, type LogEvent, startsWith } from './log.ts';
import type { Replay } from './replay.ts';

/** A measured event with what its digest proves. */
interface Measured {
  readonly event: LogEvent;
  readonly order: number;
  readonly digest: Bytes;
  readonly belief: Belief;
}

/** Something that was measured by its own hash. Where it came from is only claimed. */
export interface MeasuredFile {
  readonly digest: Bytes;
  readonly claimedPath: string | undefined;
}

export interface CommandLine {
  readonly text: string;
  readonly loader: 'grub' | 'systemd-boot';
}

export interface Boot {
  /** Firmware measured that it handed over. Without this no fact here has an end that can be trusted. */
  readonly handedOver: boolean;
  /**
   * Programs by their Authenticode digests, in order: shim, boot loader, kernel. None where firmware's part of PCR 4 does
   * not end in exactly one separator.
   */
  readonly programs: readonly MeasuredFile[];
  /**
   * What the kernel was started with. Only one that no other measurement of a boot loader contradicts, before or after
   * firmware handed over: where other PCRs stand between them is only claimed, and so is what loaders call a command.
   */
  readonly commandLine: CommandLine | undefined;
  /** Commands of the boot loader whose digests prove them. */
  readonly commands: readonly string[];
  /** Files that the boot loader read. */
  readonly files: readonly MeasuredFile[];
  /** Sections of a unified kernel image: the names are proven. */
  readonly sections: readonly { readonly name: string; readonly digest: Bytes }[];
  /** What the kernel's own loader measured, by its digest. Which event is which, nothing proves. */
  readonly claimedLoadOptions: Bytes | undefined;
  readonly claimedInitrd: Bytes | undefined;
  /** Shim's lists of machine owner keys by their digests. */
  readonly ownerKeys: readonly { readonly claimedName: string; readonly digest: Bytes }[];
}

/** Which register of a confidential guest holds what a PCR would. */
export const registerOf = (kind: EventLog['kind'], pcr: number): number =>
  kind === 'tcg' ? pcr : pcr === 1 || pcr === 7 ? 1 : pcr <= 6 ? 2 : 3;

/** Texts that firmware measures. They are known by their digests: calling such an event something else hides nothing. */
const texts = {
  invocation: utf8('Exit Boot Services Invocation'),
  returned: utf8('Exit Boot Services Returned with Success'),
  calling: utf8('Calling EFI Application from Boot Option'),
  returning: utf8('Returning from EFI Application from Boot Option'),
  separator: new Uint8Array(4),
} as const;
type Known = { readonly [text in keyof typeof texts]: Bytes };

/**
 * @param explained the PCRs that are quoted and that the logs explain: no other has a say
 */
export function bootOf(replay: Replay, explained: ReadonlySet<number>, kind: EventLog['kind'] = 'tcg'): Boot {
  const inPcrs = (...pcrs: readonly number[]): readonly Measured[] => {
    const wanted = new Set(pcrs.map((pcr) => registerOf(kind, pcr)));
    return [...wanted]
      .filter((index) => explained.has(index))
      .flatMap((index) => measured(replay, index))
      .sort((a, b) => a.order - b.order);
  };
  const known = Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, digest(replay.bank, text)]),
  ) as Known;
  const actions = inPcrs(5);
  const start = actions.findIndex((one) => equal(one.digest, known.invocation));
  const end = actions.findIndex((one, at) => start >= 0 && at > start && equal(one.digest, known.returned));
  const border = actions[end]?.order ?? Number.POSITIVE_INFINITY;
  const before = (...pcrs: readonly number[]): readonly Measured[] =>
    inPcrs(...pcrs).filter(({ order }) => order < border);

  // Files stand in PCR 9: their makers choose what they hash to, so a text there proves no command.
  const [loader, files] = [before(8, 12), before(9)];
  const isIpl = ({ event }: Measured): boolean => event.claimedType === eventType.ipl;
  const tagged = (id: number): Bytes | undefined => files.findLast(({ event }) => taggedId(event) === id)?.digest;
  return {
    handedOver: end >= 0,
    programs: programs(before(4), known),
    commandLine: onlyCommandLine(inPcrs(8, 12), kind),
    commands: loader
      .filter(isIpl)
      .flatMap(({ belief }) => (belief.what === 'command' ? (textOf(belief.proven) ?? []) : [])),
    files: files
      .filter((one) => isIpl(one) && one.belief.believed === 'digest')
      .map(({ event, digest }) => ({ digest, claimedPath: textOf(trimmed(event.claimedData)) })),
    sections: sections(before(11)),
    claimedLoadOptions: tagged(0x8f3b22ed),
    claimedInitrd: tagged(0x8f3b22ec),
    ownerKeys: before(14).flatMap(({ event, digest }) => {
      const claimedName = textOf(trimmed(event.claimedData));
      return event.claimedType === eventType.ipl && claimedName?.startsWith('Mok') ? [{ claimedName, digest }] : [];
    }),
  };
}

function measured({ bank, registers }: Replay, index: number): readonly Measured[] {
  return (registers.get(index)?.steps ?? []).flatMap(({ event, order, digest }) =>
    event && order !== undefined ? [{ event, order, digest, belief: beliefOf(event, bank) }] : [],
  );
}

/**
 * Programs after the separator, of the last attempt: failed boot options measure theirs as well (quirk F13). Whatever an
 * event is called, it counts as a program unless its digest proves that it is something else.
 */
function programs(events: readonly Measured[], known: Known): readonly MeasuredFile[] {
  const is =
    (text: Bytes): ((one: Measured) => boolean) =>
    (one) =>
      equal(one.digest, text);
  const isProgram = ({ digest, belief }: Measured): boolean =>
    belief.believed === 'digest' && !Object.values(known).some((text) => equal(text, digest));
  if (events.filter(is(known.separator)).length !== 1) return [];
  const after = events.slice(events.findIndex(is(known.separator)) + 1);
  const failed = after.findLastIndex(is(known.returning));
  // Some firmware measures the program before it says that it calls it (quirk F2).
  const last = after.findLastIndex(isProgram);
  const called = after.findLastIndex((one, at) => at < last && is(known.calling)(one));
  const first = after.filter(is(known.calling)).length > 1 ? Math.max(failed, called) : failed;
  return after
    .slice(first + 1)
    .filter(isProgram)
    .map(({ event, digest }) => ({ digest, claimedPath: claimedPath(event.claimedData) }));
}

/** Commands that load a kernel, whatever an event calls them. */
const kernelCommand = /^(?:! )?(?:linux(?:16|efi)?|multiboot2?) (.*)$/s;
/** Loaders quote the line, and not the command. */
const unquoted = (text: string): string => text.replace(/["'\\]/g, '').trim();

/** @param loader everything in the PCRs of boot loaders, in order */
function onlyCommandLine(loader: readonly Measured[], kind: EventLog['kind']): CommandLine | undefined {
  // What is not proven may be the line that counted. In a confidential guest files share the register.
  if (kind === 'tcg' && loader.some(({ belief }) => belief.believed === 'digest')) return undefined;
  const lines = loader
    .filter(({ event }) => event.claimedType === eventType.ipl)
    .flatMap((one) => commandLine(one) ?? []);
  const [line] = lines;
  if (!line || lines.some(({ text, loader: by }) => text !== line.text || by !== line.loader)) return undefined;
  const loads = loader.flatMap(
    ({ belief }) => kernelCommand.exec(textOf(belief.proven && trimmed(belief.proven)) ?? '')?.[1] ?? [],
  );
  return loads.every((one) => unquoted(one) === unquoted(line.text)) ? line : undefined;
}

const kernelPrefixes = ['kernel_cmdline: ', 'grub_kernel_cmdline '].map(utf8);

function commandLine({ event, belief }: Measured): CommandLine | undefined {
  if (belief.what === 'command' && kernelPrefixes.some((one) => startsWith(event.claimedData, one))) {
    const text = belief.proven && textOf(trimmed(belief.proven));
    return text === undefined ? undefined : { text, loader: 'grub' };
  }
  if (belief.believed !== 'data' || !isWide(event.claimedData)) return undefined;
  return { text: utf16Trimmed(event.claimedData), loader: 'systemd-boot' };
}

/** Whether bytes look like UTF-16 of plain text: every second one zero. */
const isWide = (data: Bytes): boolean =>
  data.length >= 4 && data.length % 2 === 0 && data.every((byte, at) => at % 2 === 0 || byte === 0);

/** Of each section its name is measured, then its contents. */
function sections(events: readonly Measured[]): Boot['sections'] {
  return events.flatMap((one, at) => {
    const next = events[at + 1];
    if (one.belief.what !== 'sectionName' || !next) return [];
    return [{ name: utf16Trimmed(one.event.claimedData), digest: next.digest }];
  });
}

/** The first id of tagged data. */
function taggedId({ claimedType, claimedData: data }: LogEvent): number | undefined {
  if (claimedType !== eventType.eventTag || data.length < 8) return undefined;
  return new DataView(data.buffer, data.byteOffset).getUint32(0, true);
}

/** Without one zero at the end. */
const trimmed = (data: Bytes): Bytes => (data[data.length - 1] === 0 ? data.subarray(0, -1) : data);

const textOf = (data: Bytes | undefined): string | undefined => quietly(() => data && fromUtf8(data));
