import { encode, hex } from '@assay/core/bytes';
import { Public } from '@assay/core/tcg';
import { describe, expect, test } from 'vitest';
import { attestationTemplate, ekPolicies, ekTemplates, requestTemplate, storageTemplate } from './templates.ts';

const a256 = '837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa';

test('policies of endorsement keys are the published ones', () => {
  const { a, b } = ekPolicies('sha256');
  expect([hex(a), hex(b)]).toEqual([a256, 'ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0']);
  const long = ekPolicies('sha384');
  expect([hex(long.a).slice(0, 8), hex(long.b).slice(0, 8)]).toEqual(['8bbf2266', 'b26e7d28']);
});

describe('public areas', () => {
  const zeros = (bytes: number) => '00'.repeat(bytes);
  const area = (name: string): Public => {
    const found = ekTemplates().find((template) => template.name === name);
    return found ? found.area : expect.fail(name);
  };

  test.each<[string, Public, string]>([
    ['L-1', area('L-1'), `0001 000b 000300b2 0020${a256} 000600800043 0010 0800 00000000 0100${zeros(256)}`],
    ['L-2', area('L-2'), `0023 000b 000300b2 0020${a256} 000600800043 0010 0003 0010 ${`0020${zeros(32)}`.repeat(2)}`],
    ['storage key', storageTemplate, '0023 000b 00030472 0000 000600800043 0010 0003 0010 0000 0000'],
    ['AK, RSA', attestationTemplate({ type: 'RSA' }), '0001 000b 00050472 0000 0010 0014000b 0800 00000000 0000'],
    ['AK, P-256', attestationTemplate({ type: 'P-256' }), '0023 000b 00050472 0000 0010 0018000b 0003 0010 0000 0000'],
    ['request key, RSA', requestTemplate('RSA'), '0001 000b 00040472 0000 0010 0016000b 0800 00000000 0000'],
    ['request key, P-256', requestTemplate('P-256'), '0023 000b 00040472 0000 0010 0018000b 0003 0010 0000 0000'],
  ])('%s, byte for byte', (_, template, bytes) => {
    expect(hex(encode(Public, template))).toBe(bytes.replaceAll(' ', ''));
  });

  test.each([
    ['L-1', 314],
    ['L-2', 122],
    ['H-1', 58],
    ['H-2', 58],
    ['H-3', 74],
  ])('%s has %i bytes', (name, length) => {
    expect(encode(Public, area(name)).length).toBe(length);
  });
});
