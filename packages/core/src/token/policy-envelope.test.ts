/** Signed policies: what is read, what is refused in whose words, and whose signature counts. */
import { createPublicKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bytes, base64, base64url, utf8 } from '../bytes/index.ts';
import type { JsonObject } from '../claim.ts';
import { generateKey, type KeyKind, type PrivateKey, publicSpki, type Scheme, signData } from '../crypto/index.ts';
import { AttestError } from '../errors.ts';
import { formatJson } from '../json/index.ts';
import { basicConstraints, issueCertificate, keyUsage, type NewExtension, opaqueExtension } from '../pki/index.ts';
import {
  type PolicyAlgorithm,
  policyAlgorithms,
  policyTokenHash,
  readPolicyEnvelope,
  signPolicy,
  unsignedPolicy,
  verifyPolicy,
} from './policy-envelope.ts';
import { type SignerRule, signerClaim } from './policy-signer.ts';

const text = 'version=1.0;authorizationrules{=> permit();};';
const at = Date.UTC(2026, 2, 1);
const day = 86_400_000;

interface Party {
  readonly name: string;
  readonly key: PrivateKey;
  readonly der: Bytes;
}
interface Wish {
  readonly by?: Party;
  readonly key?: PrivateKey;
  readonly ca?: boolean | number;
  readonly usage?: Parameters<typeof keyUsage>;
  readonly from?: number;
  readonly until?: number;
  readonly extra?: readonly NewExtension[];
}
const p256 = (key: PrivateKey): { scheme: Scheme; key: PrivateKey } => ({ scheme: 'ecdsa-sha256', key });
let serial = 0;
function party(
  name: string,
  { by, key = generateKey('P-256'), ca, usage, from = at - day, until = at + day, extra = [] }: Wish = {},
): Party {
  const signer = by?.key ?? key;
  const der = issueCertificate({
    subject: [['CN', name]],
    issuer: [['CN', by?.name ?? name]],
    serial: ++serial,
    notBefore: from,
    notAfter: until,
    spki: publicSpki(key),
    extensions: [
      ...(ca === undefined || ca === false
        ? []
        : [basicConstraints({ ca: true, pathLength: ca === true ? undefined : ca })]),
      ...(usage ? [keyUsage(...usage)] : []),
      ...extra,
    ],
    signer: signer.public.kind === 'RSA' ? { scheme: 'rsa-pkcs1-sha256', key: signer } : p256(signer),
  });
  return { name, key, der };
}
/** As `signPolicy` writes it, but nothing is looked at. */
function forgedBy(key: PrivateKey, x5c: readonly Bytes[], more: JsonObject = {}): string {
  const header = base64url(utf8(formatJson({ alg: 'ES256', x5c: x5c.map(base64), ...more })));
  const input = `${header}.${base64url(utf8(JSON.stringify({ AttestationPolicy: base64url(utf8(text)) })))}`;
  return `${input}.${base64url(signData('ecdsa-sha256-raw', key, utf8(input)))}`;
}
const judge = (jws: string, rule: SignerRule = {}) => verifyPolicy(readPolicyEnvelope(jws), { at, ...rule });
const refusal = (run: () => unknown): AttestError => {
  try {
    run();
  } catch (error) {
    if (error instanceof AttestError) return error;
    throw error;
  }
  return expect.fail('was accepted');
};
const listed = (...parties: readonly Party[]): SignerRule => ({ listed: parties.map(({ der }) => der) });

describe('unsigned', () => {
  test('written as recorded, read back, hashed over its own text', () => {
    const jws = unsignedPolicy('version=1.0; authorizationrules{=> permit();}; issuancerules{};');
    expect(jws).toBe(
      'eyJhbGciOiJub25lIn0.eyJBdHRlc3RhdGlvblBvbGljeSI6ImRtVnljMmx2YmoweExqQTdJR0YxZEdodmNtbDZZWFJwYjI1eWRXeGxjM3M5UGlCd1pYSnRhWFFvS1R0OU95QnBjM04xWVc1alpYSjFiR1Z6ZTMwNyJ9.',
    );
    expect(policyTokenHash(jws)).toBe('c6sEJQItV50OeP9IrP_bzywAMOVvj5uDPbklA_bwdYQ');
    expect(readPolicyEnvelope(jws)).toMatchObject({ jws, text: expect.stringContaining('permit'), signed: undefined });
    expect(judge(jws)).toBeUndefined();
  });

  test('a reset has an empty payload', () => {
    expect(unsignedPolicy(undefined)).toBe('eyJhbGciOiJub25lIn0..');
    expect(readPolicyEnvelope('eyJhbGciOiJub25lIn0..').text).toBeUndefined();
  });

  test('refused where there are policy signers, in the recorded words', () => {
    const error = refusal(() => judge(unsignedPolicy(text), listed(party('signer'))));
    expect(error).toMatchObject({
      code: 'OperationInvalid',
      message: 'Unsigned JWS specified but enclave is configured with signing certificates.',
    });
  });
});

