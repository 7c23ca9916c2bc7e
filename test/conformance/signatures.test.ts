/** Wycheproof: signatures as quotes (r then s), certificates (DER) and tokens carry them, each with what goes wrong in the field. */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fromHex } from '../../packages/core/src/bytes/index.ts';
import { importSpki, type Scheme, verifySignature } from '../../packages/core/src/crypto/index.ts';
import { Malformed } from '../../packages/core/src/errors.ts';
import { expectDocument } from '../setup/document.ts';
import { withVectors } from '../setup/vectors.ts';
import { type Answer, countTable, expectAnswers } from './deviations.ts';

interface Group {
  readonly type: string;
  readonly sha?: string;
  readonly mgfSha?: string;
  readonly sLen?: number;
  readonly keySize?: number;
  readonly publicKeyDer: string;
  readonly tests: readonly {
    readonly tcId: number;
    readonly comment: string;
    readonly msg: string;
    readonly sig: string;
    readonly result: 'valid' | 'invalid' | 'acceptable';
  }[];
}

/** The scheme that a group of cases is about; undefined for combinations that have none. */
function schemeOf({ type, sha = '', mgfSha, sLen }: Group): Scheme | undefined {
  const hash = sha.toLowerCase().replace('-', '');
  if (hash !== '' && !['sha256', 'sha384', 'sha512'].includes(hash)) return undefined;
  switch (type) {
    case 'EcdsaVerify':
      return `ecdsa-${hash}` as Scheme;
    case 'EcdsaP1363Verify':
      return `ecdsa-${hash}-raw` as Scheme;
    case 'RsassaPkcs1Verify':
      return `rsa-pkcs1-${hash}` as Scheme;
    case 'RsassaPssVerify':
      return mgfSha === sha && sLen === Number(hash.slice(3)) / 8 ? (`rsa-pss-${hash}` as Scheme) : undefined;
    case 'EddsaVerify':
      return 'ed25519';
    default:
      return undefined;
  }
}

withVectors('Wycheproof', 'conformance/wycheproof/testvectors_v1', (folder) => {
  const files = readdirSync(folder.path('.'))
    .filter((name) => /^(ecdsa|ed25519|rsa_signature|rsa_pss)_.*_test\.json$|^ed25519_test\.json$/.test(name))
    // Its keys are of kind id-RSASSA-PSS, which nothing here uses.
    .filter((name) => name !== 'rsa_pss_misc_params_test.json')
    .sort();

  function answers(file: string): { readonly inScope: readonly Answer[]; readonly without: number } {
    const inScope: Answer[] = [];
    let without = 0;
    for (const group of folder.json(file).testGroups as Group[]) {
      const scheme = schemeOf(group);
      if (!scheme || (group.keySize ?? 2048) < 2048) {
        without += group.tests.length;
        continue;
      }
      const key = importSpki(fromHex(group.publicKeyDer));
      for (const { tcId, comment, msg, sig, result } of group.tests) {
        const got = verifySignature(scheme, key, fromHex(msg), fromHex(sig)) ? 'valid' : 'invalid';
        // Where the suite leaves the choice (a missing NULL in PKCS #1), the strict answer is ours.
        const want = result === 'acceptable' ? 'invalid' : result;
        inScope.push({ name: `${file.replace('_test.json', '')} ${tcId}`, want, got, why: comment });
      }
    }
    return { inScope, without };
  }
  const results = new Map(files.map((file) => [file, answers(file)]));

  test.each(files.filter((file) => !file.startsWith('rsa')))('%s', (file) => {
    const { inScope = [] } = results.get(file) ?? {};
    expect(inScope.length).toBeGreaterThan(100);
    expectAnswers(inScope, {});
  });
  test.each(files.filter((file) => file.startsWith('rsa')))(
    'T4: RSA padding is checked to the last byte: %s',
    (file) => {
      expectAnswers(results.get(file)?.inScope ?? [], {});
    },
  );

  test('keys that Wycheproof lists for schemes out of scope are refused or unused', () => {
    const groups: readonly Group[] = folder.json('rsa_pss_misc_params_test.json').testGroups;
    for (const { publicKeyDer } of groups) {
      expect(() => importSpki(fromHex(publicKeyDer))).toThrow(Malformed);
    }
  });

  test('counts are documented', () => {
    const rows = [...results.values()];
    const all = rows.flatMap(({ inScope }) => inScope);
    const without = rows.reduce((sum, row) => sum + row.without, 0);
    const text = `## Wycheproof

Signatures of certificates, quotes and tokens. Where the suite leaves the choice, the strict answer is wanted. ${without} more
cases are about SHA-1, SHA-224, salts of another length than the hash, and RSA keys below 2048 bits: there is no scheme to ask.

${countTable(all, (name) => name.split(' ')[0] ?? '')}`;
    expectDocument('docs/explain/conformance.md', 'wycheproof', text);
  });
});
