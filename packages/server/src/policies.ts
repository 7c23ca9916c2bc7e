/**
 * What a provider demands by attestation type: its policy, compiled once, and the verifier's settings after the policy's
 * configuration rules. A draft is compiled for one request.
 */
import { readFileSync } from 'node:fs';
import {
  type AnyType,
  AttestError,
  type ErrorCode,
  type Json,
  type Prepared,
  type Property,
  policyHash,
} from '@assay/core';
import { compile, defaultPolicies, type Program } from '@assay/core/policy';
import { misconfigured } from './misconfigured.ts';
import { mistakes } from './mistakes.ts';

/** Settings of a verifier: which ones depends on the type. */
// biome-ignore lint/suspicious/noExplicitAny: kinds of evidence are mixed here, as in AnyType
export type AnySettings = any;

/** Answers `World.policy` for one type. */
type Policy = (draft: string | undefined) => Promise<Prepared<AnySettings>>;

/** What the configuration says of one type. */
export interface Demands {
  /** A file with the text of the policy. */
  readonly policyFile?: string;
  readonly baseline?: Readonly<Record<string, unknown>>;
}

export interface PolicyInForce {
  readonly policy: Policy;
  /** The verifier's settings under the stored policy, or the baseline's where there is none. */
  readonly settings: AnySettings;
}

/**
 * @throws {AttestError} ConfigurationInvalid for a baseline that does not fit the verifier, a policy file that cannot be
 * read, or a policy with mistakes: with line and column
 */
export function policyInForce(type: AnyType, { policyFile, baseline = {} }: Demands): PolicyInForce {
  const { settings } = type.verifier;
  const base: AnySettings = { ...settings.defaults, ...baseline };
  refuse('ConfigurationInvalid', mistakes(settings.schema, base, `provider.baselines.${type.name}`));
  const text = policyFile === undefined ? defaultPolicies[type.name] : readPolicy(policyFile);
  const stored = text === undefined ? undefined : asConfigured(policyFile, () => prepared(type, text, base, false));
  return {
    settings: stored?.settings ?? base,
    async policy(draft) {
      if (draft !== undefined) return prepared(type, draft, base, true);
      if (!stored)
        throw new AttestError(
          'PolicyAbsent',
          `A ${wireName(type.name)} attestation policy has not been set on the attestation provider.`,
        );
      return stored;
    },
  };
}

/** In this sentence, recorded, TPMs go by the name of what they were first attested for. */
const wireName = (type: string): string => (type === 'Tpm' ? 'VBS' : type);

function prepared(type: AnyType, text: string, base: AnySettings, draft: boolean): Prepared<AnySettings> {
  const program = compile(text, { type: type.name });
  return { program, hash: policyHash(text), settings: configured(type, program, base), draft };
}

/** The settings as the policy's configuration rules want them. Properties of other types are ignored. */
function configured(type: AnyType, { properties }: Program, base: AnySettings): AnySettings {
  const settings = { ...base };
  for (const [name, value] of Object.entries(properties)) {
    const property: Property<AnySettings> | undefined = Object.hasOwn(type.properties, name)
      ? type.properties[name]
      : undefined;
    if (!property) continue;
    if (!isKind(value, property.kind))
      throw new AttestError(
        'PolicyMalformed',
        `The property ${name} is a ${property.kind}, and this policy sets it to another kind of value`,
      );
    settings[property.sets] = typeof value === 'bigint' ? Number(value) : value;
  }
  refuse('RequestMalformed', mistakes(type.verifier.settings.schema, settings, 'The policy’s configuration rules set'));
  return settings;
}

function isKind(value: Json, kind: Property<AnySettings>['kind']): boolean {
  switch (kind) {
    case 'Boolean':
      return typeof value === 'boolean';
    case 'Integer':
      return typeof value === 'bigint' || Number.isInteger(value);
    case 'String':
      return typeof value === 'string';
  }
}

/** An operator reads one mistake a line; the wire has one sentence. */
function refuse(code: ErrorCode, wrong: readonly string[]): void {
  if (wrong.length > 0) throw new AttestError(code, wrong.join(code === 'ConfigurationInvalid' ? '\n' : '; '));
}

function readPolicy(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (cause) {
    throw misconfigured(`The policy file ${path} cannot be read as UTF-8 text`, cause);
  }
}

/** At start a wrong policy is the operator's fault. */
function asConfigured<T>(path: string | undefined, prepare: () => T): T {
  try {
    return prepare();
  } catch (cause) {
    if (!(cause instanceof AttestError)) throw cause;
    throw misconfigured(`The policy ${path ?? 'in force by default'} is wrong`, cause);
  }
}
