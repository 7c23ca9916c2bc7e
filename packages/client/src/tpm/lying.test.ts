/** A TPM, or whoever listens on its socket, that answers in form and never to the point. */
import { encode } from '@assay/core/bytes';
import { algorithm, capability, commands, selectionOf } from '@assay/core/tcg';
import { expect, test } from 'vitest';
import { readCertificate } from './certificates.ts';
import { answering, fakeTpm } from './fake.test.support.ts';
import { readPcrs } from './pcrs.ts';
import { activeBanks, handlesFrom } from './properties.ts';
import { withTpm } from './tpm.ts';

const told = (kind: number, data: unknown, more = 0) =>
  answering(0, encode(commands.getCapability.answer, { more, capability: kind, data } as never));

/** What becomes of the work, and how many commands it took. */
async function outcome(answer: Parameters<typeof fakeTpm>[0], work: Parameters<typeof withTpm<unknown>>[1]) {
  const fake = fakeTpm((code, count) => {
    if (count > 10_000) throw new RangeError('asked without end');
    return answer(code, count);
  });
  const error = await withTpm(fake.device, work).catch((thrown: unknown) => thrown);
  return { error, asked: fake.got.length };
}

test('PCRs that nobody asked for, again and again', async () => {
  const value = { updateCounter: 7, selection: [selectionOf(algorithm.sha256, [0])], digests: [new Uint8Array(32)] };
  const { error, asked } = await outcome(
    () => answering(0, encode(commands.pcrRead.answer, value)),
    (tpm) => readPcrs(tpm, [selectionOf(algorithm.sha256, [0, 1])]),
  );
  expect(error).toMatchObject({ reason: 'Unfit', command: 'PCR_Read' });
  expect(asked).toBe(2);
});

test('one more handle, whatever there was', async () => {
  const { error, asked } = await outcome(
    (_, count) => told(capability.handles, [0x8000_0000 + count], 1),
    (tpm) => handlesFrom(tpm, 0x8000_0000),
  );
  expect(error).toMatchObject({ reason: 'Nonsense' });
  expect(asked).toBe(4097);
});

test('another capability than the one asked for', async () => {
  const { error } = await outcome(() => told(capability.handles, [1, 2]), activeBanks);
  expect(error).toMatchObject({ reason: 'Nonsense', message: expect.stringContaining('TPM2_GetCapability') });
});

test('a buffer of no bytes', async () => {
  const data = encode(commands.nvRead.answer, { data: new Uint8Array(40) });
  const area = {
    index: 0x01c0_0002,
    nameAlg: algorithm.sha256,
    attributes: 0,
    authPolicy: new Uint8Array(0),
    size: 40,
  };
  const { error, asked } = await outcome(
    (code) =>
      code === commands.nvReadPublic.code
        ? answering(0, encode(commands.nvReadPublic.answer, { public: area, name: new Uint8Array(0) }))
        : code === commands.getCapability.code
          ? told(capability.properties, [{ property: 0x12c, value: 0 }])
          : answering(0, data),
    (tpm) => readCertificate(tpm, 0x01c0_0002),
  );
  expect(error).toMatchObject({ reason: 'Unfit', message: expect.stringContaining('holds no certificate') });
  expect(asked).toBe(3);
});
