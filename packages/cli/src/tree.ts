/**
 * An appraisal as a tree: each check with its mark, what it saw, and for a failed one what was expected, where, and what
 * to do. It prints the closed form, so that one made here and one fetched from a service look the same.
 */
import type { Json, JsonObject } from '@assay/core';
import { cut, fold } from './table.ts';
import { type Screen, safe } from './ui.ts';

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);
const text = (value: Json | undefined): string | undefined => (typeof value === 'string' ? safe(value) : undefined);

/** @param appraisal what `close` gives; members that are not as they should be are passed over */
export function printTree(screen: Screen, appraisal: JsonObject, indent = ''): void {
  screen.line(`${indent}${heading(screen, appraisal)}`);
  printEntries(screen, list(appraisal['entries']), indent);
}

function heading(screen: Screen, section: JsonObject): string {
  const { bold, dim } = screen.paint;
  const remembered = section['remembered'] === true ? dim(' (remembered)') : '';
  return `${bold(text(section['title']) ?? '')}${remembered}`;
}

function printEntries(screen: Screen, entries: readonly Json[], indent: string): void {
  const { branch, last, line } = screen.glyphs;
  for (const [i, entry] of entries.entries()) {
    if (!isObject(entry)) continue;
    const isLast = i === entries.length - 1;
    const [stem, below] = [`${indent}${isLast ? last : branch}`, `${indent}${isLast ? '   ' : line}`];
    if ('entries' in entry) {
      screen.line(`${screen.paint.dim(stem)}${heading(screen, entry)}`);
      printEntries(screen, list(entry['entries']), below);
    } else if ('data' in entry) {
      screen.line(`${screen.paint.dim(stem)}${heading(screen, entry)}`);
      printRules(screen, list(entry['data']), below);
    } else printCheck(screen, entry, stem, below);
  }
}

function printCheck(screen: Screen, entry: JsonObject, stem: string, below: string): void {
  const { paint, glyphs, columns } = screen;
  const outcome = text(entry['outcome']);
  const marks: { readonly [outcome: string]: string } = {
    passed: paint.green(glyphs.passed),
    failed: paint.red(glyphs.failed),
    skipped: paint.yellow(glyphs.skipped),
  };
  const mark = marks[outcome ?? ''] ?? '?';
  const title = cut(text(entry['title']) ?? text(entry['check']) ?? '', columns - stem.length - 2, glyphs.more);
  const [observed, expected, detail] = [entry['observed'], entry['expected'], entry['detail']].map(text);
  if (outcome !== 'failed') {
    // What was seen tells more than that it was fine; details speak of what went wrong.
    const seen = [observed, expected === observed ? undefined : expected]
      .filter((part) => part !== undefined)
      .join(` ${glyphs.bullet} `);
    const left = columns - stem.length - title.length - 4;
    const shown = seen === '' || left < 8 ? '' : paint.dim(`  ${cut(seen, Math.min(left, 72), glyphs.more)}`);
    screen.line(`${paint.dim(stem)}${mark} ${title}${shown}`);
    return;
  }
  screen.line(`${paint.dim(stem)}${mark} ${paint.bold(paint.red(title))}`);
  const where = isObject(entry['where']) ? entry['where'] : undefined;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['check', text(entry['check'])],
    ['expected', expected],
    ['found', observed],
    ['detail', detail],
    ['where', where && placeOf(where)],
    ['source', text(entry['source'])],
    ['remedy', text(entry['remedy'])],
  ];
  for (const [name, value] of rows) {
    if (value === undefined) continue;
    const lines = fold(value, columns - below.length - 11);
    for (const [i, line] of lines.entries())
      screen.line(`${paint.dim(`${below}  ${(i === 0 ? name : '').padEnd(8)}`)} ${line}`);
  }
}

const placeOf = (where: JsonObject): string =>
  [text(where['path']), typeof where['offset'] === 'number' ? `byte ${where['offset']}` : undefined]
    .filter((part) => part !== undefined)
    .join(', ');

/** The trace of a policy: each rule, whether it fired, and for one that did not the condition that failed. */
function printRules(screen: Screen, rules: readonly Json[], indent: string): void {
  const { paint, glyphs } = screen;
  const shown = rules.filter(isObject);
  for (const [i, rule] of shown.entries()) {
    const isLast = i === shown.length - 1;
    const [stem, below] = [
      `${indent}${isLast ? glyphs.last : glyphs.branch}`,
      `${indent}${isLast ? '   ' : glyphs.line}`,
    ];
    if (typeof rule['omittedRules'] === 'number') {
      screen.line(`${paint.dim(stem)}${glyphs.more} ${rule['omittedRules']} more rules`);
      continue;
    }
    const fired = rule['fired'] === true;
    const made = [...list(rule['issued']), ...list(rule['added'])]
      .filter(isObject)
      .map((claim) => `${text(claim['type'])} = ${claimText(claim['value'])}`);
    const what = `${text(rule['section']) ?? 'rule'}: ${text(rule['action']) ?? ''}${made.length > 0 ? ` ${made.join(', ')}` : ''}`;
    const place = paint.dim(`line ${String(rule['line'])}, column ${String(rule['column'])}`);
    screen.line(
      `${paint.dim(stem)}${fired ? paint.green(glyphs.passed) : paint.yellow(glyphs.skipped)} ${cut(what, screen.columns - stem.length - 28, glyphs.more)}  ${place}`,
    );
    const error = text(rule['error']);
    if (error !== undefined) screen.line(`${paint.dim(below)}  ${paint.red(error)}`);
    if (fired) continue;
    const missed = list(rule['conditions'])
      .filter(isObject)
      .find((condition) => condition['holds'] !== true);
    if (missed)
      screen.line(
        paint.dim(
          `${below}  did not fire: ${cut(text(missed['text']) ?? '', screen.columns - below.length - 17, glyphs.more)}`,
        ),
      );
  }
}

function claimText(value: Json | undefined): string {
  return typeof value === 'string'
    ? safe(value)
    : safe(JSON.stringify(value, (_name, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner)) ?? '');
}
