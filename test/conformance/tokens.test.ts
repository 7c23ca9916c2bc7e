/**
 * Genuine tokens of Azure Attestation, verified as a relying party would have on that day: metadata and key set are
 * served as recorded, the time is that of the token. And the JWS edge cases of Wycheproof.
 */
import { type Algorithm, algorithms, type Fetch, sgx, type TokenVerifier, tokenVerifier } from '@assay/relying-party';
import { describe, expect, test } from 'vitest';
import { splitCompact } from '../../packages/relying-party/src/compact.ts';
import { headerProblems } from '../../packages/relying-party/src/header.ts';
import { parseObject } from '../../packages/relying-party/src/json.ts';
import { publishedKeys } from '../../packages/relying-party/src/jwks.ts';
import { signersOf } from '../../packages/relying-party/src/signature.ts';
import { type Folder, withVectors } from '../setup/vectors.ts';

interface Recorded {
  readonly kid: string;
  readonly subject: string;
  readonly x5c: readonly string[];
}

/** Answers as the issuer did: metadata, and every recorded certificate in its key set. */
const serving =
  (issuer: string, keys: readonly object[]): Fetch =>
  async (url) =>
    new Response(JSON.stringify(url === `${issuer}/certs` ? { keys } : { issuer, jwks_uri: `${issuer}/certs` }));

const decoded = (part: string | undefined) => JSON.parse(Buffer.from(part ?? '', 'base64url').toString());
const partsOf = (token: string) => {
  const [header, payload] = token.split('.');
  return { header: decoded(header), claims: decoded(payload) };
};

withVectors('tokens of Azure Attestation', '.', (folder) => {
  const recorded: readonly Recorded[] = folder.json('sdk-recordings/maa-service-certs/signing-certs.json');
  const keys = recorded.map(({ kid, x5c }) => ({ kid, kty: 'RSA', x5c }));
  const raw = (name: string): string => folder.text(`tokens/raw/${name}.jwt`).trim();
  const verifierOf = (token: string): TokenVerifier => {
    const { iss } = partsOf(token).claims;
    return tokenVerifier({ issuer: iss, fetch: serving(iss, keys) });
  };
  const at = (token: string) => ({ now: new Date(partsOf(token).claims.iat * 1000) });

  const genuine = [
    'mgmt-add-certificate',
    'mgmt-get-policy',
    'mgmt-get-policy-certificates',
    'mgmt-get-policy-tpm-empty',
    'mgmt-remove-certificate',
    'mgmt-reset-policy',
    'mgmt-set-policy-signed',
    'mgmt-set-policy-unsigned',
    'sgx-2021-js-no-x-ms-policy',
    'sgx-2022-openenclave-simple',
    'sgx-2022-runtime-binary',
    'sgx-2022-runtime-json',
    'sgx-2022-sgxenclave-simple',
  ];

  test.each(genuine)('%s is verified', async (name) => {
    const token = raw(name);
    const { claims, insecure } = await verifierOf(token).verify(token, at(token));
    expect(claims).toEqual(partsOf(token).claims);
    expect(insecure).toEqual([]);
  });

  test.each(genuine)('%s is refused after a change of any character (a sample of them)', async (name) => {
    await refusesChanges(raw(name), 41);
  });

  test('sgx-2022-sgxenclave-simple is refused after every change of one character', async () => {
    await refusesChanges(raw('sgx-2022-sgxenclave-simple'), 1);
  });

  async function refusesChanges(token: string, step: number): Promise<void> {
    const verifier = verifierOf(token);
    const accepted: number[] = [];
    for (let i = 0; i < token.length; i += step)
      for (const other of ['A', 'b', '_', '=', '.', ' ']
        .filter((character) => character !== token[i])
        .slice(i % 4, (i % 4) + 2))
        await verifier.verify(token.slice(0, i) + other + token.slice(i + 1), at(token)).then(
          () => accepted.push(i),
          () => {},
        );
    expect(accepted).toEqual([]);
  }

  test('sgx-2021-policy-signer is refused: its key has 1024 bits', async () => {
    const token = raw('sgx-2021-policy-signer');
    await expect(verifierOf(token).verify(token, at(token))).rejects.toThrow(/not fit for RS256/);
  });

  test('T3: the token of a draft policy is refused as unsigned, not as signed by a stranger', async () => {
    const token = raw('sgx-2022-draft-policy');
    await expect(verifierOf(token).verify(token, at(token))).rejects.toMatchObject({
      problems: [{ code: 'header.algorithm', found: 'none' }],
    });
  });

  test.each([
    'azurevm-2023-sharedweu',
    'sevsnpvm-2022-restspec-nonce',
    'sevsnpvm-2025-sharedweu',
    'sgx-2020-restspec',
    'tpm-2025-01-28-outputEvents',
    'tpm-2025-01-28-windows-health',
  ])('T3: %s is refused: its key is not published, whatever certificates it brings along', async (name) => {
    const token = raw(name);
    await expect(verifierOf(token).verify(token, at(token))).rejects.toMatchObject({
      problems: [{ code: 'header.key-id' }],
    });
  });

  test('all of them have expired by now', async () => {
    const token = raw('sgx-2022-sgxenclave-simple');
    await expect(verifierOf(token).verify(token)).rejects.toMatchObject({ problems: [{ code: 'claims.expired' }] });
  });

  test('T51: the certificate of a key carries others as PEM in its evidence, and is still read as itself', async () => {
    const { kid } = partsOf(raw('sgx-2022-sgxenclave-simple')).header;
    const entry = recorded.find((one) => one.kid === kid);
    expect(Buffer.from(entry?.x5c[0] ?? '', 'base64').includes('-----BEGIN CERTIFICATE-----')).toBe(true);
    const [key] = publishedKeys({ keys: [{ kid, x5c: entry?.x5c }] }, 'the vectors');
    expect(await key?.for('RS256')).toBeDefined();
    expect(await key?.for('ES256')).toBeUndefined();
  });

  test('expectations of an SGX enclave hold for the enclave that was attested, and for no other', async () => {
    const token = raw('sgx-2022-runtime-binary');
    const { claims } = partsOf(token);
    const told = (name: string) => claims[`x-ms-sgx-${name}`];
    const expected = {
      mrenclave: told('mrenclave'),
      mrsigner: told('mrsigner'),
      productId: told('product-id'),
      minimumSvn: told('svn'),
      debuggable: true,
      runtimeData: Buffer.from(told('ehd'), 'base64url'),
    };
    const verifier = verifierOf(token);
    await expect(verifier.verify(token, { ...at(token), expect: sgx(expected) })).resolves.toBeDefined();
    const other = { ...expected, mrenclave: 'ff'.repeat(32), runtimeData: Buffer.from('x'), debuggable: false };
    await expect(verifier.verify(token, { ...at(token), expect: sgx(other) })).rejects.toMatchObject({
      problems: [
        { code: 'sgx.mrenclave' },
        ...(told('is-debuggable') ? [{ code: 'sgx.debuggable' }] : []),
        { code: 'sgx.runtime-data' },
      ],
    });
  });

  describe('tokens of recorded exchanges', () => {
    test.each(exchangeFiles)('%s: every signed token is verified, unless its key is weak', async (name, count) => {
      const tokens = tokensOf(folder, name).filter((token) => partsOf(token).header.alg !== 'none');
      const outcomes = await Promise.all(
        tokens.map((token) =>
          verifierOf(token)
            .verify(token, at(token))
            .then(
              () => 'verified',
              (error: Error) => (/not fit for RS256/.test(error.message) ? 'weak key' : error.message),
            ),
        ),
      );
      const weak = outcomes.filter((outcome) => outcome === 'weak key').length;
      const verified = outcomes.filter((outcome) => outcome === 'verified').length;
      expect({ verified, weak, other: outcomes.length - verified - weak }).toEqual(count);
    });
  });
});

