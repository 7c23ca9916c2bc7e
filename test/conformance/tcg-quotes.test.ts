/** Statements of real TPMs, their keys and certificates, and the derivations of the TPM library. */
import { concat, decode, fromHex, hex } from '@assay/core/bytes';
import { curves, importPkcs8, importSpki, privateKeyFromScalar } from '@assay/core/crypto';
import { type Certificate, isIssuedBy, nameText, parseCertificate, pemBlocks, sameName } from '@assay/core/pki';
import {
  bankOf,
  type EccPublic,
  endorsementKey,
  indicesOf,
  kdfa,
  kdfe,
  makeCredential,
  Public,
  publicKeyOf,
  Quote,
  Signature,
  schemeProblem,
  selectionProblem,
  shareByRsa,
  shareOnCurve,
  signatureProblem,
  tpmCurves,
} from '@assay/core/tpm';
import { describe, expect, test } from 'vitest';
import { withVectors } from '../setup/vectors.ts';
import { type CertifyEntry, certifyProblems, type QuoteEntry, quoteProblems } from './tcg-judge.ts';

withVectors('TPM statements', 'tpm', (folder) => {
  const { quotes, certify } = folder.json('manifest.json') as {
    quotes: readonly QuoteEntry[];
    certify: readonly CertifyEntry[];
  };
  test.each(quotes)('quote: $id', (entry) => {
    expect(quoteProblems(folder, entry)).toEqual([]);
  });
  test.each(certify)('certify: $id', (entry) => {
    expect(certifyProblems(folder, entry)).toEqual([]);
  });

  test('T5: no byte of a quote or its signature can be changed', () => {
    for (const id of ['gce-cos85-nonce9009-sha384', 'dell-latitude-7520']) {
      const entry = quotes.find((one) => one.id === id) as QuoteEntry;
      const attest = folder.bytes(entry.attest);
      const signature = decode(Signature, folder.bytes(entry.signature));
      const key = keyIn(folder.bytes(entry.akPem as string));
      for (let at = 0; at < attest.length; at += 7) {
        const changed = attest.slice();
        changed[at] = (changed[at] as number) ^ 0x40;
        expect(signatureProblem(signature, key, changed), `${id} ${at}`).toBe('does not verify');
      }
      const { value } = signature;
      const part = 'signature' in value ? value.signature : value.r;
      const other = part.map((byte, at) => (at === 5 ? byte ^ 1 : byte));
      const changed = 'signature' in value ? { ...value, signature: other } : { ...value, r: other };
      expect(signatureProblem({ ...signature, value: changed }, key, attest)).toBe('does not verify');
    }
  });
  test('T15: a real client asked for no PCR at all', () => {
    const { attested } = decode(Quote, folder.bytes('quotes/dell-r340-sha1-header/attest.bin'));
    expect(selectionProblem(attested.selection)).toBe('selects no PCR');
    expect(attested.selection.flatMap(indicesOf)).toEqual([]);
  });
  test('a signature must be of the scheme that its key is fixed to', () => {
    const entry = quotes.find(({ id }) => id === 'gcp-windows-shielded') as QuoteEntry;
    const area = decode(Public, folder.bytes(entry.akPublic as string));
    const signature = decode(Signature, folder.bytes(entry.signature));
    expect(schemeProblem(signature, area)).toBeUndefined();
    expect(schemeProblem({ ...signature, scheme: 0x16 }, area)).toBe(
      'is rsaPss with sha1, and the key signs rsaSsa with sha1 only',
    );
  });

  describe('derivations', () => {
    interface Kdf {
      readonly Name: string;
      readonly HashAlg: number;
      readonly Key: string;
      readonly Z: string;
      readonly Label: string;
      readonly ContextU: string;
      readonly ContextV: string;
      readonly Bits: number;
      readonly Result: string;
    }
    const bank = (id: number) => bankOf(id) ?? expect.fail(`${id} is no bank`);
    test.each(['a', 'e'] as const)('KDF%s', (kind) => {
      for (const one of folder.json(`kdf/kdf${kind}.json`) as readonly Kdf[]) {
        const [derive, secret] = kind === 'a' ? [kdfa, one.Key] : [kdfe, one.Z];
        const [u, v] = [fromHex(one.ContextU), fromHex(one.ContextV)];
        expect(hex(derive(bank(one.HashAlg), fromHex(secret), one.Label, u, v, one.Bits)), one.Name).toBe(one.Result);
      }
    });

    interface Encapsulation {
      readonly Name: string;
      readonly Label: string;
      readonly PublicKey: string;
      readonly OAEPSalt: string;
      readonly EphemeralPrivate: string;
      readonly Secret: string;
      readonly Ciphertext: string;
    }
    test('secrets to RSA keys', () => {
      for (const one of folder.json('kdf/rsa_labeled_encaps.json') as readonly Encapsulation[]) {
        const area = decode(Public, fromHex(one.PublicKey));
        // Keys that decrypt anything bring a hash of their own.
        const hash = bank(('scheme' in area ? area.scheme.hash : undefined) ?? area.nameAlg);
        const made = shareByRsa(publicKeyOf(area), hash, one.Label, fromHex(one.Secret), fromHex(one.OAEPSalt));
        expect(hex(made.secret), one.Name).toBe(one.Ciphertext);
      }
    });
    test('secrets to keys on curves', () => {
      for (const one of folder.json('kdf/ecc_labeled_encaps.json') as readonly Encapsulation[]) {
        const area = decode(Public, fromHex(one.PublicKey)) as EccPublic;
        const curve = tpmCurves.get(area.curve) ?? expect.fail('curve');
        const scalar = fromHex(one.EphemeralPrivate.padStart(2 * curves[curve].bytes, '0'));
        const mine = privateKeyFromScalar(curve, scalar);
        const made = shareOnCurve(area, publicKeyOf(area), bank(area.nameAlg), one.Label, mine);
        expect([hex(made.seed), hex(made.secret)], one.Name).toEqual([one.Secret, one.Ciphertext]);
      }
    });
    test('credentials that a TPM opened, made again from the same randomness', () => {
      const { vectors, ekTemplates } = folder.json('example/make-credential.json') as {
        vectors: readonly Record<string, string>[];
        ekTemplates: Record<string, string>;
      };
      const [one] = vectors as [Record<string, string>];
      const spki = importPkcs8(pemBlocks(text(one['ekPrivatePkcs8Pem']), 'PRIVATE KEY', 1)[0] as Uint8Array).public
        .spki;
      const template = fromHex(ekTemplates['L-1 (RSA) from swtpm'] as string);
      // The template's own key is the TPM's: the vector's stands in the same public area.
      const area = decode(Public, concat(template.subarray(0, -256), modulusOf(spki)));
      const { blob } = makeCredential(
        area,
        fromHex(one['akName'] as string),
        fromHex(one['credential'] as string),
        () => fromHex(one['seed'] as string),
      );
      expect(hex(blob)).toBe(one['credentialBlob_TPM2B_ID_OBJECT']);
    });
  });
});

