/**
 * The language a second time, as slowly and plainly as its rules are written (sets of claims, a rule's conditions from left
 * to right, one action a rule): claims in one array, looked through from end to end, nothing prepared, nothing shared with
 * the evaluator but the tree of the parser. JSON is the engine's, JMESPath the library's own interpreter.
 */
import { search } from '@jmespath-community/jmespath';
import type { Expression, Policy, Rule, SectionName } from './syntax.ts';

export type Plain = boolean | bigint | string;
export interface Fact {
  readonly type: string;
  readonly value: Plain;
  readonly issuer: string;
  readOnly: boolean;
}
export interface Outcome {
  readonly decision: 'permit' | 'deny' | 'error';
  readonly why?: string;
  readonly issued: ReadonlyMap<string, readonly Plain[]>;
  readonly properties: ReadonlyMap<string, Plain>;
}

class Trouble extends Error {}
type Bound = Record<string, readonly Fact[]>;
interface Answer {
  readonly list: readonly Plain[];
  readonly tainted: boolean;
}

const kind = (value: Plain): string =>
  typeof value === 'string' ? 'String' : typeof value === 'boolean' ? 'Boolean' : 'Integer';
const distinct = (list: readonly Plain[]): Plain[] => {
  const out: Plain[] = [];
  for (const each of list) if (!out.some((known) => known === each)) out.push(each);
  return out;
};
const get = (fact: Fact, property: string): Plain =>
  property === 'type'
    ? fact.type
    : property === 'value'
      ? fact.value
      : property === 'issuer'
        ? fact.issuer
        : kind(fact.value);

/** Properties that matter here: section and kind, for SGX. */
const sgxProperties: Record<string, { section: SectionName; kind: string }> = {
  'x-ms-sgx-tcbidentifier': { section: 'configurationrules', kind: 'String' },
};

/** @throws {Trouble} in the configuration rules: such a policy is not taken */
export function judge(tree: Policy, evidence: readonly Fact[]): Outcome {
  const facts: Fact[] = [];
  const outgoing: Fact[] = [];
  const properties = new Map<string, Plain>();
  const markers: string[] = [];
  const rules = (name: SectionName): readonly Rule[] => tree.sections.find((one) => one.name === name)?.rules ?? [];
  const has = (fact: Fact): Fact | undefined =>
    facts.find((one) => one.type === fact.type && one.value === fact.value && one.issuer === fact.issuer);
  const enter = (fact: Fact): void => {
    const there = has(fact);
    if (there) there.readOnly = there.readOnly || fact.readOnly;
    else facts.push({ ...fact });
  };

  const run = (section: SectionName): void => {
    for (const rule of rules(section)) {
      const bound: Bound = {};
      let fires = true;
      for (const condition of rule.conditions) {
        const rights = condition.tests.map(({ right }) => evaluate(right, bound));
        const matching = facts.filter((fact) =>
          condition.tests.every(({ property, operator }, i) =>
            compare(get(fact, property), operator, (rights[i] as Answer).list),
          ),
        );
        if (condition.identifier && !condition.negation)
          bound[condition.identifier.text] = matching.map((one) => ({ ...one }));
        if (condition.negation ? matching.length > 0 : matching.length === 0) {
          fires = false;
          break;
        }
      }
      if (fires) act(section, rule, bound);
    }
  };

  const act = (section: SectionName, { action: { verb, claim } }: Rule, bound: Bound): void => {
    if (verb === 'permit' || verb === 'deny') {
      markers.push(verb);
      return;
    }
    let made: Fact[] = [];
    if (claim?.kind === 'taken') made = (bound[claim.identifier.text] ?? []).map((one) => ({ ...one }));
    if (claim?.kind === 'made') {
      const type = evaluate(claim.type, bound);
      const value = evaluate(claim.value, bound);
      if (type.list.length !== 1 || typeof type.list[0] !== 'string') throw new Trouble('type');
      const name = type.list[0];
      if (claim.valueType) {
        const wanted = evaluate(claim.valueType, bound).list;
        if (wanted.length !== 1 || typeof wanted[0] !== 'string') throw new Trouble('valueType');
        if (value.list.some((one) => kind(one) !== wanted[0])) throw new Trouble('valueType');
      }
      made = value.list.map((one) => ({
        type: name,
        value: one,
        issuer: 'AttestationPolicy',
        readOnly: type.tainted || value.tainted,
      }));
    }
    const adds = verb === 'add' || (verb === 'issue' && section === 'authorizationrules');
    if (!adds && made.some((one) => one.readOnly)) throw new Trouble('read-only');
    if (verb === 'issueproperty') {
      for (const one of made) {
        const form = Object.hasOwn(sgxProperties, one.type) ? sgxProperties[one.type] : undefined;
        if (form && form.section !== section) continue;
        if (form && form.kind !== kind(one.value)) throw new Trouble('property');
        properties.set(one.type, one.value);
      }
    }
    for (const one of made) enter(one);
    if (verb === 'issue' && !adds) outgoing.push(...made);
  };

  const end = (
    decision: Outcome['decision'],
    why: string | undefined,
    configured: ReadonlyMap<string, Plain>,
  ): Outcome => {
    const issued = new Map<string, readonly Plain[]>();
    if (decision === 'permit')
      for (const { type, value } of outgoing) issued.set(type, distinct([...(issued.get(type) ?? []), value]));
    return {
      decision,
      ...(why !== undefined && { why }),
      issued,
      properties: decision === 'permit' ? properties : configured,
    };
  };

  run('configurationrules');
  const configured = new Map(properties);
  try {
    for (const fact of evidence) enter(fact);
    run('authorizationrules');
    if (markers.includes('deny')) return end('deny', 'A Deny claim was issued, authorization failed.', configured);
    if (!markers.includes('permit'))
      return end(
        'deny',
        'No Permit claim was issued in the authorizationrules section, authorization failed.',
        configured,
      );
    run('issuancerules');
    return end('permit', undefined, configured);
  } catch (error) {
    if (error instanceof Trouble) return end('error', undefined, configured);
    throw error;
  }
}

