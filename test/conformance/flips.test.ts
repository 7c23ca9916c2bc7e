/**
 * Every single bit of a real quote and of its collateral, flipped: refused, or in a place that no signature covers and
 * that is listed here. All bits with ASSAY_EXHAUSTIVE=1 (as CI runs it), else a seeded sample.
 */
import { Appraisal, appraise, type Bytes, type Memo, type NeedName, Refusal } from '@assay/core';
import type { Field } from '@assay/core/bytes';
import { decodeQuote, intelRoot, quoteSettings, sgxQuote } from '@assay/core/intel';
import { pemBlocks } from '@assay/core/pki';
import { expect, test } from 'vitest';
import { withVectors } from '../setup/vectors.ts';
import { anchorsOf } from './dcap-judge.ts';

const exhaustive = process.env['ASSAY_EXHAUSTIVE'] === '1';
const sampleSize = 5;

/** All bits, or a sample by a small generator that is the same everywhere. */
function* sample(bits: number): Generator<number> {
  if (exhaustive) for (let bit = 0; bit < bits; bit++) yield bit;
  for (let i = 0, state = 12_345; !exhaustive && i < sampleSize; i++) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    yield state % bits;
  }
}

const flipped = (bytes: Bytes, bit: number): Bytes => {
  const out = bytes.slice();
  out[bit >> 3] = (out[bit >> 3] as number) ^ (1 << (bit & 7));
  return out;
};
const text = (bytes: Bytes): string => Buffer.from(bytes).toString('latin1');
const sameCertificates = (a: Bytes, b: Bytes): boolean => {
  try {
    return String(pemBlocks(a, 'CERTIFICATE', 3)) === String(pemBlocks(b, 'CERTIFICATE', 3));
  } catch {
    return false;
  }
};

withVectors('T5: single-bit flips', 'dcap', (folder) => {
  const manifest = folder.json('manifest.json');
  const {
    quote: file,
    collateral: files,
    time,
  } = manifest.cases.find((one: { id: string }) => one.id === 'v3-sgx-00906ed50000-334b2f3f@2025-05-27-e17');
  const quote = folder.bytes(file);
  const issuers = new Uint8Array(Buffer.concat([folder.bytes(files.tcbSigningCert), folder.bytes(files.rootCert)]));
  const collateral = new Map<NeedName, Bytes>([
    ['intel/tcb-info-sgx-00906ed50000', folder.bytes(files.tcbInfo)],
    ['intel/tcb-info-sgx-00906ed50000-issuers', issuers],
    ['intel/qe-identity-sgx', folder.bytes(files.qeIdentity)],
    ['intel/qe-identity-sgx-issuers', issuers],
    ['intel/crl-processor', folder.bytes(files.pckCrl)],
    ['intel/crl-root', folder.bytes(files.rootCrl)],
  ]);
  // Remembered cryptography is on: what a flip does not touch is not computed again, and a flip must not be remembered.
  const kept = new Map<string, unknown>();
  const memo: Memo = (key, make) => {
    if (!kept.has(key)) kept.set(key, make());
    return kept.get(key) as ReturnType<typeof make>;
  };
  const accepts = async (evidence: Bytes, have: ReadonlyMap<NeedName, Bytes>): Promise<boolean> => {
    const appraisal = new Appraisal();
    const context = {
      at: new Date(time * 1000),
      settings: quoteSettings.defaults,
      anchors: anchorsOf(intelRoot),
      appraisal,
      memo,
    };
    try {
      const { demands } = await appraise(sgxQuote, { evidence }, { collateral: async () => have }, context);
      appraisal.demand(demands);
      return true;
    } catch (error) {
      if (error instanceof Refusal) return false;
      throw error;
    }
  };

  test('unflipped, they are accepted', async () => expect(await accepts(quote, collateral)).toBe(true));

  test('the quote', { timeout: 600_000 }, async () => {
    const trace: Field[] = [];
    const whole = decodeQuote(quote, trace);
    for (const bit of sample(quote.length * 8)) {
      const changed = flipped(quote, bit);
      if (!(await accepts(changed, collateral))) continue;
      const where = trace
        .filter(({ offset, length }) => bit >> 3 >= offset && bit >> 3 < offset + length)
        .map(({ path }) => path);
      const harmless =
        where.some((path) => path === 'padding' || path.endsWith('.slack')) ||
        // 5 becomes 4, which promises the leaf alone: the chain is there all the same, and verified.
        where.some((path) => path.endsWith('.certificationType')) ||
        // Text around and line ends within the PEM blocks: the certificates in them are the same.
        (where.some((path) => path.endsWith('.certification')) &&
          sameCertificates(whole.certification.data, decodeQuote(changed).certification.data));
      expect.soft(harmless, `bit ${bit & 7} of byte ${bit >> 3} (${where.at(-1)})`).toBe(true);
    }
  });

  test.each([...collateral.keys()])('%s', { timeout: 600_000 }, async (name) => {
    const bytes = collateral.get(name) as Bytes;
    for (const bit of sample(bytes.length * 8)) {
      const changed = flipped(bytes, bit);
      if (!(await accepts(quote, new Map([...collateral, [name, changed]])))) continue;
      const harmless = name.endsWith('-issuers')
        ? sameCertificates(bytes, changed)
        : // Hexadecimal digits of the signature have two cases; the digits are the same.
          text(bytes).toLowerCase() === text(changed).toLowerCase() &&
          bit >> 3 > text(bytes).lastIndexOf('"signature"');
      expect.soft(harmless, `bit ${bit & 7} of byte ${bit >> 3}`).toBe(true);
    }
  });
});
