/**
 * Microsoft's published sample policies for TPMs, over forged boots of Windows and Linux: what they decide and issue, and
 * where they do not mean what they say. Conditions and queries are taken as they stand, never repaired.
 */
import { Appraisal, appraise, forgetful } from '@assay/core';
import { utf8 } from '@assay/core/bytes';
import { generateKey } from '@assay/core/crypto';
import { compile, evaluate, type Ruling } from '@assay/core/policy';
import { forgeBoot, forgeTpm, linuxBoot, rsaParts, type WantedRequest, windowsBoot } from '@assay/core/testing';
import { aikFamily, tpmRequest, tpmSettings } from '@assay/core/tpm';
import { expect, test } from 'vitest';
import { withVectors } from '../setup/vectors.ts';

const at = new Date('2026-05-01T12:00:00Z');
const tpm = forgeTpm({ at });
const challenge = new Uint8Array(16).fill(7);
const rsa = generateKey('RSA-2048');
const linux = forgeBoot(linuxBoot());
const windows = forgeBoot(windowsBoot({ reportKey: rsaParts(rsa) }));

async function rule(policy: string, request: Partial<WantedRequest>): Promise<Ruling> {
  const evidence = utf8(tpm.request({ boot: linux, challenge, serviceContext: 'AA', ...request }));
  const context = {
    at,
    settings: { ...tpmSettings.defaults },
    anchors: { id: 'forged', of: (family: string) => (family === aikFamily ? [tpm.anchor] : []) },
    appraisal: new Appraisal(),
    memo: forgetful,
  };
  const doors = { collateral: async () => tpm.collateral };
  const { facts } = await appraise(
    tpmRequest,
    { evidence, challenge, provider: 'https://assay.example' },
    doors,
    context,
  );
  return evaluate(compile(policy, { type: 'Tpm' }), tpmRequest.claims(facts, context));
}

const issuedBy = ({ issued }: Ruling): Record<string, unknown> =>
  Object.fromEntries(issued.map(({ name, value }) => [name, value]));

const noPermit = '^No Permit claim was issued';
/** On any machine it finds Defender's driver: a list without members is not null either. */
const sample02 = { aikValidated: true, SecureBootEnabled: true, BitlockerStatus: false, ELAMDriverLoaded: true };
const sample07 = { secureBootEnabled: true, bootDebuggingDisabled: false, drtmMleValid: false };

/** The author and the image that sample 05 wants. */
const identity = { authorId: new Uint8Array(32), imageId: Uint8Array.of(1, 1, ...new Uint8Array(14)) };
const machines = {
  Linux: {},
  Windows: { boot: windows },
  'an enclave': { boot: windows, enclave: { key: rsa } },
  'the enclave of the sample': { boot: windows, enclave: { key: rsa, statement: identity } },
  'a key of the TPM': { bindBy: 'certify' },
} satisfies Record<string, Partial<WantedRequest>>;

withVectors('published policies for TPMs', 'policies', (folder) => {
  const policy = (number: string): string => folder.text(`docs-tpm-attestation-sample-policies-${number}.txt`);

  const cases: readonly (readonly [policy: string, machine: keyof typeof machines, expected: object | string])[] = [
    ['01', 'Windows', { PlatformAttested: true }],
    ['01', 'Linux', {}],
    ['02', 'Windows', { ...sample02, CodeIntegrityEnabled: true }],
    ['02', 'Linux', { ...sample02, CodeIntegrityEnabled: false }],
    // Compares with hexadecimal digits what is written in base64url.
    ['03', 'Windows', noPermit],
    ['04', 'Windows', { drtmMleValid: false }],
    ['05', 'Windows', noPermit],
    ['05', 'an enclave', noPermit],
    ['05', 'the enclave of the sample', {}],
    // A rule asks for a claim that none adds, and numbers are compared with text.
    ['07', 'Windows', { ...sample07, vbsEnabled: true }],
    ['07', 'Linux', { ...sample07, vbsEnabled: false }],
    // Variables that hold lists are no claim values.
    ['08', 'Windows', /^JsonToClaimValue: an array that holds an object/.source],
    ['08', 'Linux', /^JsonToClaimValue: an array that holds an object/.source],
    // One query asks for a member that is spelt otherwise.
    ['09', 'Windows', { alldriverloads: '["\\\\Windows\\\\system32\\\\ntoskrnl.exe"]', DriverLoadPolicy: 'null' }],
    ['09', 'Linux', { alldriverloads: '[]', DriverLoadPolicy: 'null' }],
    ['10', 'a key of the TPM', noPermit],
  ];

  test.each(cases)('sample %s over %s', async (number, machine, expected) => {
    const ruling = await rule(policy(number), machines[machine]);
    if (typeof expected === 'string') {
      expect(ruling.decision).not.toBe('permit');
      expect(ruling.why).toMatch(new RegExp(expected));
    } else {
      expect(ruling.decision).toBe('permit');
      expect(issuedBy(ruling)).toEqual(expected);
    }
  });

  test('sample 06 over Windows gives all events, and those of before hibernation', async () => {
    const kept = { boot: forgeBoot(windowsBoot()), extraData: new Uint8Array(0) };
    const statement = { clockInfo: { clock: 2_000_000n, resetCount: 170, restartCount: 0, safe: 1 as const } };
    const resumed = forgeBoot(windowsBoot({ bootCounter: 170n, transfer: 2 }));
    const issued = issuedBy(await rule(policy('06'), { boot: resumed, kept, statement }));
    for (const name of ['outputEvents', 'outputBootEvents'])
      expect(JSON.parse(String(issued[name])).Events.length).toBeGreaterThan(20);
  });
});
