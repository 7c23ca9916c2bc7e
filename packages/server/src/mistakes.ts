/** What is wrong with a value by a schema, as sentences for the person who wrote it. */
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';

/**
 * @param at what the value's own path starts with: `provider.baselines.SgxEnclave`
 * @returns one sentence for each mistake; none when the value fits
 */
export function mistakes(schema: TSchema, value: unknown, at = ''): readonly string[] {
  const errors = Value.Errors(schema, value) as readonly SchemaError[];
  return errors.flatMap(({ keyword, instancePath, params, message }) => {
    const path = [...(at === '' ? [] : [at]), ...instancePath.split('/').slice(1)].join('.') || 'configuration';
    // For each unknown name the validator reports the schema `false` as well.
    if (keyword === 'boolean') return [];
    const { additionalProperties } = params;
    if (Array.isArray(additionalProperties))
      return additionalProperties.map(
        (name) => `${path === 'configuration' ? '' : `${path}.`}${name} is not a setting`,
      );
    return [`${path} ${message}`];
  });
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: { readonly additionalProperties?: unknown };
  readonly message: string;
}
