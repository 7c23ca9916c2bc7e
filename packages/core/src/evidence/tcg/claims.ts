/**
 * Facts of TPM evidence under the wire's names. This is the one place where these names stand; naming only, no judgement.
 * Azure Attestation, claim sets; names of our own begin with `x-assay-`.
 */
import { base64, base64url } from '../../bytes/index.ts';
import type { Claim, Json } from '../../claim.ts';
import type { IncomingClaim } from '../../contract.ts';
import { sha256 } from '../../crypto/index.ts';
import type { JsonObject } from '../../json/index.ts';
import { eventsClaim, eventsDocument, pcrsClaim } from './events-claim.ts';
import type { KeyFacts, TpmFacts } from './facts.ts';

type Row = readonly [
  to: Claim['to'],
  kind: IncomingClaim['kind'],
  value: (facts: TpmFacts) => Json | undefined,
  more?: 'readOnly',
];

/** The key as policies and tokens show it, its own members in the order of the request. */
const keyObject = ({ jwk, info }: KeyFacts): JsonObject => ({ jwk, ...(info && { info }) });
const indices = (list: Iterable<number>): Json => [...list].sort((a, b) => a - b);

const secureBoot = ({ current: { secureBoot: found } }: TpmFacts): string =>
  found.determined ? (found.on ? 'on' : 'off') : 'undetermined';

const table: { readonly [name: string]: Row } = {
  // Tokens.
  ver: ['token', 'String', () => '1.0'],
  rp_data: ['token', 'String', ({ relyingPartyData }) => relyingPartyData],
  nonce: ['token', 'String', ({ relyingPartyData }) => relyingPartyData],
  cnf: ['token', 'String', ({ key }) => ({ jwk: key.jwk })],
  // Policies of every version.
  aikValidated: ['policy', 'Boolean', ({ aik }) => aik.validated],
  aikPubHash: ['policy', 'String', ({ aik }) => base64(sha256(aik.spki))],
  tpmVersion: ['policy', 'Integer', () => 2],
  secureBootEnabled: ['policy', 'Boolean', ({ current }) => current.secureBoot.on],
  iommuEnabled: ['policy', 'Boolean', ({ current }) => current.windows.iommuEnabled],
  bootDebuggingDisabled: ['policy', 'Boolean', ({ current }) => current.windows.bootDebuggingDisabled],
  notSafeMode: ['policy', 'Boolean', ({ current }) => current.windows.notSafeMode],
  notWinPE: ['policy', 'Boolean', ({ current }) => current.windows.notWinPE],
  vbsEnabled: ['policy', 'Boolean', ({ current }) => current.windows.vbsEnabled],
  vbsReportPresent: ['policy', 'Boolean', ({ enclave }) => enclave !== undefined],
  // A published policy spells it so.
  vsmReportPresent: ['policy', 'Boolean', ({ enclave }) => enclave !== undefined],
  enclaveAuthorId: ['policy', 'String', ({ enclave }) => enclave && base64url(enclave.authorId)],
  enclaveImageId: ['policy', 'String', ({ enclave }) => enclave && base64url(enclave.imageId)],
  enclaveOwnerId: ['policy', 'String', ({ enclave }) => enclave && base64url(enclave.ownerId)],
  enclaveFamilyId: ['policy', 'String', ({ enclave }) => enclave && base64url(enclave.familyId)],
  enclaveSvn: ['policy', 'Integer', ({ enclave }) => enclave?.enclaveSvn],
  enclavePlatformSvn: ['policy', 'Integer', ({ enclave }) => enclave?.platformSvn],
  enclaveFlags: ['policy', 'Integer', ({ enclave }) => enclave?.flags],
  // Policies of version 1.2.
  events: ['policy', 'String', ({ current }) => eventsClaim(current.events)],
  bootEvents: ['policy', 'String', ({ boot }) => boot && eventsClaim(boot.events)],
  pcrs: ['policy', 'String', ({ current }) => pcrsClaim(current.pcrs), 'readOnly'],
  'x-ms-tpm-request-key': ['both', 'String', ({ version, key }) => (version === 2 ? keyObject(key) : undefined)],
  // Beside Azure's.
  'x-assay-tpm-aik': ['both', 'String', ({ aik }) => (aik.validated ? 'validated' : 'unproven')],
  'x-assay-tpm-aik-policies': ['both', 'String', ({ aik }) => (aik.policies.length > 0 ? aik.policies : undefined)],
  'x-assay-tpm-secure-boot': ['both', 'String', secureBoot],
  'x-assay-tpm-bank': ['both', 'String', ({ current }) => current.bank],
  'x-assay-tpm-signature-hash': ['both', 'String', ({ current }) => current.hash],
  'x-assay-tpm-quoted-pcrs': ['both', 'Integer', ({ current }) => indices(current.explanations.keys())],
  'x-assay-tpm-unexplained-pcrs': [
    'both',
    'Integer',
    ({ current }) => indices([...current.explanations.keys()].filter((index) => !current.explained.has(index))),
  ],
  'x-assay-tpm-boot-counted': ['both', 'Boolean', ({ current }) => current.isBootCounted],
  'x-assay-tpm-ima-aggregate': ['both', 'Boolean', ({ current }) => current.ima?.aggregate],
  'x-assay-tpm-trust-point': ['both', 'Boolean', ({ current }) => current.isTrustPointReached],
  'x-assay-tpm-command-line': [
    'both',
    'String',
    ({ current: { boot } }) => (boot.handedOver ? boot.commandLine?.text : undefined),
  ],
  'x-assay-insecure': ['token', 'String', ({ isUnbound }) => (isUnbound ? ['unbound-key'] : undefined)],
};

