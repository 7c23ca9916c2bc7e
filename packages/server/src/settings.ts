/** The settings of a schema one by one: their paths, the variables and flags that set them, and values from text. */
import { resolve } from 'node:path';
import type { TSchema } from 'typebox';
import { parse } from 'yaml';
import { misconfigured } from './misconfigured.ts';

/** What of a JSON Schema is looked at here; `file` and `secret` are annotations of our own. */
interface Annotated {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Annotated>>;
  readonly patternProperties?: Readonly<Record<string, Annotated>>;
  readonly items?: Annotated;
  readonly description?: string;
  readonly default?: unknown;
  readonly file?: boolean;
  readonly secret?: boolean;
}

export interface Setting {
  /** `listen.port` */
  readonly path: string;
  /** `ASSAY_LISTEN_PORT` */
  readonly env: string;
  /** `listen-port` */
  readonly flag: string;
  readonly description: string;
  readonly default: unknown;
  readonly secret: boolean;
  readonly schema: TSchema;
  /** The value with file paths made absolute from a folder. */
  readonly absolute: (value: unknown, folder: string) => unknown;
}

/** Every setting, in the order of the schema. */
export function settingsOf(schema: TSchema, path: readonly string[] = []): readonly Setting[] {
  const { properties } = schema as Annotated;
  if (properties)
    return Object.entries(properties).flatMap(([name, inner]) => settingsOf(inner as TSchema, [...path, name]));
  const words = path.flatMap((name) => name.split(/(?=[A-Z])/)).map((word) => word.toLowerCase());
  const { description = '', secret = false, default: fallback } = schema as Annotated;
  return [
    {
      path: path.join('.'),
      env: `ASSAY_${words.join('_').toUpperCase()}`,
      flag: words.join('-'),
      description,
      default: fallback,
      secret,
      schema,
      absolute: (value, folder) => absolute(schema as Annotated, value, folder),
    },
  ];
}

function absolute(schema: Annotated, value: unknown, folder: string): unknown {
  if (schema.file && typeof value === 'string') return resolve(folder, value);
  const { items } = schema;
  if (items && Array.isArray(value)) return value.map((item) => absolute(items, item, folder));
  if (schema.properties && typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => {
        const own = schema.properties?.[name];
        return [name, own ? absolute(own, item, folder) : item];
      }),
    );
  const [inner] = Object.values(schema.patternProperties ?? {});
  if (inner?.file && typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, absolute(inner, item, folder)]));
  return value;
}

/**
 * A value of a setting out of an environment variable or flag: text as it is, lists with commas or as YAML, all else as
 * YAML (and so JSON).
 */
export function fromText(setting: Setting, text: string): unknown {
  const { type } = setting.schema as Annotated;
  if (type === 'array' && !text.trimStart().startsWith('['))
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  if (type === undefined || type === 'string') return text;
  try {
    return parse(text);
  } catch (cause) {
    throw misconfigured(`${setting.env} (--${setting.flag}) cannot be read as a value`, cause);
  }
}
