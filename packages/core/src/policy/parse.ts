/**
 * Policy text to its tree, by recursive descent. An error gives up only the rule it stands in: parsing goes on behind
 * the next `;`, so that one upload reports every error at once.
 */
import { AttestError } from '../errors.ts';
import { Cursor, oneOf } from './cursor.ts';
import { wordOf } from './expressions.ts';
import type { PolicyFinding } from './finding.ts';
import { parseRule } from './rules.ts';
import { join } from './source.ts';
import {
  grammarNames,
  type Policy,
  type Rule,
  type Section,
  type SectionName,
  sectionNames,
  type Word,
} from './syntax.ts';
import type { Token } from './tokens.ts';
import { keywordOf, mandatorySection, versions } from './undocumented.ts';

export interface Parsed {
  /** What could be read; whole if there are no findings. */
  readonly tree: Policy;
  readonly findings: readonly PolicyFinding[];
}

/** Never throws. */
export function parse(text: string): Parsed {
  const cursor = new Cursor(text);
  const first = cursor.token;
  const version = attempt(() => parseVersion(cursor)) ?? { text: '', range: first.range };
  const sections = parseSections(cursor);
  const tree: Policy = {
    version,
    sections,
    comments: cursor.comments.map(wordOf),
    range: join(first.range, cursor.token.range),
  };
  return { tree, findings: cursor.findings };
}

/** What `parse` gives, or undefined when it gave up; anything but a syntax error is a defect and passes through. */
function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof AttestError) return undefined;
    throw error;
  }
}

const parseVersion = (cursor: Cursor): Word =>
  cursor.within('versionInfo', () => {
    const { token } = cursor;
    if (token.kind !== 'word' || keywordOf(token.text) !== 'version') cursor.mismatch(`'version'`);
    cursor.take();
    cursor.expect('=');
    const number = cursor.token;
    if (number.kind !== 'version' && number.kind !== 'integer') cursor.mismatch(oneOf(versions));
    cursor.take();
    if (!versions.includes(number.text)) {
      cursor.report('unknown-version', number.range, `unknown version '${number.text}' expecting ${oneOf(versions)}`);
    }
    // What follows is most likely whole: a missing `;` is reported and read as if it were there.
    if (!cursor.accept(';')) cursor.note(`';'`);
    return wordOf(number);
  });

const sectionOf = (token: Token): SectionName | undefined =>
  token.kind === 'word' ? sectionNames.find((name) => name === keywordOf(token.text)) : undefined;

function parseSections(cursor: Cursor): readonly Section[] {
  const sections: Section[] = [];
  while (!cursor.isFull) {
    const expected = expectedAfter(sections);
    const { token } = cursor;
    if (token.kind === 'end') {
      if (expected.includes(mandatorySection)) cursor.note(oneOf(expected));
      break;
    }
    const name = sectionOf(token);
    if (name === undefined || !expected.includes(name)) {
      // After one error what follows it is no news.
      if (cursor.findings.length === 0 || name !== undefined || cursor.next.text === '{')
        cursor.note(oneOf(expected.length > 0 ? expected : ['<EOF>']));
    }
    // A section out of place, or with a misspelt name, is read all the same for what is wrong inside it.
    const read = name ?? (cursor.next.text === '{' ? (expected.at(-1) ?? 'issuancerules') : undefined);
    if (read === undefined) skipToSection(cursor);
    else sections.push(parseSection(cursor, read));
  }
  return sections;
}

function expectedAfter(sections: readonly Section[]): readonly SectionName[] {
  const last = sections.at(-1)?.name;
  if (last === undefined) return ['configurationrules', 'authorizationrules'];
  return last === 'configurationrules'
    ? ['authorizationrules']
    : last === 'authorizationrules'
      ? ['issuancerules']
      : [];
}

function skipToSection(cursor: Cursor): void {
  do cursor.take();
  while (cursor.token.kind !== 'end' && sectionOf(cursor.token) === undefined);
}

const parseSection = (cursor: Cursor, name: SectionName): Section =>
  cursor.within(grammarNames[name], () => {
    const word = cursor.take();
    const rules: Rule[] = [];
    if (!cursor.accept('{')) {
      cursor.note(`'{'`);
      // Behind `=` or the like the rules may still begin.
      if (cursor.next.text === '{') cursor.take();
      cursor.accept('{');
    }
    while (!cursor.at('}') && cursor.token.kind !== 'end' && sectionOf(cursor.token) === undefined && !cursor.isFull) {
      const rule = attempt(() => parseRule(cursor));
      if (rule) rules.push(rule);
      if (rule ? !closeRule(cursor) : true) skipRule(cursor);
    }
    if (!cursor.isFull) {
      if (!cursor.accept('}')) cursor.note(`'}'`);
      else if (!cursor.accept(';')) cursor.note(`';'`);
    }
    return { name, word: wordOf(word), rules, range: cursor.since(word) };
  });

/** The `;` of a rule. One that is missing before something that can follow it is reported and read as if it were there. */
function closeRule(cursor: Cursor): boolean {
  if (cursor.accept(';')) return true;
  cursor.note(`';'`);
  const { token } = cursor;
  return (
    token.kind === 'end' ||
    ['=>', '[', '!', '}'].includes(token.text) ||
    (token.kind === 'word' && (cursor.next.text === ':' || sectionOf(token) !== undefined))
  );
}

/** Behind the next `;`, but not out of the section. */
function skipRule(cursor: Cursor): void {
  while (!cursor.at('}') && cursor.token.kind !== 'end' && sectionOf(cursor.token) === undefined) {
    if (cursor.take().text === ';') return;
  }
}
