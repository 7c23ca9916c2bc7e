/** What relying parties read: signing certificates, OpenID metadata, TCB baselines. Anonymous; Authorization is ignored. */
import type { Deps } from '../deps.ts';
import type { Route } from './route.ts';
import { versions } from './versions.ts';

/** As recorded; relying parties read them as «at least». */
const claimsSupported = [
  'cnf',
  'nonce',
  'x-ms-ver',
  'x-ms-attestation-type',
  'x-ms-policy-hash',
  'x-ms-policy-signer',
  'x-ms-sgx-is-debuggable',
  'x-ms-sgx-mrenclave',
  'x-ms-sgx-mrsigner',
  'x-ms-sgx-svn',
  'x-ms-sgx-ehd',
  'x-ms-sgx-collateral',
  'is-debuggable',
  'sgx-mrsigner',
  'sgx-mrenclave',
  'product-id',
  'svn',
  'tee',
];

export const metadataRoutes = ({ keys, issuer, offered }: Deps): readonly Route[] => [
  {
    method: 'GET',
    url: '/certs',
    summary: 'Token-signing certificates',
    isShared: true,
    answers: { 200: 'A JWK set whose keys are in certificates (x5c)' },
    // Microsoft's client reads no other media type.
    handle: () => ({ body: JSON.stringify({ keys: keys.published }) }),
  },
  {
    method: 'GET',
    url: '/.well-known/openid-configuration',
    summary: 'OpenID metadata',
    isShared: true,
    answers: { 200: 'Issuer, signing algorithms and where the certificates are' },
    handle: () => ({
      body: JSON.stringify({
        response_types_supported: ['token', 'none'],
        id_token_signing_alg_values_supported: [keys.signer.alg],
        revocation_endpoint: `${issuer}/revoke`,
        issuer,
        jwks_uri: `${issuer}/certs`,
        claims_supported: claimsSupported,
      }),
    }),
  },
  ...offered.flatMap(({ type, settings }): Route[] => {
    const { name, tcbBaselines } = type;
    if (!tcbBaselines) return [];
    return [
      {
        method: 'GET',
        url: `/tcbbaselines/${name}`,
        summary: `TCB baselines that a policy for ${name} can name`,
        versions,
        answers: { 200: 'The baselines, and which one is in force' },
        handle: () => ({ body: JSON.stringify({ tcbBaselines: tcbBaselines(settings) }) }),
      },
    ];
  }),
];
