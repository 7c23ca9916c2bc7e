/** A policy file of the command line: compiled, and the settings of the baseline as its configuration rules want them. */
import { AttestError, type Bytes, Malformed, typeNamed } from '@assay/core';
import { fromUtf8 } from '@assay/core/bytes';
import type { QuoteSettings } from '@assay/core/intel';
import { compile, type Program } from '@assay/core/policy';
import { CommandError } from './exit.ts';

/**
 * @param type name of the attestation type that the policy is for
 * @throws {CommandError} usage, for text that is no policy
 */
export function compiledPolicy(
  file: Bytes,
  name: string,
  type: string,
  settings: QuoteSettings,
): { readonly program: Program; readonly settings: QuoteSettings } {
  try {
    const program = compile(fromUtf8(file, name), { type });
    return { program, settings: configured(program, type, settings) };
  } catch (cause) {
    if (!(cause instanceof AttestError || cause instanceof Malformed)) throw cause;
    throw new CommandError('usage', `the policy ${name} is wrong: ${cause.message}`, [], cause);
  }
}

function configured({ properties }: Program, type: string, settings: QuoteSettings): QuoteSettings {
  // Only SGX knows a property that changes the baseline; properties of other types are ignored, as the service does.
  const property = 'x-ms-sgx-tcbidentifier';
  const value =
    typeNamed(type)?.properties[property] && Object.hasOwn(properties, property) ? properties[property] : undefined;
  if (value === undefined) return settings;
  if (typeof value !== 'string' || !/^(azuredefault|\d{1,5})$/.test(value))
    throw new AttestError('PolicyMalformed', `${property} must be «azuredefault» or a number in a string`);
  return { ...settings, tcbIdentifier: value };
}
