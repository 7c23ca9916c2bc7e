/** One value that is expected, or several of which one must be there. */
export type OneOf<T> = T | readonly T[];

export function listOf<T>(value: OneOf<T> | undefined): readonly T[] | undefined {
  if (value === undefined) return undefined;
  return Array.isArray(value) ? value : [value as T];
}
