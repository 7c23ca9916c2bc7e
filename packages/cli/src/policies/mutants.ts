/**
 * A policy with one condition removed or flipped at a time, to see whether its tests notice. Whole conditions are dropped
 * and negated, and the tests inside them; what no longer compiles is no mutant.
 */
import { AttestError } from '@assay/core';
import {
  type CompileOptions,
  type Condition,
  compile,
  type Expression,
  format,
  type Operator,
  type Policy,
  type Program,
  type Rule,
  type Test,
} from '@assay/core/policy';
import { words } from './coverage.ts';

export interface Mutant {
  /** Where and what, as test files name it. */
  readonly name: string;
  readonly program: Program;
}

const opposite: { readonly [operator in Operator]: Operator } = {
  '==': '!=',
  '!=': '==',
  '<': '>=',
  '>=': '<',
  '>': '<=',
  '<=': '>',
};

/** @param text the policy's, without errors */
export function mutantsOf(text: string, tree: Policy, options: CompileOptions): readonly Mutant[] {
  return tree.sections.flatMap((section, s) =>
    section.rules.flatMap((rule, r) =>
      variantsOf(text, rule).flatMap(({ name, rule: changed }) => {
        const sections = tree.sections.map((each, i) =>
          i === s ? { ...each, rules: each.rules.map((other, j) => (j === r ? changed : other)) } : each,
        );
        const program = compiled(
          { ...tree, version: { ...tree.version, text: '1.2' }, sections, comments: [] },
          options,
        );
        return program ? [{ name, program }] : [];
      }),
    ),
  );
}

function compiled(tree: Policy, options: CompileOptions): Program | undefined {
  try {
    return compile(format(tree), options);
  } catch (error) {
    if (error instanceof AttestError) return undefined;
    throw error;
  }
}

interface Variant {
  readonly name: string;
  readonly rule: Rule;
}

function variantsOf(text: string, rule: Rule): readonly Variant[] {
  return rule.conditions.flatMap((condition, c) => {
    const put = (...changed: readonly Condition[]): Rule => ({
      ...rule,
      conditions: rule.conditions.flatMap((each, i) => (i === c ? changed : [each])),
    });
    const isUsed = condition.identifier !== undefined && usesOf(rule).has(condition.identifier.text);
    const name = (what: string, range: Condition['range']): string =>
      `${range.start.line}:${range.start.column} ${what} ${words(text, range)}`;
    const whole: readonly Variant[] = isUsed
      ? []
      : [
          { name: name('drop', condition.range), rule: put() },
          { name: name('negate', condition.range), rule: put(negated(condition)) },
        ];
    // A condition's only test is dropped with it, unless it has to stay for its name.
    const canDrop = condition.tests.length > 1 || isUsed;
    const inner = condition.tests.flatMap((test, t): readonly Variant[] => {
      const replace = (...tests: readonly Test[]): Rule =>
        put({ ...condition, tests: condition.tests.flatMap((each, i) => (i === t ? tests : [each])) });
      return [
        ...(canDrop ? [{ name: name('drop', test.range), rule: replace() }] : []),
        { name: name('flip', test.range), rule: replace({ ...test, operator: opposite[test.operator] }) },
      ];
    });
    return [...whole, ...inner];
  });
}

function negated({ negation, identifier: _, ...rest }: Condition): Condition {
  return negation ? rest : { ...rest, negation: { text: '!', range: rest.range } };
}

/** Identifiers that the rule reads. */
function usesOf({ conditions, action: { claim } }: Rule): ReadonlySet<string> {
  const used = new Set<string>();
  const read = (expression: Expression | undefined): void => {
    if (expression?.kind === 'reference') used.add(expression.identifier.text);
    if (expression?.kind === 'call') expression.arguments.forEach(read);
  };
  for (const { tests } of conditions) for (const { right } of tests) read(right);
  if (claim?.kind === 'taken') used.add(claim.identifier.text);
  if (claim?.kind === 'made') [claim.type, claim.value, claim.valueType].forEach(read);
  return used;
}
