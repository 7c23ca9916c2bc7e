/**
 * JSON without loss. An integer that a double cannot hold exactly is a `bigint`; objects have no prototype, so that a
 * member called `__proto__` is a member like any other.
 */
export type Json = null | boolean | number | bigint | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
