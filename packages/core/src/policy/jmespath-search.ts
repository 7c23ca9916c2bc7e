/**
 * A query's tree to closures, built once. Chains (`a.b[0] | c`, `a || b || c`) become loops, so that only what nests in
 * the text nests on the stack.
 */
import { isObject, type Json } from '../json/index.ts';
import { type Steps, spend } from './budget.ts';
import { type Argument, call, queryFunctions } from './jmespath-functions.ts';
import type { ParsedQuery, Tree } from './jmespath-parse.ts';
import {
  compareNumbers,
  equal,
  isArray,
  isFalse,
  isNumber,
  memberOf,
  queryError,
  valuesIn,
} from './jmespath-values.ts';

export type Search = (value: Json, steps: Steps) => Json;
type Of<Type extends Tree['type']> = Tree & { readonly type: Type };

type Joined = Of<'Subexpression' | 'IndexExpression' | 'Pipe'>;
type Choice = Of<'OrExpression' | 'AndExpression'>;
type Projected = Of<'Projection' | 'ValueProjection' | 'FilterProjection'>;

/** @throws {AttestError} for functions that do not exist or take another number of arguments */
export function buildQuery({ tree, literals }: ParsedQuery): Search {
  return build(tree);

  function build(node: Tree): Search {
    const search = searchOf(node);
    return (value, steps) => {
      spend(steps, 2);
      return search(value, steps);
    };
  }

  function searchOf(node: Tree): Search {
    switch (node.type) {
      case 'Current':
      case 'Identity':
        return (value) => value;
      case 'Field':
        return (value) => memberOf(value, node.name);
      case 'Literal': {
        const literal = literals[node.value as number] ?? null;
        return () => literal;
      }
      case 'Index':
        return (value) => (isArray(value) ? (value.at(node.value) ?? null) : null);
      case 'Slice':
        return slice(node);
      case 'Subexpression':
      case 'IndexExpression':
      case 'Pipe':
        return chain(node as Joined);
      case 'OrExpression':
        return choice(node as Choice, false);
      case 'AndExpression':
        return choice(node as Choice, true);
      case 'NotExpression': {
        const child = build(node.child);
        return (value, steps) => isFalse(child(value, steps), steps);
      }
      case 'Comparator':
        return comparator(node);
      case 'Flatten': {
        const child = build(node.child);
        return (value, steps) => flatten(child(value, steps), steps);
      }
      case 'Projection':
        return projection(node as Projected, (value) => (isArray(value) ? value : undefined));
      case 'ValueProjection':
        return projection(node as Projected, (value, steps) => (isObject(value) ? valuesIn(value, steps) : undefined));
      case 'FilterProjection': {
        const holds = build(node.condition);
        return projection(node, (value, steps) =>
          isArray(value) ? value.filter((item) => !isFalse(holds(item, steps), steps)) : undefined,
        );
      }
      case 'MultiSelectList': {
        const children = node.children.map(build);
        return (value, steps) => {
          if (value === null) return null;
          spend(steps, 4);
          return children.map((child) => child(value, steps));
        };
      }
      case 'MultiSelectHash': {
        const children = node.children.map(({ name, value }) => [name, build(value)] as const);
        return (value, steps) => {
          if (value === null) return null;
          spend(steps, 20 + 4 * children.length);
          const made = Object.create(null) as Record<string, Json>;
          for (const [name, child] of children) made[name] = child(value, steps);
          return made;
        };
      }
      case 'Function':
        return functionCall(node);
      case 'ExpressionReference':
        throw queryError('syntax', `'&' stands only before an argument of a function`);
      default:
        throw queryError('syntax', `${node.type} is not part of JMESPath`);
    }
  }

  /** Steps from left to right; one behind a `.` is not taken from null. */
  function chain(node: Joined): Search {
    const taken: { readonly search: Search; readonly stopsAtNull: boolean }[] = [];
    let first: Tree = node;
    while (first.type === 'Subexpression' || first.type === 'IndexExpression' || first.type === 'Pipe') {
      taken.push({ search: build(first.right), stopsAtNull: first.type === 'Subexpression' });
      first = first.left;
    }
    taken.push({ search: build(first), stopsAtNull: false });
    taken.reverse();
    return (value, steps) =>
      taken.reduce(
        (found, { search, stopsAtNull }) => (stopsAtNull && found === null ? null : search(found, steps)),
        value,
      );
  }

  /** The first operand that is false-like or, for `||`, is not; else the last. */
  function choice(node: Choice, stopsAtFalse: boolean): Search {
    const operands: Search[] = [];
    let first: Tree = node;
    while (first.type === node.type) {
      operands.push(build((first as Choice).right));
      first = (first as Choice).left;
    }
    operands.push(build(first));
    operands.reverse();
    return (value, steps) => {
      let found: Json = null;
      for (const operand of operands) {
        found = operand(value, steps);
        if (isFalse(found, steps) === stopsAtFalse) return found;
      }
      return found;
    };
  }

  function comparator({ name, left, right }: Of<'Comparator'>): Search {
    const [a, b] = [build(left), build(right)];
    if (name === 'EQ' || name === 'NE')
      return (value, steps) => equal(a(value, steps), b(value, steps), steps) === (name === 'EQ');
    const holds = {
      LT: (order: number) => order < 0,
      LTE: (order: number) => order <= 0,
      GT: (order: number) => order > 0,
      GTE: (order: number) => order >= 0,
    }[name];
    return (value, steps) => {
      const [x, y] = [a(value, steps), b(value, steps)];
      return isNumber(x) && isNumber(y) ? holds(compareNumbers(x, y)) : null;
    };
  }

  /** What `of` finds on the left, each through the right side, nulls dropped. */
  function projection(node: Projected, of: (value: Json, steps: Steps) => readonly Json[] | undefined): Search {
    const [left, right] = [build(node.left), build(node.right)];
    return (value, steps) => {
      const items = of(left(value, steps), steps);
      if (items === undefined) return null;
      spend(steps, 2 * items.length);
      return items.map((item) => right(item, steps)).filter((item) => item !== null);
    };
  }

  function functionCall({ name, children }: Of<'Function'>): Search {
    const known = queryFunctions.get(name);
    if (!known) throw queryError('unknown-function', `${name}() is not a function of the dialect`);
    const { length } = known.takes;
    if (known.variadic ? children.length < length : children.length !== length) {
      throw queryError(
        'invalid-arity',
        `${name}() takes ${known.variadic ? 'at least ' : ''}${length} argument${length === 1 ? '' : 's'}, not ${children.length}`,
      );
    }
    const values = children.map((child) => argument(child));
    return (value, steps) =>
      call(
        name,
        known,
        values.map((each) => each(value, steps)),
        steps,
      );
  }

  function argument(node: Tree): (value: Json, steps: Steps) => Argument {
    if (node.type !== 'ExpressionReference') return build(node);
    const search = build(node.child);
    return (_, steps) => (value) => search(value, steps);
  }
}

/** One level; what is no array stays as it is. */
function flatten(value: Json, steps: Steps): Json {
  if (!isArray(value)) return null;
  spend(
    steps,
    value.reduce<number>((total, item) => total + (isArray(item) ? item.length : 1), value.length),
  );
  return value.flatMap((item) => item as Json);
}

/** Python's slices: bounds below zero count from the end, and those outside are cut. */
function slice({ start, stop, step }: Of<'Slice'>): Search {
  const by = step ?? 1;
  if (by === 0) throw queryError('invalid-value', 'a slice cannot have the step 0');
  return (value, steps) => {
    if (!isArray(value)) return null;
    const { length } = value;
    const [least, most] = by > 0 ? [0, length] : [-1, length - 1];
    const bound = (at: number): number => Math.min(most, Math.max(least, at < 0 ? at + length : at));
    const from = start === null ? (by > 0 ? least : most) : bound(start);
    const to = stop === null ? (by > 0 ? most : least) : bound(stop);
    const taken: Json[] = [];
    for (let at = from; by > 0 ? at < to : at > to; at += by) taken.push(value[at] ?? null);
    spend(steps, taken.length);
    return taken;
  };
}
