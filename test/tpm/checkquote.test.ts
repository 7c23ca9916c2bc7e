/**
 * Quotes of a live TPM before two judges: tpm2-tools' tpm2_checkquote and the verifier of core. 200 random sessions where
 * ASSAY_EXHAUSTIVE is set, 10 otherwise; each also with one thing wrong at a time. Version 5.4 of the tool takes every RSA
 * signature for PKCS #1: of RSA-PSS the openssl command judges the signature.
 */
import { execFile } from 'node:child_process';
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BankValues,
  createAttestationKey,
  extendPcr,
  type KeyBlob,
  type KeyKind,
  loadKey,
  type PcrChoice,
  quotePcrs,
  selectionsFor,
  withTpm,
} from '@assay/client';
import type { SoftwareTpm } from '@assay/client/testing';
import {
  base64url,
  bytes,
  concat,
  decode,
  encode,
  equal,
  hex,
  list,
  struct,
  u8,
  u16le,
  u32le,
} from '@assay/core/bytes';
import {
  algorithm,
  type Bank,
  bankOf,
  type PcrValues,
  type Public,
  pcrsProblem,
  publicKeyOf,
  Quote,
  Signature,
  schemeProblem,
  selectionOf,
  signatureProblem,
} from '@assay/core/tpm';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { withSwtpm } from '../setup/swtpm.ts';

const sessions = process.env['ASSAY_EXHAUSTIVE'] ? 200 : 10;

const kinds: readonly KeyKind[] = [
  { type: 'RSA' },
  { type: 'RSA', hash: 'sha1' },
  { type: 'RSA', hash: 'sha384' },
  { type: 'RSA', hash: 'sha512' },
  { type: 'P-256' },
  { type: 'P-256', hash: 'sha384' },
  { type: 'P-384' },
  { type: 'P-384', hash: 'sha256' },
];
const pssKinds: readonly KeyKind[] = [
  { type: 'RSA', padding: 'PSS' },
  { type: 'RSA', padding: 'PSS', hash: 'sha384' },
];

const bank = fc.constantFrom<Bank>('sha1', 'sha256', 'sha384');
const pcr = fc.integer({ min: 0, max: 23 });
/** Selections in any order of banks; tpm2_checkquote takes no bank of which nothing is selected. */
const choices = fc.uniqueArray(fc.record({ bank, indices: fc.uniqueArray(pcr, { minLength: 1, maxLength: 24 }) }), {
  minLength: 1,
  maxLength: 3,
  selector: (choice) => choice.bank,
});
const sessionOf = (among: readonly KeyKind[]) =>
  fc.record({
    kind: fc.constantFrom(...among),
    choices,
    nonce: fc.uint8Array({ minLength: 1, maxLength: 64 }),
    extended: fc.record({
      pcr: fc.integer({ min: 0, max: 16 }),
      digest: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    }),
    flip: fc.nat(),
  });

/** All that a judge gets to see. */
interface Case {
  readonly attest: Uint8Array;
  readonly signature: Uint8Array;
  readonly nonce: Uint8Array;
  readonly values: readonly BankValues[];
}

const flipped = (input: Uint8Array, at: number): Uint8Array =>
  input.map((byte, i) => (i === (at >> 3) % input.length ? byte ^ (1 << (at & 7)) : byte));

function core({ attest, signature, nonce, values }: Case, area: Public): boolean {
  const read = decode(Signature, signature);
  const quote = decode(Quote, attest);
  const pcrs: PcrValues = new Map(
    values.map((one) => [one.bank, new Map(one.values.map(({ index, digest }) => [index, digest]))]),
  );
  return (
    schemeProblem(read, area) === undefined &&
    signatureProblem(read, publicKeyOf(area), attest) === undefined &&
    equal(quote.extraData, nonce) &&
    pcrsProblem(quote, pcrs, bankOf(read.value.hash) as Bank) === undefined
  );
}

