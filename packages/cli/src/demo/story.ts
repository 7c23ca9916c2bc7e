/** How the demo looks: headings, the four steps, and the failing branch of an appraisal. */
import type { Json, JsonObject } from '@assay/core';
import { checkRows } from '../checks.ts';
import { fold, printTable } from '../table.ts';
import { type Screen, safe } from '../ui.ts';

const steps = [
  'evidence collected',
  'sent to the provider’s URI',
  'verified, judged by baseline and policy, token issued',
  'token checked against the published signing certificates',
] as const;

export interface Story {
  readonly heading: (text: string) => void;
  /** Who is on stage. An empty name goes on with the one before. */
  readonly introduction: (rows: readonly (readonly [who: string, about: string])[]) => void;
  /** @param number 1 to 4 @param who the process that acts */
  readonly step: (number: 1 | 2 | 3 | 4, who: string, ...lines: readonly string[]) => void;
  /** A step that did not come to its end. */
  readonly refusal: (number: 3 | 4, who: string, lines: readonly string[]) => void;
}

export function storyOn(screen: Screen): Story {
  const { paint, glyphs, columns } = screen;
  const width = Math.min(columns, 100);
  const detail = (who: string, lines: readonly string[]): void => {
    const folded = lines.flatMap((line) => fold(safe(line), columns - 20));
    for (const [i, line] of folded.entries()) screen.line(`     ${paint.dim((i === 0 ? who : '').padEnd(14))} ${line}`);
  };
  const mark = (number: number, title: string, sign: string): void => {
    screen.line(` ${paint.bold(paint.cyan(String(number)))}  ${sign} ${paint.bold(title)}`);
  };
  return {
    heading(text) {
      screen.line();
      screen.line(`${paint.bold(text)} ${paint.dim(glyphs.rule.repeat(Math.max(0, width - text.length - 1)))}`);
      screen.line();
    },
    introduction(rows) {
      printTable(
        screen,
        rows.map(([who, about]) => [{ text: who.padEnd(13), paint: paint.dim }, about]),
        { indent: 1 },
      );
      screen.line();
    },
    step(number, who, ...lines) {
      mark(number, steps[number - 1] ?? '', paint.green(glyphs.passed));
      detail(who, lines);
    },
    refusal(number, who, lines) {
      mark(number, number === 3 ? 'refused' : 'not believed', paint.red(glyphs.failed));
      detail(who, lines);
    },
  };
}

/** The failed checks of an appraisal, with the branches that they stand in. */
export function onlyFailures(appraisal: JsonObject): JsonObject {
  const entries = Array.isArray(appraisal['entries']) ? (appraisal['entries'] as readonly Json[]) : [];
  const isObject = (entry: Json): entry is JsonObject =>
    typeof entry === 'object' && entry !== null && !Array.isArray(entry);
  const kept = entries.filter(isObject).flatMap((entry): readonly JsonObject[] => {
    if ('entries' in entry) {
      const branch = onlyFailures(entry);
      return (branch['entries'] as readonly Json[]).length > 0 ? [branch] : [];
    }
    return entry['outcome'] === 'failed' ? [entry] : [];
  });
  return { ...appraisal, entries: kept };
}

/** How many checks of an appraisal passed. */
export const passedIn = (appraisal: JsonObject): number =>
  checkRows(appraisal).filter(({ outcome }) => outcome === 'passed').length;