/** How many signed tokens each file holds; those of 2021 and before are signed with 1024 bits and refused for that. */
const exchangeFiles: readonly (readonly [string, object])[] = [
  ['attest-sgxenclave', { verified: 13, weak: 4, other: 0 }],
  ['attest-openenclave', { verified: 14, weak: 0, other: 0 }],
  ['certificates-add', { verified: 1, weak: 1, other: 0 }],
  ['certificates-get', { verified: 7, weak: 0, other: 0 }],
  ['certificates-remove', { verified: 1, weak: 1, other: 0 }],
  ['policy-get', { verified: 54, weak: 11, other: 0 }],
  ['policy-reset', { verified: 9, weak: 0, other: 0 }],
  ['policy-set', { verified: 12, weak: 0, other: 0 }],
];

const tokensOf = (folder: Folder, name: string): readonly string[] =>
  folder
    .json(`sdk-recordings/exchanges/${name}.json`)
    .map((exchange: { response?: { body?: { token?: unknown } } }) => exchange.response?.body?.token)
    .filter((token: unknown) => typeof token === 'string');

interface Group {
  readonly public?: object;
  readonly tests: readonly Case[];
}
interface Case {
  readonly tcId: number;
  readonly comment: string;
  readonly jws: unknown;
  readonly result: 'valid' | 'invalid';
}

withVectors('Wycheproof json_web_signature', 'conformance/wycheproof/testvectors_v1', (folder) => {
  const groups: readonly Group[] = folder.json('json_web_signature_test.json').testGroups;
  // Secret keys are out of scope: a public key must never be taken for one.
  const cases = groups.flatMap(({ public: key, tests }) =>
    key === undefined ? [] : tests.map((one) => ({ key, ...one })),
  );
  // Stricter by design: a key that says which algorithm it is for is not used with another. Figure 20's key says PS256
  // and its token PS384; figure 27's key says ES521, which is no algorithm.
  const strict = [346, 347, 350, 351];

  test('there are cases of both kinds', () => {
    expect(cases.filter(({ result }) => result === 'valid').length).toBe(36);
    expect(cases.filter(({ result }) => result === 'invalid').length).toBe(325);
  });

  test.each(cases)('T4, T42: $tcId $comment: $result', async ({ tcId, key, jws, result }) => {
    const verdict = await verdictOn(jws, key);
    expect(verdict).toBe(strict.includes(tcId) ? 'invalid' : result);
  });
});

/** What the verifier does between the shape of a token and its claims, which these cases do not have. */
async function verdictOn(jws: unknown, key: object): Promise<'valid' | 'invalid'> {
  try {
    const { text, header } = splitCompact(jws);
    const said = parseObject(header);
    const problems = headerProblems(said, algorithms).filter(({ code }) => code !== 'header.key-id');
    if (problems.length > 0) return 'invalid';
    const { alg } = said as { readonly alg: Algorithm };
    await signersOf(text, alg, publishedKeys({ keys: [{ kid: 'k', ...key }] }, 'the vectors'));
    return 'valid';
  } catch (error) {
    expect(error).toMatchObject({ name: expect.stringMatching(/^(TokenRefused|JsonRefused)$/) });
    return 'invalid';
  }
}
