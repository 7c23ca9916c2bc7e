/** A service without HTTP: its flow in this process, all that can be remembered remembered, tokens signed with RS256. */
import {
  Appraisal,
  attest,
  type Bytes,
  type Collateral,
  type Grant,
  generateKey,
  type Json,
  keyId,
  type Memo,
  policyHash,
  publicSpki,
  type Signer,
  signData,
  signed,
  timesOf,
  typeNamed,
  writeHeader,
  writePayload,
} from '@assay/core';
import type { Program } from '@assay/core/policy';

export interface Wanted {
  readonly type: string;
  readonly program: Program;
  readonly settings: unknown;
  readonly anchors: readonly Bytes[];
  readonly collateral: Collateral;
  readonly at: Date;
}

export interface Service {
  readonly attest: (body: Json) => Promise<Json>;
  /** What the latest token was made of, and its payload. */
  readonly granted: () => Grant & { readonly payload: string };
}

const issuer = 'https://assay.example';

export function serviceFor({ type: name, program, settings, anchors, collateral, at }: Wanted): Service {
  const type = typeNamed(name);
  if (!type) throw new Error(`no type ${name}`);
  const key = generateKey('RSA-2048');
  const kid = keyId(publicSpki(key));
  const signer: Signer = { alg: 'RS256', kid, sign: async (input) => signData('rsa-pkcs1-sha256', key, input) };
  const kept = new Map<string, unknown>();
  const memo: Memo = (name, make) => {
    if (!kept.has(name)) kept.set(name, make());
    return kept.get(name) as ReturnType<typeof make>;
  };
  const hash = policyHash(program.text);
  let latest: (Grant & { readonly payload: string }) | undefined;
  const world = {
    now: at,
    issuer,
    sealedBy: '0'.repeat(64),
    random: (length: number) => new Uint8Array(length),
    seal: (plain: Bytes) => plain,
    unseal: (sealed: Bytes) => sealed,
    policy: async () => ({ program, hash, settings, draft: false }),
    collateral: async () => collateral,
    once: async () => true,
    issue(grant: Grant) {
      const header = writeHeader(type.token, { alg: 'RS256', kid, issuer, x5c: [] });
      const payload = writePayload(type.token, {
        times: timesOf(type.token, at.getTime()),
        issuer,
        jti: '0'.repeat(64),
        policyHash: hash,
        claims: grant.claims,
        issued: grant.ruling.issued,
        serviceClaims: type.serviceClaims,
      });
      latest = { ...grant, payload };
      return signed(header, payload, signer);
    },
  };
  const given = { at, anchors: { id: 'bench', of: () => anchors }, memo };
  return {
    attest: (body) => attest(type, body, world, { ...given, appraisal: new Appraisal() }),
    granted() {
      if (!latest) throw new Error('no token was granted');
      return latest;
    },
  };
}
