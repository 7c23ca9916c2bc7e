/** JSON of whatever a command has to say. `JSON.stringify` ends with an error where an integer is too large for a double. */

/** In lines, as `JSON.stringify(value, null, 2)` writes it; integers of any size with all their digits. */
export const jsonText = (value: unknown): string => write(value, '\n', ': ');
/** The same in one line. */
export const jsonLine = (value: unknown): string => write(value, '', ':');

/** @param margin what stands before a value that has a line of its own; nothing where all is one line */
function write(value: unknown, margin: string, colon: string): string {
  if (typeof value === 'bigint') return String(value);
  // As Date has it: such a value says itself what it is in JSON.
  if (value instanceof Date || typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const inner = margin === '' ? '' : `${margin}  `;
  const items = Array.isArray(value)
    ? value.map((item) => write(item, inner, colon))
    : Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .map(([name, member]) => `${JSON.stringify(name)}${colon}${write(member, inner, colon)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return items.length === 0 ? `${open}${close}` : `${open}${inner}${items.join(`,${inner}`)}${margin}${close}`;
}
