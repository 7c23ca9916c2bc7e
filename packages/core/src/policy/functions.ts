/**
 * The six functions of language 1.2. Arguments are sets of values; «single» means exactly one distinct member. What a
 * function cannot take fails the evaluation, and with constant arguments the upload.
 */
import { AttestError } from '../errors.ts';
import { spend } from './budget.ts';
import { claimValues } from './json-values.ts';
import { longestValue } from './limits.ts';
import type { Queries } from './queries.ts';
import { emptySet, has, setOf, type ValueSet } from './sets.ts';
import { emptyIsSubset } from './undocumented.ts';
import { type Kind, kindOf, type Value } from './values.ts';

export interface Parameter {
  readonly name: string;
  /** Kind of its single member; absent: any set. `Any`: one member of any kind. */
  readonly single?: Kind | 'Any';
  readonly nonEmpty?: true;
}

export interface PolicyFunction {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** The kind of all results; absent: it depends. */
  readonly result?: Kind;
  /** Whether a result is read-only when an argument is. */
  readonly keepsTaint: boolean;
  /** Arguments fit the parameters. */
  readonly run: (args: readonly ValueSet[], queries: Queries) => readonly Value[];
}

export const functions: ReadonlyMap<string, PolicyFunction> = new Map(
  (
    [
      {
        name: 'JmesPath',
        parameters: [
          { name: 'json', single: 'String', nonEmpty: true },
          { name: 'query', single: 'String', nonEmpty: true },
        ],
        result: 'String',
        keepsTaint: true,
        run: ([json, query], queries) => [queries.search(only<string>(json), only<string>(query))],
      },
      {
        name: 'JsonToClaimValue',
        parameters: [{ name: 'json', single: 'String' }],
        keepsTaint: true,
        run: ([json], queries) => {
          const text = only<string>(json);
          return claimValues(text, queries.read(text), queries.budget);
        },
      },
      {
        name: 'IsSubsetOf',
        parameters: [{ name: 'a' }, { name: 'b' }],
        result: 'Boolean',
        keepsTaint: false,
        run: ([{ values } = emptySet, b = emptySet], { budget }) => [
          values.length === 0 ? emptyIsSubset : values.every((value) => has(b, value, budget)),
        ],
      },
      {
        name: 'AppendString',
        parameters: [
          { name: 'a', single: 'String' },
          { name: 'b', single: 'String' },
        ],
        result: 'String',
        keepsTaint: true,
        run: ([a, b], { budget }) => {
          const [left, right] = [only<string>(a), only<string>(b)];
          const length = left.length + right.length;
          if (length > longestValue)
            throw new AttestError('PolicyDenied', `the result is longer than ${longestValue} characters`);
          spend(budget, length >> 5);
          return [left + right];
        },
      },
      {
        name: 'NegateBool',
        parameters: [{ name: 'b', single: 'Boolean' }],
        result: 'Boolean',
        keepsTaint: true,
        run: ([b]) => [!only<boolean>(b)],
      },
      {
        name: 'ContainsOnlyValue',
        parameters: [{ name: 'set' }, { name: 'v', single: 'Any' }],
        result: 'Boolean',
        keepsTaint: false,
        run: ([{ values } = emptySet, v = emptySet], { budget }) => [
          values.length > 0 && values.every((value) => has(v, value, budget)),
        ],
      },
    ] satisfies readonly PolicyFunction[]
  ).map((each: PolicyFunction) => [each.name, each]),
);

/** The single member that `misfit` has seen. */
const only = <T extends Value>(set: ValueSet | undefined): T => set?.values[0] as T;

/** Why an argument does not fit its parameter. */
export function misfit({ name, single, nonEmpty }: Parameter, { values }: ValueSet): string | undefined {
  if (single === undefined) return undefined;
  const wanted = single === 'Any' ? 'a single value' : `a single ${nonEmpty ? 'non-empty ' : ''}${single}`;
  const [value] = values;
  if (values.length !== 1 || value === undefined)
    return `${name} must be ${wanted}, not ${values.length === 0 ? 'empty' : `a set of ${values.length}`}`;
  if (single !== 'Any' && kindOf(value) !== single) return `${name} must be ${wanted}, not of kind ${kindOf(value)}`;
  return nonEmpty && value === '' ? `${name} must be ${wanted}, not empty` : undefined;
}

/**
 * Applies a function to arguments of the right number.
 * @throws {AttestError} saying which function failed and why
 */
export function apply(called: PolicyFunction, args: readonly ValueSet[], queries: Queries): ValueSet {
  try {
    for (const [i, parameter] of called.parameters.entries()) {
      const wrong = misfit(parameter, args[i] ?? emptySet);
      if (wrong !== undefined) throw new AttestError('PolicyDenied', wrong);
    }
    const tainted = called.keepsTaint && args.some((arg) => arg.tainted);
    return setOf(called.run(args, queries), tainted, queries.budget);
  } catch (error) {
    if (error instanceof AttestError)
      throw new AttestError('PolicyDenied', `${called.name}: ${error.message}`, { cause: error });
    throw error;
  }
}