withSwtpm(
  'quotes before tpm2_checkquote and core',
  ({ start }) => {
    let machine: SoftwareTpm;
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'quote-'));
    });
    afterAll(() => rmSync(folder, { recursive: true }));
    const blobs = new Map<KeyKind, KeyBlob>();
    const put = (name: string, content: Uint8Array | string): string => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };

    const checkquote = ({ attest, signature, nonce, values }: Case, area: Public): Promise<boolean> => {
      const hash = bankOf(decode(Signature, signature).value.hash) as string;
      const files = ['-u', put('key.pem', pemOf(area)), '-m', put('attest', attest), '-s', put('signature', signature)];
      return says('tpm2_checkquote', [...files, '-q', hex(nonce), '-g', hash, '-f', put('pcrs', serialized(values))]);
    };
    const openssl = ({ attest, signature }: Case, area: Public): Promise<boolean> => {
      const { value } = decode(Signature, signature);
      if (!('signature' in value)) throw new TypeError('no RSA signature');
      const padding = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest'];
      const key = ['-verify', put('key.pem', pemOf(area)), '-signature', put('signature', value.signature)];
      return says('openssl', ['dgst', `-${bankOf(value.hash)}`, ...padding, ...key, put('attest', attest)]);
    };

    interface Session {
      readonly kind: KeyKind;
      readonly choices: readonly PcrChoice[];
      readonly nonce: Uint8Array;
      readonly extended: { readonly pcr: number; readonly digest: Uint8Array };
      /** A bit. */
      readonly flip: number;
    }

    /** The TPM's own statement, and the same with another nonce, another signature, another value of a PCR. */
    async function cases({ kind, choices, nonce, extended, flip }: Session): Promise<[Public, ...Case[]]> {
      const [area, quoted] = await withTpm(machine.address, async (tpm) => {
        const blob = blobs.get(kind) ?? (await createAttestationKey(tpm, kind));
        blobs.set(kind, blob);
        const key = await loadKey(tpm, blob);
        await extendPcr(tpm, extended.pcr, [{ hash: algorithm.sha256, digest: extended.digest }]);
        return [key.area, await quotePcrs(tpm, key, await selectionsFor(tpm, choices), nonce)];
      });
      const { attest, signature, pcrs: values } = quoted;
      const genuine: Case = { attest, signature, nonce, values };
      const [first, ...others] = values as [BankValues, ...BankValues[]];
      const [value, ...more] = first.values as [BankValues['values'][0], ...BankValues['values']];
      const bent = { ...first, values: [{ ...value, digest: flipped(value.digest, flip) }, ...more] };
      return [
        area,
        genuine,
        { ...genuine, nonce: flipped(nonce, flip) },
        { ...genuine, signature: flippedSignature(signature, flip) },
        { ...genuine, values: [bent, ...others] },
      ];
    }

    beforeEach(async () => {
      machine = await start();
      blobs.clear();
    });

    test(`tpm2_checkquote, ${sessions} sessions`, { timeout: 600_000 }, async () => {
      const counts = { sessions: 0, 'quotes that both accept': 0, 'quotes that both refuse': 0 };
      const keys = new Map<string, number>();
      for (const one of fc.sample(sessionOf(kinds), { numRuns: sessions, seed: 6 })) {
        const [area, ...shown] = await cases(one);
        const verdicts: (readonly [theirs: boolean, ours: boolean])[] = [];
        for (const each of shown) verdicts.push([await checkquote(each, area), core(each, area)]);
        const no = [false, false];
        expect({ ...one, verdicts }).toEqual({ ...one, verdicts: [[true, true], no, no, no] });
        counts.sessions++;
        for (const [, ours] of verdicts) counts[`quotes that both ${ours ? 'accept' : 'refuse'}`]++;
        const key = `${one.kind.type} ${one.kind.hash ?? 'sha256'}`;
        keys.set(key, (keys.get(key) ?? 0) + 1);
      }
      const told = [...Object.entries(counts), ...keys].map((pair) => pair.join(' '));
      console.log(`tpm2_checkquote: ${told.join(', ')}`);
    });

    test(`RSA-PSS, ${sessions / 5} sessions`, async () => {
      for (const one of fc.sample(sessionOf(pssKinds), { numRuns: sessions / 5, seed: 6 })) {
        const [area, genuine, otherNonce, otherSignature, otherValue] = await cases(one);
        const seen = [genuine, otherNonce, otherSignature, otherValue] as [Case, Case, Case, Case];
        expect(seen.map((each) => core(each, area))).toEqual([true, false, false, false]);
        expect([await openssl(seen[0], area), await openssl(seen[2], area)]).toEqual([true, false]);
      }
    });
  },
  { tpm2_checkquote: 'tpm2-tools', openssl: 'openssl' },
);

/** Whether a program is content. */
const says = (program: string, arguments_: readonly string[]): Promise<boolean> =>
  new Promise((resolve) => execFile(program, arguments_, (error) => resolve(error === null)));

/** One bit of the signature itself, not of the lengths and numbers before it. */
function flippedSignature(signature: Uint8Array, at: number): Uint8Array {
  const start = 6;
  const body = signature.subarray(start);
  const isEcdsa = decode(Signature, signature).scheme === algorithm.ecdsa;
  const length = isEcdsa ? new DataView(signature.buffer, signature.byteOffset).getUint16(4) : body.length;
  return new Uint8Array([
    ...signature.subarray(0, start),
    ...flipped(body.subarray(0, length), at),
    ...body.subarray(length),
  ]);
}

/** Structures of tpm2-tss as they stand in memory: what its tools keep PCR values in. */
const KeptSelection = struct({ hash: u16le, size: u8, select: bytes(5) });
const KeptDigest = struct({ size: u16le, digest: bytes(64) });
const KeptDigests = struct({ count: u32le, digests: bytes(8 * 66) });
const Kept = struct({ count: u32le, selections: bytes(16 * 8), pieces: list(u32le, KeptDigests, 100) });

function serialized(values: readonly BankValues[]): Uint8Array {
  const filled = (size: number, parts: readonly Uint8Array[]): Uint8Array => {
    const out = new Uint8Array(size);
    out.set(concat(...parts));
    return out;
  };
  const selections = values.map((one) => {
    const { select } = selectionOf(
      algorithm[one.bank],
      one.values.map(({ index }) => index),
    );
    return encode(KeptSelection, { hash: algorithm[one.bank], size: 3, select: filled(5, [select]) });
  });
  const digests = values
    .flatMap((one) => one.values)
    .map(({ digest }) => encode(KeptDigest, { size: digest.length, digest: filled(64, [digest]) }));
  const pieces = Array.from({ length: Math.ceil(digests.length / 8) }, (_, i) => digests.slice(8 * i, 8 * i + 8));
  return encode(Kept, {
    count: selections.length,
    selections: filled(16 * 8, selections),
    pieces: pieces.map((piece) => ({ count: piece.length, digests: filled(8 * 66, piece) })),
  });
}

function pemOf(area: Public): string {
  if (!('modulus' in area) && !('curve' in area)) throw new TypeError('no key');
  const jwk: JsonWebKey =
    'modulus' in area
      ? { kty: 'RSA', n: base64url(area.modulus), e: 'AQAB' }
      : { kty: 'EC', crv: area.curve === 3 ? 'P-256' : 'P-384', x: base64url(area.x), y: base64url(area.y) };
  return createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }) as string;
}