/** Claims that are text of JSON, which policies search: what they are the text of. */
const documents: { readonly [name: string]: (facts: TpmFacts) => Json | undefined } = {
  events: ({ current }) => eventsDocument(current.events),
  bootEvents: ({ boot }) => boot && eventsDocument(boot.events),
};

/** Its value is an array in the token, and text of JSON for policies: neither is made of several values. */
const otherKeysName = 'x-ms-tpm-other-keys';

/** What the names of claims that clients make begin with: they can be taken for nobody else's. */
const customName = (name: string, provider: string | undefined): string => `${provider ?? ''}/claims/custom/${name}`;

export function tpmClaims(facts: TpmFacts): readonly Claim[] {
  const { otherKeys, custom, provider } = facts;
  return [
    ...Object.entries(table).flatMap(([name, [to, , value, more]]): Claim[] => {
      const filled = value(facts);
      if (filled === undefined) return [];
      const json = documents[name]?.(facts);
      return [
        { name, value: filled, ...(json !== undefined && { json }), to, ...(more && { readOnly: true as const }) },
      ];
    }),
    ...(otherKeys.length > 0 ? [{ name: otherKeysName, value: otherKeys.map(keyObject), to: 'both' } as const] : []),
    ...custom.map(
      ({ name, value }): Claim => ({ name: customName(name, provider), value, to: 'policy', issuer: 'CustomClaim' }),
    ),
  ];
}

/** Every name that a token can carry from the service. */
export const tpmClaimNames: readonly string[] = [
  ...Object.entries(table).flatMap(([name, [to]]) => (to === 'policy' ? [] : [name])),
  otherKeysName,
];

/** What policies can test, claims of clients aside. */
export const tpmIncomingClaims: readonly IncomingClaim[] = [
  ...Object.entries(table).flatMap(([name, [to, kind]]) => (to === 'token' ? [] : [{ name, kind }])),
  { name: otherKeysName, kind: 'String' },
];

/** Every claim by its name, and whether policies, tokens or both get it: for the reference. */
export const tpmClaimDestinations: { readonly [name: string]: Claim['to'] } = {
  ...Object.fromEntries(Object.entries(table).map(([name, [to]]) => [name, to])),
  [otherKeysName]: 'both',
};

/** A name that clients may not take. */
export const isServiceClaim = (name: string): boolean => name === otherKeysName || Object.hasOwn(table, name);
