import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonLine, jsonText } from './json.ts';

test('what JSON.stringify writes is written the same', () => {
  const values = fc.anything({ withDate: true, withNullPrototype: true, maxDepth: 4 });
  fc.assert(
    fc.property(values, (value) => {
      fc.pre(value !== undefined);
      expect(jsonText(value)).toBe(JSON.stringify(value, null, 2));
      expect(jsonLine(value)).toBe(JSON.stringify(value));
    }),
  );
  expect(jsonText({ a: undefined, b: [undefined, {}, []] })).toBe(
    JSON.stringify({ a: undefined, b: [undefined, {}, []] }, null, 2),
  );
});

test('integers that a double cannot hold, with all their digits', () => {
  expect(jsonLine({ a: [12345678901234567890n], b: -(2n ** 64n) })).toBe(
    '{"a":[12345678901234567890],"b":-18446744073709551616}',
  );
  expect(jsonText({ a: 2n ** 63n })).toBe('{\n  "a": 9223372036854775808\n}');
});
