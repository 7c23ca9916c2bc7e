/** Which quoted PCRs the logs must explain, and what is said of one that they do not. */
import type { Appraisal, Seen } from '../../appraisal.ts';
import type { Bytes } from '../../bytes/index.ts';
import { check } from './checks.ts';
import { eventType } from './event-types.ts';
import type { EventLog } from './log.ts';
import { departure } from './reference-log.ts';
import type { Explanation, Replay } from './replay.ts';
import type { TpmSettings } from './settings.ts';

/** What the provider judges logs by. */
export interface LogRules {
  readonly settings: TpmSettings;
  /** Stored logs to compare with one that does not replay, as `referenceBytes` makes them. */
  readonly references: Bytes | undefined;
}

interface Told extends LogRules {
  readonly logs: readonly EventLog[];
  /** Of these logs, in the bank that is relied on. */
  readonly replay: Replay;
  /** Values of that bank, by PCR. */
  readonly quoted: ReadonlyMap<number, Bytes>;
}

/** @throws {Refusal} naming each PCR that should be explained and is not, and the first event that a stored log has otherwise */
export function requireExplained(
  explanations: ReadonlyMap<number, Explanation>,
  told: Told,
  appraisal: Appraisal,
): void {
  const isWindows = hasWindowsEvents(told.logs);
  const open = [...explanations].filter(([, { is }]) => is !== 'explained' && is !== 'reset');
  const failed = open.filter(([index]) => mustBeExplained(index, isWindows, told.settings));
  const others = open.filter(([index]) => !mustBeExplained(index, isWindows, told.settings));
  const say = (list: typeof open): string => list.map(([index, how]) => `PCR ${index} ${inWords(how)}`).join('; ');
  if (failed.length > 0)
    appraisal.refuse(check['tpm.log.replay'], besideReference(say(failed), new Set(failed.map(([pcr]) => pcr)), told));
  appraisal.note(check['tpm.log.replay'], true, {
    ...(others.length > 0 && { detail: `beyond the logs: ${say(others)}` }),
  });
}

/** PCRs that firmware and Windows' loader extend: a log without their events would hide what was started. */
const firmwarePcrs: ReadonlySet<number> = new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14]);
/** Windows extends it too; on Linux it goes on after the log. */
const windowsPcr = 11;

const mustBeExplained = (index: number, isWindows: boolean, { unexplainedPcrs }: TpmSettings): boolean =>
  (firmwarePcrs.has(index) || (isWindows && index === windowsPcr)) && !unexplainedPcrs.includes(index);

/** Whether Windows measured anything. Nothing proves it, but who says so has more to explain. */
const hasWindowsEvents = (logs: readonly EventLog[]): boolean =>
  logs.some(({ events }) =>
    events.some(({ claimedType, pcr }) => claimedType === eventType.eventTag && pcr >= 12 && pcr <= 14),
  );

function inWords(how: Explanation): string {
  switch (how.is) {
    case 'explained':
      return 'is explained';
    case 'reset':
      return 'is as after a reset';
    case 'prefix':
      return `has its quoted value after ${how.steps} of ${how.of} events: the others were appended, or measured after the quote`;
    case 'capped':
      return 'was extended once more, by zeros';
    case 'silent':
      return 'holds measurements, and the logs have no event of it';
    case 'unexplained':
      return 'has another value than its events give, after any number of them: events are missing, changed or invented';
  }
}

/** The failure as it is, and how the log departs from the stored one that it is most like. */
function besideReference(failure: string, failed: ReadonlySet<number>, { references, replay, quoted }: Told): Seen {
  const open = new Map([...quoted].filter(([pcr]) => failed.has(pcr)));
  const found = references && departure(references, replay, open);
  if (!found) return { detail: failure };
  const { label, first, agreeing } = found;
  const values =
    agreeing.length > 0
      ? `it gives the quoted value of PCR ${agreeing.join(', ')}: there the machine booted as stored, and the log says otherwise`
      : 'it does not give the quoted values either';
  if (first)
    return { ...first, detail: `the expected event is of the reference log «${label}», and ${values}; ${failure}` };
  return { detail: `the log has the events of the reference log «${label}»; ${failure}` };
}
