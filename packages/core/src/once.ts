/**
 * What follows from an object that never changes is worked out once, however many ask, and forgotten with the object.
 * What throws is worked out again.
 */
export function once<K extends object, V>(work: (of: K) => V): (of: K) => V {
  const known = new WeakMap<K, { readonly value: V }>();
  return (of) => {
    const found = known.get(of);
    if (found) return found.value;
    const value = work(of);
    known.set(of, { value });
    return value;
  };
}
