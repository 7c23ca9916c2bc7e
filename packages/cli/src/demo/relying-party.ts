/** The demo's third process: whoever has secrets to give away. It asks for freshness, and believes nothing but the token. */
import { randomBytes } from 'node:crypto';
import type { JsonObject } from '@assay/core';
import { sgx, TokenRefused, tokenVerifier, tpm } from '@assay/relying-party';
import { actor } from './actor.ts';
import type { Expected, RelyingPartyNews, RelyingPartyOrder } from './messages.ts';

type Act = Parameters<typeof actor<RelyingPartyOrder, RelyingPartyNews>>[0];

function relyingParty(): Act {
  // Remembered from its challenge on: a token for another one is no answer to it.
  let nonce = '';
  return async (order, tell) => {
    if (order.kind === 'challenge') {
      nonce = randomBytes(16).toString('base64url');
      tell({ kind: 'nonce', nonce });
    } else tell(await verify(order, nonce));
  };
}

const expectationOf = (expected: Expected) => (expected.type === 'Tpm' ? tpm(expected) : sgx(expected));

async function verify(order: Extract<RelyingPartyOrder, { kind: 'verify' }>, nonce: string): Promise<RelyingPartyNews> {
  const { token, issuer, ca, expected } = order;
  const expect = expectationOf(expected);
  // A demo's service runs with insecure settings, and its tokens say so: no relying party of any worth allows that.
  const verifier = tokenVerifier({ issuer, ca, expect, allowInsecure: true });
  try {
    const { claims, header, insecure } = await verifier.verify(token, { nonce });
    return { kind: 'believed', claims: claims as JsonObject, header: header as JsonObject, insecure };
  } catch (error) {
    if (!(error instanceof TokenRefused)) throw error;
    return { kind: 'disbelieved', message: error.message };
  }
}

actor(relyingParty());