export const isTrouble = (error: unknown): boolean => error instanceof Trouble;

function compare(left: Plain, operator: string, right: readonly Plain[]): boolean {
  if (right.length === 0) return false;
  const one = (member: Plain): boolean => {
    if (operator === '==') return left === member;
    if (typeof left !== 'bigint' || typeof member !== 'bigint') return false;
    return operator === '<'
      ? left < member
      : operator === '<='
        ? left <= member
        : operator === '>'
          ? left > member
          : left >= member;
  };
  return operator === '!=' ? right.every((member) => left !== member) : right.some(one);
}

function evaluate(expression: Expression, bound: Bound): Answer {
  if (expression.kind === 'reference') {
    const facts = bound[expression.identifier.text] ?? [];
    return {
      list: distinct(facts.map((fact) => get(fact, expression.property))),
      tainted: expression.property === 'value' && facts.some((fact) => fact.readOnly),
    };
  }
  if (expression.kind !== 'call') return { list: [expression.value], tainted: false };
  const given = expression.arguments.map((one) => evaluate(one, bound));
  const [a = [], b = []] = given.map(({ list }) => list);
  const tainted = given.some((one) => one.tainted);
  const string = (list: readonly Plain[], canBeEmpty: boolean): string => {
    const [only] = list;
    if (list.length !== 1 || typeof only !== 'string' || (only === '' && !canBeEmpty)) throw new Trouble('String');
    return only;
  };
  switch (expression.name.text) {
    case 'AppendString':
      return { list: [string(a, true) + string(b, true)], tainted };
    case 'NegateBool': {
      const [only] = a;
      if (a.length !== 1 || typeof only !== 'boolean') throw new Trouble('Boolean');
      return { list: [!only], tainted };
    }
    case 'IsSubsetOf':
      return { list: [a.every((member) => b.some((other) => other === member))], tainted: false };
    case 'ContainsOnlyValue': {
      if (b.length !== 1) throw new Trouble('single');
      return { list: [a.length > 0 && a.every((member) => member === b[0])], tainted: false };
    }
    case 'JsonToClaimValue':
      return { list: distinct(toValues(string(a, true))), tainted };
    case 'JmesPath': {
      const [text, query] = [string(a, false), string(b, false)];
      try {
        const document = JSON.parse(text);
        const found = search(document, query);
        // The engine rounds large integers; one that comes out as it went in is told by its text.
        const isItself = typeof found === 'number' && found === document && /^-?[0-9]+$/.test(text);
        return { list: [isItself ? text : sortedText(found)], tainted };
      } catch {
        throw new Trouble('JmesPath');
      }
    }
    default:
      return { list: [], tainted: false };
  }
}

/** Numbers by their text, which alone tells `1` from `1.0` and keeps all digits. */
function toValues(text: string): Plain[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Trouble('JSON');
  }
  const single = (value: unknown, written: string): Plain[] => {
    if (value === null) return [];
    if (typeof value === 'boolean' || typeof value === 'string') return [value];
    if (typeof value !== 'number' || !/^-?[0-9]+$/.test(written)) throw new Trouble('value');
    const integer = BigInt(written);
    if (BigInt.asIntN(64, integer) !== integer) throw new Trouble('int64');
    return [integer];
  };
  if (!Array.isArray(json)) return single(json, text.trim());
  // Members as they were written: nothing random here has a comma inside a string.
  const written = text.trim().slice(1, -1).split(',');
  if (json.some((item) => typeof item === 'object' && item !== null)) throw new Trouble('nested');
  return json.flatMap((item, i) => single(item, (written[i] as string).trim()));
}

function sortedText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${sortedText(inner)}`).join(',')}}`;
}
