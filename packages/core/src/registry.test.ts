import { expect, test } from 'vitest';
import { typeNamed, types } from './registry.ts';

const names = types.flatMap((type) => [type.name, ...(type.aliases ?? [])]);

test('a type is found by each of its names, whatever the case', () => {
  for (const type of types)
    for (const name of [type.name, ...(type.aliases ?? [])])
      for (const spelling of [name, name.toLowerCase(), name.toUpperCase()]) expect(typeNamed(spelling)).toBe(type);
});

test.each(['', 'Sgx', 'SgxEnclave ', 'SgxEnclave/', 'SgxEnclave\u0000', '__proto__', 'constructor', 'ſgxEnclave'])(
  '%j names no type',
  (segment) => expect(typeNamed(segment)).toBeUndefined(),
);

test('no name is taken twice, and each makes a path segment', () => {
  expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[A-Za-z]+$/);
});

test('claims that a type says it makes are said once', () => {
  for (const type of types) expect(new Set(type.serviceClaims).size).toBe(type.serviceClaims.length);
});

test('a property sets a setting that the verifier has', () => {
  for (const type of types)
    for (const { sets } of Object.values(type.properties)) expect(type.verifier.settings.defaults).toHaveProperty(sets);
});
