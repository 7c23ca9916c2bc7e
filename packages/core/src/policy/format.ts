/** A policy's tree to text in one layout. Comments are kept: beside a rule, or on lines of their own before it. */
import type { Range } from './source.ts';
import type { Action, ClaimSpec, Condition, Expression, Policy, Rule, Section, Test, Word } from './syntax.ts';
import { escapable } from './undocumented.ts';

/** Rules longer than this, in UTF-16 units, get a line for each condition. */
const widest = 120;
const indent = '    ';

/** @param policy without findings; `format` of the result's tree gives the same text again */
export function format(policy: Policy): string {
  const { version, sections, comments } = policy;
  // What stands before the version's number, even within its line, stands before the line.
  const line: Piece = { text: `version=${version.text};`, range: version.range, apart: true };
  const [outside, inside] = shareOut(
    comments,
    sections.map(({ range }) => range),
  );
  const pieces = sections.map(
    (section, i): Piece => ({ text: formatSection(section, inside[i] ?? []), range: section.range, apart: true }),
  );
  return `${layOut([line, ...pieces, ...outside.map(piece)], '')}\n`;
}

/** Lines that stay together, and where they stood: what stood apart stays apart by an empty line. */
interface Piece {
  readonly text: string;
  readonly range: Range;
  /** Sections always stand apart from each other. */
  readonly apart?: true;
  readonly isComment?: true;
}

const piece = ({ text, range }: Word): Piece => ({ text: text.trimEnd(), range, isComment: true });

/** Comments outside all of some ranges, and those inside each; both in text order. */
function shareOut(
  comments: readonly Word[],
  ranges: readonly Range[],
): readonly [outside: readonly Word[], inside: readonly (readonly Word[])[]] {
  const outside: Word[] = [];
  const inside = ranges.map((): Word[] => []);
  let i = 0;
  for (const comment of comments) {
    const at = comment.range.start.offset;
    while (i < ranges.length && (ranges[i]?.end.offset ?? 0) <= at) i++;
    const range = ranges[i];
    (range && range.start.offset <= at ? inside[i] : outside)?.push(comment);
  }
  return [outside, inside];
}

function formatSection({ name, rules }: Section, comments: readonly Word[]): string {
  const [between, within] = shareOut(
    comments,
    rules.map(({ range }) => range),
  );
  const pieces = rules.flatMap((rule, i): Piece[] => [
    // A comment from the middle of a rule goes above it, and where the rule stood.
    ...(within[i] ?? []).map((comment): Piece => ({ ...piece(comment), range: rule.range })),
    { text: formatRule(rule), range: rule.range },
  ]);
  const body = layOut([...pieces, ...between.map(piece)], indent);
  return body === '' ? `${name}\n{\n};` : `${name}\n{\n${body}\n};`;
}

/** In order of place; a comment on the line where something ends stays beside it. */
function layOut(pieces: readonly Piece[], margin: string): string {
  const ordered = pieces
    .map((each, i) => ({ ...each, i }))
    .sort((a, b) => a.range.start.offset - b.range.start.offset || a.i - b.i);
  let text = '';
  let before: Piece | undefined;
  for (const each of ordered) {
    const hoisted = before?.isComment && before.range.start.offset === each.range.start.offset;
    if (each.isComment && before && !before.isComment && each.range.start.line === before.range.end.line && !hoisted) {
      text += ` ${each.text}`;
    } else {
      const gap = before && !hoisted && each.range.start.line > before.range.end.line + 1;
      const parted = before?.apart || (each.apart && !before?.isComment);
      if (before) text += gap || parted ? '\n\n' : '\n';
      text += margin + each.text.replaceAll('\n', `\n${margin}`);
    }
    // Behind a comment beside it, a section still stands apart.
    before =
      each.isComment && before?.apart && each.range.start.line === before.range.end.line
        ? { ...each, apart: true }
        : each;
  }
  return text;
}

function formatRule({ conditions, action }: Rule): string {
  const made = `=> ${formatAction(action)};`;
  const asked = conditions.map(formatCondition);
  const line = [...(asked.length > 0 ? [asked.join(' && ')] : []), made].join(' ');
  return asked.length > 1 && line.length > widest ? `${asked.join(' &&\n')}\n${made}` : line;
}

function formatCondition({ negation, identifier, tests }: Condition): string {
  const name = identifier ? `${identifier.text}:` : '';
  return `${negation ? '!' : ''}${name}[${tests.map(formatTest).join(', ')}]`;
}

const formatTest = ({ property, operator, right }: Test): string => `${property}${operator}${formatExpression(right)}`;

const formatAction = ({ verb, claim }: Action): string => `${verb}(${claim ? formatClaim(claim) : ''})`;

function formatClaim(claim: ClaimSpec): string {
  if (claim.kind === 'taken') return `claim=${claim.identifier.text}`;
  const { type, value, valueType } = claim;
  const parts = [`type=${formatExpression(type)}`, `value=${formatExpression(value)}`];
  return [...parts, ...(valueType ? [`valueType=${formatExpression(valueType)}`] : [])].join(', ');
}

function formatExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'string':
      return `"${Array.from(expression.value, (point) => (escapable.includes(point) ? `\\${point}` : point)).join('')}"`;
    case 'integer':
      return expression.text;
    case 'boolean':
      return String(expression.value);
    case 'reference':
      return `${expression.identifier.text}.${expression.property}`;
    case 'call':
      return `${expression.name.text}(${expression.arguments.map(formatExpression).join(', ')})`;
  }
}
