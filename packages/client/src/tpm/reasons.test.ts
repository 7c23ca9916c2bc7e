import { describe, expect, test } from 'vitest';
import { refusedBy } from './error.ts';
import { type Asked, passing, responseOf } from './reasons.ts';

/** Codes that a client meets, with all that is said of them. Most are also provoked in a real TPM. */
const said: readonly (readonly [code: number, asked: Asked, reason: string, message: string])[] = [
  [
    0x0_0100,
    { command: 'Startup' },
    'INITIALIZE',
    'TPM2_Startup: the TPM is started already (TPM_RC_INITIALIZE, 0x100)',
  ],
  [
    0x0_0100,
    { command: 'Quote' },
    'INITIALIZE',
    'TPM2_Quote: the TPM was not started after it was powered on (TPM_RC_INITIALIZE, 0x100)',
  ],
  [
    0x0_0084,
    { command: 'Quote' },
    'VALUE',
    'TPM2_Quote: the TPM calls the command malformed, which is a defect of this client (TPM_RC_VALUE, 0x084)',
  ],
  [
    0x0_02c4,
    { command: 'NV_Read', parameters: ['size', 'offset'] },
    'VALUE',
    'TPM2_NV_Read: the TPM refuses parameter 2 (offset): its value is not one that the command takes (TPM_RC_VALUE, 0x2c4)',
  ],
  [
    0x0_02c4,
    { command: 'NV_Read' },
    'VALUE',
    'TPM2_NV_Read: the TPM refuses parameter 2: its value is not one that the command takes (TPM_RC_VALUE, 0x2c4)',
  ],
  [
    0x0_0a84,
    { command: 'Certify' },
    'VALUE',
    'TPM2_Certify: the TPM refuses session 2: its value is not one that the command takes (TPM_RC_VALUE, 0xa84)',
  ],
  [
    0x0_0285,
    { command: 'Certify', handles: [0x8000_0000, 0x8000_0001] },
    'HIERARCHY',
    'TPM2_Certify: the TPM refuses handle 2 (0x80000001) (TPM_RC_HIERARCHY, 0x285)',
  ],
  [
    0x0_0908,
    { command: 'Quote' },
    'YIELDED',
    'TPM2_Quote: the TPM is busy with itself, also after several tries (TPM_RC_YIELDED, 0x908)',
  ],
  [
    0x0_090a,
    { command: 'Quote' },
    'TESTING',
    'TPM2_Quote: the TPM is busy with itself, also after several tries (TPM_RC_TESTING, 0x90a)',
  ],
  [0x0_0120, { command: 'Clear' }, 'DISABLED', 'TPM2_Clear: the TPM refuses (TPM_RC_DISABLED, 0x120)'],
  // A resource manager adds its own number.
  [0xb_0143, { command: 'Sign' }, 'COMMAND_CODE', 'TPM2_Sign: this TPM lacks the command (TPM_RC_COMMAND_CODE, 0x143)'],
  [
    0x0_018b,
    { command: 'NV_ReadPublic', handles: [0x0150_0000] },
    'HANDLE',
    'TPM2_NV_ReadPublic: there is no object 0x01500000 (TPM_RC_HANDLE, 0x18b)',
  ],
  // Of TPM 1.2, of a vendor, and of no specification.
  [0x0_0001, { command: 'Quote' }, 'UNKNOWN', 'TPM2_Quote: the TPM refuses (0x001)'],
  [0x0_0501, { command: 'Quote' }, 'UNKNOWN', 'TPM2_Quote: the TPM refuses (0x501)'],
  [0x0_017f, { command: 'Quote' }, 'UNKNOWN', 'TPM2_Quote: the TPM refuses (0x17f)'],
  [0x0100_0001, { command: 'Quote' }, 'UNKNOWN', 'TPM2_Quote: the TPM refuses (0x1000001)'],
];

test.each(said)('0x%x in %j', (code, asked, reason, message) => {
  const error = refusedBy(code, asked);
  expect([error.reason, error.message]).toEqual([reason, message]);
  expect(error).toMatchObject({ name: 'TpmError', code: 'EvidenceUnavailable', command: asked.command });
});

describe('any code', () => {
  test('is put into a sentence', () => {
    for (let code = 1; code < 0x1000; code++) {
      const { message } = refusedBy(code, { command: 'X', handles: [1], parameters: ['a'] });
      expect(message).toMatch(/^TPM2_X: .{10,} \((TPM_RC_[A-Z0-9_]+, )?0x[0-9a-f]{3}\)$/);
      expect(message).not.toMatch(/undefined|NaN/);
    }
  });

  test('is passing for three names alone, whatever layer says it', () => {
    const found = Array.from({ length: 0x1000 }, (_, code) => code).filter((code) =>
      passing.has(responseOf(code).name),
    );
    expect(found.map((code) => code.toString(16))).toEqual(['908', '90a', '922']);
    expect(passing.has(responseOf(0xb_0922).name)).toBe(true);
  });
});
