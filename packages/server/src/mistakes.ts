/** What is wrong with a value by a schema, as sentences for the person who wrote it. */
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { nearest } from './nearest.ts';
import { settingsOf } from './settings.ts';

/**
 * @param at what the value's own path starts with: `provider.baselines.SgxEnclave`
 * @returns one sentence for each mistake; none when the value fits
 */
export function mistakes(schema: TSchema, value: unknown, at = ''): readonly string[] {
  const errors = Value.Errors(schema, value) as readonly SchemaError[];
  const under = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);
  return errors.flatMap(({ keyword, schemaPath, instancePath, params, message }) => {
    const path = instancePath.split('/').slice(1).reduce(under, at);
    // For each unknown name the validator reports the schema `false` as well.
    if (keyword === 'boolean') return [];
    const { properties = {}, form } = schemaAt(schema, schemaPath);
    const { additionalProperties, allowedValues } = params;
    if (Array.isArray(additionalProperties)) {
      const siblings = Object.keys(properties).map((name) => under(path, name));
      const known = [...siblings, ...settingsOf(schema).map((setting) => under(at, setting.path))];
      return additionalProperties.map((name) => strange(under(path, name), nearest(under(path, name), known)));
    }
    const listed = Array.isArray(allowedValues) ? `one of ${allowedValues.join(', ')}` : undefined;
    const wanted = form ?? listed ?? (keyword === 'type' ? kinds[String(params.type)] : undefined);
    return [`${path || 'configuration'} ${wanted === undefined ? message : `must be ${wanted}`}`];
  });
}

/** What JSON Schema calls kinds of values, for people. */
const kinds: { readonly [type: string]: string } = {
  array: 'a list',
  object: 'a group of settings',
  string: 'text',
  boolean: 'true or false',
  integer: 'a whole number',
};

/** @param meant perhaps */
export const strange = (name: string, meant: string | undefined): string =>
  `${name} is not a setting${meant === undefined ? '' : `; did you mean ${meant}?`}`;

interface SchemaError {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly params: {
    readonly additionalProperties?: unknown;
    readonly allowedValues?: unknown;
    readonly type?: unknown;
  };
  readonly message: string;
}

/** What of a schema is looked at here; `form` says in words what a pattern demands. */
interface Part {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly form?: string;
}

/** @param path as the validator gives it: `#/properties/listen` */
const schemaAt = (schema: TSchema, path: string): Part =>
  path
    .split('/')
    .slice(1)
    .reduce<Record<string, unknown>>(
      (part, name) => (part[name] ?? {}) as Record<string, unknown>,
      schema as unknown as Record<string, unknown>,
    ) as Part;