interface CertificateEntry {
  readonly id: string;
  readonly file: string;
  readonly role: string;
  /** Issuers by name, or why there are none. */
  readonly chain?: readonly string[] | string;
}

withVectors('TPM certificates', 'tpm', (folder) => {
  const { certificates } = folder.json('manifest.json') as { certificates: readonly CertificateEntry[] };
  const files = certificates.filter(({ file }) => file.endsWith('.der'));
  const bundle = (name: string): readonly Certificate[] =>
    pemBlocks(folder.bytes(`certs/${name}.pem`), 'CERTIFICATE', 500).map((der) => parseCertificate(der));
  const read = ({ file }: CertificateEntry): Certificate => parseCertificate(trimmed(folder.bytes(file)));

  test.each(files)('$id reads, and so does its key', (entry) => {
    const certificate = read(entry);
    expect(endorsementKey(certificate.spki).bits).toBeGreaterThanOrEqual(256);
    // Bytes around a certificate are for whoever reads a TPM's memory to cut off.
    const stored = folder.bytes(entry.file);
    if (stored.length !== certificate.raw.length) expect(() => parseCertificate(stored)).toThrow('left over');
  });
  test('parts of a name whose attributes are not in the order of DER are read as they are', () => {
    // Nuvoton's issuers and many subject alternative names: quirks of names alone.
    const { issuer } = read(files.find(({ id }) => id === 'ek-guard-sr630ek') as CertificateEntry);
    expect(nameText(issuer)).toContain('+');
  });
  test('vendors’ bundles read whole', () => {
    const [roots, intermediates] = [bundle('vendor-roots'), bundle('vendor-intermediates')];
    expect([roots.length, intermediates.length]).toEqual([26, 143]);
  });
  test.each(files.filter(({ chain }) => Array.isArray(chain)))('$id is issued as its chain says', (entry) => {
    const known = [...files.map(read), ...bundle('vendor-roots'), ...bundle('vendor-intermediates')];
    let at = read(entry);
    for (const name of entry.chain as readonly string[]) {
      const issuer = known.find((one) => isIssuedBy(at, one));
      expect(issuer, name).toBeDefined();
      at = issuer as Certificate;
    }
    expect(sameName(at.issuer, at.subject)).toBe(true);
  });
});

/** What stands in a TPM's memory may have a header of seven bytes, and anything after the DER. */
function trimmed(stored: Uint8Array): Uint8Array {
  const start = stored[0] === 0x10 ? 7 : 0;
  const length = 4 + (((stored[start + 2] as number) << 8) | (stored[start + 3] as number));
  return stored.subarray(start, start + length);
}

const text = (value: string | undefined): Uint8Array => new TextEncoder().encode(value);
const keyIn = (pem: Uint8Array) => importSpki(pemBlocks(pem, 'PUBLIC KEY', 1)[0] ?? expect.fail('no key'));
const modulusOf = (spki: Uint8Array): Uint8Array => spki.subarray(-261, -5);
