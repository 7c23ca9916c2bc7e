/** Nested settings by dotted path, as they are before the schema has seen them. */
export interface Tree {
  [name: string]: unknown;
}

export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function at(tree: Tree, path: string): unknown {
  let value: unknown = tree;
  for (const name of path.split('.')) value = isTree(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}

/** Sets a value, making sections on the way. Where a section should be and something else is, the schema will say so. */
export function put(tree: Tree, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop() ?? '';
  let here = tree;
  for (const name of names) {
    if (!Object.hasOwn(here, name)) here[name] = {};
    const inner = here[name];
    if (!isTree(inner)) return;
    here = inner;
  }
  here[last] = value;
}
