/**
 * Every point of the policy language on which no public source decides, each behind one name, so that a decision can be
 * changed in one place. What is written beside each is our choice.
 */
import type { PolicyClaim } from './claims.ts';
import type { Operator, SectionName, Verb } from './syntax.ts';
import { sectionNames } from './syntax.ts';
import { kindOf, type Value } from './values.ts';

// Text

/** A byte-order mark at the start is skipped when parsing (and counted when hashing). */
export const byteOrderMark = '\uFEFF';
/** Section keywords and `version` are taken in any case; all other words are compared exactly. */
export const keywordOf = (word: string): string => word.toLowerCase();
/** An identifier begins with a letter or `_`, and goes on with letters, digits and `_`, all of them ASCII. */
export const identifierForm = '[A-Za-z_][A-Za-z0-9_]*';
/** Words of the grammar cannot be identifiers; names of properties and functions can. */
export const isReserved = (word: string): boolean =>
  ['version', ...sectionNames].includes(keywordOf(word)) ||
  ['permit', 'deny', 'add', 'issue', 'issueproperty', 'true', 'false'].includes(word);
/** Integers may be negative or hexadecimal; `010` is ten. */
export const integerForm = '-?(?:0[xX][0-9a-fA-F]+|[0-9]+)';
/** `\"` and `\\` are the only escapes in a string. */
export const escapable = '"\\';
/** There are no block comments. */
export const blockComment = '/*';

// Grammar

/** All three languages are taken for every attestation type; what a later one added is refused in an earlier one. */
export const versions: readonly string[] = ['1.0', '1.1', '1.2'];
/** Features of later languages: `configurationrules` came with 1.1, functions and `!` with 1.2. */
export const since = { configurationrules: '1.1', functions: '1.2', negation: '1.2' } as const;
/** Sections stand in a fixed order, each once; `authorizationrules` must be there. */
export const mandatorySection: SectionName = 'authorizationrules';
/** Which action may stand where. `issue` in `authorizationrules` behaves as `add`: published policies rely on it. */
export const allowedActions: { readonly [section in SectionName]: readonly Verb[] } = {
  configurationrules: ['add', 'issueproperty'],
  authorizationrules: ['permit', 'deny', 'add', 'issue'],
  issuancerules: ['add', 'issue', 'issueproperty'],
};
/** A rule may not say who issues its claims: it could forge the service's. */
export const issuerArgumentIsRefused = true;

// Evaluation

/** Values of different kinds are unequal: 1, true and "1" are three. */
export const areEqual = (a: Value, b: Value): boolean => a === b;
/** Only integers are ordered; between any others `<` and the like do not hold. */
export const areOrdered = (a: Value, b: Value): boolean => kindOf(a) === 'Integer' && kindOf(b) === 'Integer';
/** Against a set, `!=` asks for all members and every other operator for one; against an empty value nothing holds. */
export const asksForAll = (operator: Operator): boolean => operator === '!=';
/** `issue(claim=c)` leaves the claim's issuer as it is. */
export const issuerOfTaken = <Issuer>(issuer: Issuer): Issuer => issuer;
/** Folding two equal claims of which one is read-only makes a read-only claim. */
export const foldedReadOnly = (kept: boolean, added: boolean): boolean => kept || added;
/** Issuing what comes from a read-only claim, also as a property, fails the evaluation. */
export const taintedIssueFails = true;
/** Configuration rules run when a policy is set, over no claims at all, and their properties hold for every evaluation. */
export const configurationClaims: readonly PolicyClaim[] = [];
/** A property issued in another section than its own changes nothing; the checker warns. */
export const misplacedPropertyCounts = false;
/** A property issued more than once: the last one counts. */
export const latestProperty = <T>(_earlier: T | undefined, later: T): T => later;
/** The empty set is a subset of every set. */
export const emptyIsSubset = true;

// Names

/** Prefixes of names that a policy cannot take at a token's top level, whether the service uses the name or not. */
export const reservedPrefixes: readonly string[] = ['x-ms-', 'x-assay-'];
/** What stands in the names of claims that clients send, behind the service's own address. */
export const customClaimPrefix = '/claims/custom/';

// JSON

/** A number is an Integer for `JsonToClaimValue` only if written as one: not `1.0`, not `1e3`. */
export const writtenAsInteger = (number: string): boolean => !/[.eE]/.test(number);
/** `equals_ignore_case` folds ASCII letters only, and is false for anything but two strings. */
export const foldCase = (unit: number): number => (unit >= 0x41 && unit <= 0x5a ? unit + 0x20 : unit);