const part = (value: unknown): string => base64url(utf8(typeof value === 'string' ? value : JSON.stringify(value)));
const none = part({ alg: 'none' });
test.each([
  ['', 'Malformed JWT: Could not find first period in the token.'],
  ['a.b', 'Malformed JWT: Could not find second period in the token.'],
  ['a.b.c.d', 'Malformed JWT: There are more than two periods in the token.'],
  [`${none}.${part({ AttestationPolicy: 'ab)d' })}.`, "Unknown base64 character: 41 (')')"],
  [`${none}.${part({ attestationPolicy: 'YQ' })}.`, 'Could not find "AttestationPolicy" claim in policy token'],
  [`${none}.${part({ AttestationPolicy: 7 })}.`, 'Could not find "AttestationPolicy" claim in policy token'],
  [`${none}.${part('[]')}.`, 'Malformed JWT: The payload is not a JSON object'],
  [`${none}.${part('{"AttestationPolicy":"YQ","AttestationPolicy":"YQ"}')}.`, 'is there twice'],
  [`${none}.${part({ AttestationPolicy: '_w' })}.`, 'The policy is not UTF-8'],
  [`${none}.e30.AA`, 'the algorithm is «none», and yet there is a signature'],
  [`${part({ alg: 'RS256' })}.e30.`, 'there is none'],
  [`${part({ alg: 'RS256' })}.e30.AA`, 'The header names no signer'],
  [`${part({ alg: 'RSA256', x5c: [] })}.e30.AA`, 'The algorithm «RSA256» is not none, RS256'],
  [`${part({ alg: 'HS256' })}.e30.AA`, 'The algorithm «HS256» is not'],
  [`${part({ alg: 'None' })}.e30.`, 'The algorithm «None» is not'],
  [`${part({})}.e30.`, 'The algorithm of the header is not'],
  [`${part({ alg: 'RS256', x5c: 'AA' })}.e30.AA`, 'x5c is not an array of strings'],
  [`${part({ alg: 'RS256', x5c: [] })}.e30.AA`, 'x5c has 0 certificates'],
  [`${part({ alg: 'RS256', x5c: ['AAAA'] })}.e30.AA`, "The signer's certificate cannot be read"],
  [`${part({ alg: 'none', crit: ['b64'] })}.e30.`, 'critical extensions'],
  ['x'.repeat(600_000), 'at most 524288'],
])('%.60j: %s', (jws, message) => {
  const error = refusal(() => readPolicyEnvelope(jws));
  expect(error.code).toBe('OperationInvalid');
  expect(error.message.toLowerCase()).toContain(message.toLowerCase());
});

test('nothing but its own errors, on mutated input', () => {
  const jws = unsignedPolicy(text);
  fc.assert(
    fc.property(fc.nat(jws.length), fc.string({ maxLength: 4 }), (where, put) => {
      try {
        readPolicyEnvelope(jws.slice(0, where) + put + jws.slice(where + 1));
      } catch (error) {
        expect(error).toBeInstanceOf(AttestError);
      }
    }),
  );
});

