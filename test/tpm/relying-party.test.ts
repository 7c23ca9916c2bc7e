/**
 * What a relying party makes of tokens of a live machine: whom they are for, whether whoever shows them holds that key,
 * what the machine measured, and the certificates that they bring.
 */
import { generateKeyPairSync } from 'node:crypto';
import {
  attestationClient,
  createRequestKey,
  holderProof,
  type TpmCollectorOptions,
  tpmCollector,
  withTpm,
} from '@assay/client';
import {
  challengeHolder,
  proveHolder,
  TokenRefused,
  tokenVerifier,
  tpm,
  tpmEvents,
  type Verified,
} from '@assay/relying-party';
import { search } from '@jmespath-community/jmespath';
import { afterEach, describe, expect, test } from 'vitest';
import { assay } from '../../packages/cli/src/captured.test.support.ts';
import { withSwtpm } from '../setup/swtpm.ts';
import { bearer, type World, world } from './served.ts';

const policy =
  'version= 1.2;authorizationrules{=> permit();};issuancerules{c:[type=="events", issuer=="AttestationService"] => issue(type="events", value=c.value);};';
const withoutCertificates = policy.replace(
  'issuancerules{',
  'issuancerules{=> issueproperty(type="omit_x5c", value=true);',
);
const audience = 'https://relying-party.example';

withSwtpm('a relying party and a live TPM', ({ start }) => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  async function meeting(text = policy) {
    const here: World = await world(await start(), text);
    closing.push(here.close);
    const { served, authority, collector } = here;
    const client = attestationClient({ endpoint: served.issuer, ca: authority, token: bearer });
    const verifier = tokenVerifier({ issuer: served.issuer, ca: authority });
    const tokenFor = async (requestKey: TpmCollectorOptions['requestKey']): Promise<string> =>
      (await client.attestTpm(tpmCollector(collector({ requestKey })))).token;
    return { ...here, verifier, tokenFor };
  }

  const codes = async (attempt: Promise<unknown>): Promise<readonly string[]> => {
    const error = await attempt.then(
      () => expect.fail('it was accepted'),
      (thrown: unknown) => thrown,
    );
    if (error instanceof TokenRefused) return error.problems.map(({ code }) => code);
    throw error;
  };

  describe.each(['P-256', 'RSA'] as const)('the holder of a key of kind %s', (kind) => {
    test('in the TPM and in software is proven by what it signs, and nobody else is', async () => {
      const { machine, verifier, tokenFor } = await meeting();
      const resident = await withTpm(machine.address, (conversation) => createRequestKey(conversation, kind));
      const software =
        kind === 'RSA'
          ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
          : generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
      for (const [requestKey, other] of [
        [resident, software],
        [software, resident],
      ] as const) {
        const verified: Verified = await verifier.verify(await tokenFor(requestKey));
        expect(verified.holder).toBe('unproven');
        const challenge = challengeHolder(verified, { audience });
        const { nonce } = challenge;
        const proof = await holderProof({ requestKey, nonce, audience, tpm: machine.address });
        expect(await proveHolder(verified, challenge, proof)).toEqual({ ...verified, holder: 'proven' });

        // Whoever passes a token on that is for another's key.
        const foreign = await holderProof({ requestKey: other, nonce, audience, tpm: machine.address });
        expect(await codes(proveHolder(verified, challenge, foreign))).toEqual(['holder.signature']);
        // Whoever passes a challenge on to the holder, who believes to speak to somebody else.
        const elsewhere = 'https://elsewhere.example';
        const relayed = await holderProof({ requestKey, nonce, audience: elsewhere, tpm: machine.address });
        expect(await codes(proveHolder(verified, challenge, relayed))).toEqual(['holder.audience']);
        expect(await codes(proveHolder(verified, challengeHolder(verified, { audience }), proof))).toEqual([
          'holder.nonce',
        ]);
      }
    });
  });

  test('its events, PCRs and attestation key are as expected, or it is told what is not', async () => {
    const { verifier, tokenFor } = await meeting();
    const token = await tokenFor(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    const queries = {
      'Events[?PcrIndex==`4` && EventType==`2147483651`] | length(@)': 1,
      'length(Events[?EventType==`99`])': 0,
      'Events[?PcrIndex==`23`] | [0]': null,
    };
    await verifier.verify(token, { expect: [tpm({ pcrs: [0, 4, 7] }), tpmEvents({ search, queries })] });
    const wrong = tpmEvents({ search, queries: { 'length(Events)': 0, 'Events[': null } });
    expect(await codes(verifier.verify(token, { expect: wrong }))).toEqual(['tpm.events', 'tpm.events']);
    const others = tpm({ attestationKeyPolicies: '1.3.6.1.4.1.311.21.31' });
    expect(await codes(verifier.verify(token, { expect: others }))).toEqual(['tpm.attestation-key-policy']);
  });

  test.each([
    ['brings', policy, { x5c: [expect.any(String)] }],
    ['names', withoutCertificates, { x5t: expect.any(String) }],
  ])('the certificate that its token %s is the issuer’s', async (_, text, expected) => {
    const { verifier, tokenFor } = await meeting(text);
    const { header } = await verifier.verify(
      await tokenFor(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
    );
    expect(header).toMatchObject(expected);
  });

  test('on the command line it is told that its holder is unproven', async () => {
    const { served, tokenFor } = await meeting();
    const token = await tokenFor(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    const words = ['verify', token, '--issuer', served.issuer, '--ca', served.authority ?? '', '--json'];
    const { code, json, stderr } = await assay(words);
    expect([code, json().holder]).toEqual([0, 'unproven']);
    expect(stderr).toContain('warning: the token is for a key (cnf)');
  });
});