describe('algorithms', () => {
  const kinds: { readonly [alg in PolicyAlgorithm]: KeyKind } = {
    RS256: 'RSA-2048',
    RS384: 'RSA-2048',
    RS512: 'RSA-2048',
    PS256: 'RSA-2048',
    PS384: 'RSA-2048',
    PS512: 'RSA-2048',
    ES256: 'P-256',
    ES384: 'P-384',
    ES512: 'P-521',
  };
  const keys = new Map<KeyKind, PrivateKey>();
  const keyFor = (alg: PolicyAlgorithm): PrivateKey => {
    const known = keys.get(kinds[alg]) ?? generateKey(kinds[alg]);
    keys.set(kinds[alg], known);
    return known;
  };
  const root = party('root', { ca: true });

  test.each(policyAlgorithms)('%s: signed and verified, with a certificate and with a bare key', (alg) => {
    const key = keyFor(alg);
    const { der } = party('signer', { by: root, key });
    const jws = signPolicy(text, { alg, key, by: { x5c: [der, root.der] } });
    expect(judge(jws)).toMatchObject({ alg, chain: [{ raw: der }, { raw: root.der }] });
    expect(signerClaim(judge(jws) as never)).toEqual({
      alg,
      kty: alg.startsWith('ES') ? 'EC' : 'RSA',
      use: 'sig',
      x5c: [base64(der), base64(root.der)],
    });
    const jwk = createPublicKey({ key: Buffer.from(publicSpki(key)), format: 'der', type: 'spki' }).export({
      format: 'jwk',
    }) as JsonObject;
    const bare = signPolicy(undefined, { alg, key, by: { jwk } });
    expect(readPolicyEnvelope(bare).text).toBeUndefined();
    expect(signerClaim(judge(bare) as never)).toEqual({ ...jwk, alg, use: 'sig' });

    const other = `${jws.slice(0, jws.lastIndexOf('.') - 2)}AA${jws.slice(jws.lastIndexOf('.'))}`;
    expect(refusal(() => judge(other)).code).toBe('OperationInvalid');
  });

  test('a curve that the algorithm does not name', () => {
    expect(() => signPolicy(text, { alg: 'ES384', key: keyFor('ES256'), by: { x5c: [] } })).toThrow(
      'needs a key of kind P-384',
    );
    const key = keyFor('ES384');
    const { der } = party('signer', { by: root, key });
    const jws = signPolicy(text, { alg: 'ES384', key, by: { x5c: [der] } });
    const [, payload = ''] = jws.split('.');
    const input = `${part({ alg: 'ES256', x5c: [base64(der)] })}.${payload}`;
    const forged = `${input}.${base64url(signData('ecdsa-sha256-raw', key, utf8(input)))}`;
    expect(refusal(() => judge(forged)).message).toContain('not by the key in its header');
  });

  test('a key that is not the certificate’s is not signed with', () => {
    expect(() => signPolicy(text, { alg: 'ES256', key: generateKey('P-256'), by: { x5c: [root.der] } })).toThrow(
      'not by the key in its header',
    );
  });

  test('weak and unknown bare keys', () => {
    const jws = (jwk: JsonObject): string =>
      `${part({ alg: 'RS256', jwk })}.e30x.AA`.replace('e30x', part({ AttestationPolicy: '' }));
    for (const jwk of [
      { kty: 'oct', k: 'AA' },
      { kty: 'RSA', n: 'AQAB', e: 'AQAB' },
      { kty: 'RSA' },
      { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
      { kty: 'EC', crv: 'secp256k1' },
    ])
      expect(refusal(() => judge(jws(jwk))).message).toContain("The signer's key cannot be read");
  });
});

describe('signers', () => {
  const root = party('root', { ca: true, usage: [['keyCertSign']] });
  const middle = party('middle', { by: root, ca: 0 });
  const leaf = party('leaf', { by: middle });
  const stranger = party('stranger');
  const unrelated = party('unrelated', { ca: true });

  test('a whole chain counts, by its leaf and by its end', () => {
    const jws = forgedBy(leaf.key, [leaf.der, middle.der, root.der]);
    for (const signer of [leaf, root]) expect(judge(jws, listed(signer, unrelated))?.chain).toHaveLength(3);
    expect(judge(forgedBy(leaf.key, [leaf.der, middle.der]), listed(root))?.chain).toHaveLength(2);
    expect(judge(forgedBy(leaf.key, [leaf.der]), listed(middle))).toBeDefined();
    expect(judge(forgedBy(leaf.key, [leaf.der]), listed(leaf))).toBeDefined();
  });

  test('without a list anybody may sign, and is named', () => {
    expect(judge(forgedBy(stranger.key, [stranger.der]))?.chain[0]?.raw).toEqual(stranger.der);
  });

  test('T52: a stranger’s leaf with the listed certificate behind it', () => {
    const error = refusal(() => judge(forgedBy(stranger.key, [stranger.der, root.der]), listed(root)));
    expect(error).toMatchObject({ code: 'RequestMalformed' });
    expect(error.message).toContain('Unable to find issuer certificate CN=stranger');
  });

  test('T52: a stranger’s leaf, an unrelated certificate, the listed one', () => {
    const chain = [stranger.der, unrelated.der, root.der];
    expect(refusal(() => judge(forgedBy(stranger.key, chain), listed(root))).code).toBe('RequestMalformed');
    // The same without a list: what is no path is none anywhere.
    expect(refusal(() => judge(forgedBy(stranger.key, chain))).code).toBe('RequestMalformed');
  });

  test('T52: a certificate of the same name as the listed one, by another key', () => {
    const twin = party('root', { ca: true });
    const signer = party('signer', { by: twin });
    for (const chain of [
      [signer.der, twin.der],
      [signer.der, root.der],
      [signer.der, twin.der, root.der],
      [signer.der],
    ])
      expect(refusal(() => judge(forgedBy(signer.key, chain), listed(root))).code).toMatch(
        /RequestMalformed|OperationInvalid/,
      );
  });

  test.each([
    ['an unused certificate at the end', [leaf, middle, root, unrelated]],
    ['an unused certificate in the middle', [leaf, unrelated, middle, root]],
    ['the wrong order', [leaf, root, middle]],
    ['a certificate twice', [leaf, middle, middle, root]],
    ['the chain upside down', [root, middle, leaf]],
  ])('T52: %s', (_, chain) => {
    const ders = chain.map(({ der }) => der);
    expect(refusal(() => judge(forgedBy((chain[0] as Party).key, ders), listed(root))).code).toBe('RequestMalformed');
  });

  test('T52: the listed certificate signs nothing: only the leaf’s key does', () => {
    expect(refusal(() => judge(forgedBy(stranger.key, [root.der]), listed(root))).message).toContain('not by the key');
    expect(refusal(() => judge(forgedBy(root.key, [leaf.der, middle.der, root.der]), listed(root))).message).toContain(
      'not by the key',
    );
  });

  test('not listed', () => {
    const error = refusal(() => judge(forgedBy(leaf.key, [leaf.der, middle.der, root.der]), listed(unrelated)));
    expect(error).toMatchObject({ code: 'OperationInvalid' });
    expect(error.message).toContain('«CN=leaf», which is not among the policy signers');
  });

  test('a bare key where signers are listed', () => {
    const jwk = createPublicKey({ key: Buffer.from(publicSpki(root.key)), format: 'der', type: 'spki' }).export({
      format: 'jwk',
    }) as JsonObject;
    const jws = signPolicy(text, { alg: 'ES256', key: root.key, by: { jwk } });
    expect(refusal(() => judge(jws, listed(root))).message).toContain('bare key');
    expect(judge(jws)).toBeDefined();
  });

  test('an issuer that is no CA, may not sign, or whose path is too long', () => {
    const plain = party('plain');
    const below = party('below', { by: plain });
    expect(refusal(() => judge(forgedBy(below.key, [below.der, plain.der]))).message).toContain('«CN=plain» is no CA');
    expect(refusal(() => judge(forgedBy(below.key, [below.der]), listed(plain))).message).toContain('no CA');
    const lower = party('lower', { by: middle, ca: true });
    const last = party('last', { by: lower });
    expect(refusal(() => judge(forgedBy(last.key, [last.der, lower.der, middle.der]))).message).toContain(
      'There are 1 CAs below «CN=middle», which allows 0',
    );
    const six = Array.from({ length: 6 }, () => root.der);
    expect(refusal(() => judge(forgedBy(root.key, six))).message).toContain('x5c has 6 certificates');
  });

  test('extensions that would have to be understood', () => {
    const odd = party('odd', { extra: [opaqueExtension('1.2.3.4', true, 'x')] });
    expect(refusal(() => judge(forgedBy(odd.key, [odd.der]))).message).toContain('critical extension 1.2.3.4');
    const bound = party('bound', { extra: [opaqueExtension('2.5.29.30', false, 'x')] });
    expect(refusal(() => judge(forgedBy(bound.key, [bound.der]))).message).toContain('constraints');
  });

  test('dates are asked when a policy is put, and not when it is evaluated', () => {
    const old = party('old', { until: at - 1000 });
    const jws = forgedBy(old.key, [old.der]);
    expect(refusal(() => judge(jws)).message).toMatch(/«CN=old» is valid from .* to .*, not on 2026-03-01/);
    expect(refusal(() => judge(jws, listed(old))).code).toBe('OperationInvalid');
    expect(verifyPolicy(readPolicyEnvelope(jws), {})).toBeDefined();
    const issuer = party('issuer', { ca: true, from: at + 1000 });
    const young = party('young', { by: issuer });
    expect(refusal(() => judge(forgedBy(young.key, [young.der]), listed(issuer))).message).toContain(
      '«CN=issuer» is valid',
    );
  });

  test('what else a header says does not matter', () => {
    expect(
      judge(forgedBy(root.key, [root.der], { typ: 'JWT', kid: 'x', jwk: { kty: 'oct' } }), listed(root)),
    ).toBeDefined();
  });
});
