/**
 * A TPM in software that answers as a real one would, genuine in everything but the root key: a quote of any PCRs, a
 * certify statement, and whole requests of the TPM protocol. For tests, for the demo where no TPM is, and for users'
 * own development. The same seed gives the same keys: whoever accepts its root accepts anything.
 */
import { type Bytes, base64url, concat, encode, utf8 } from '../../bytes/index.ts';
import type { Json, JsonObject } from '../../claim.ts';
import type { NeedName } from '../../contract.ts';
import { curves, digest, type PrivateKey, publicSpki, type Scheme, signData } from '../../crypto/index.ts';
import { formatJson } from '../../json/index.ts';
import { parseCertificate, parseCrl } from '../../pki/index.ts';
import { aikIssuers, aikIssuersPem } from './aik.ts';
import { algorithm, type Bank, hashes } from './algorithms.ts';
import { attestType, Certify, generated, Quote } from './attest.ts';
import { forgeEnclaveReport, type WantedEnclave } from './forge-enclave.ts';
import { type ForgedEvent, forgeLog } from './forge-log.ts';
import { type ForgedPki, forgedKey, forgePki, type TpmCertificateChanges, type TpmHolder } from './forge-pki.ts';
import { nameOf } from './key.ts';
import { type EccPublic, Public } from './public.ts';
import { bankId } from './replay.ts';
import { pcrCount, selectionOf } from './selection.ts';
import { Signature } from './signature.ts';

/** A machine with a TPM. All but `at` have defaults. */
export interface TpmWorld {
  /** Certificates began a year before this, and last ten more. */
  readonly at: Date;
  readonly seed?: string;
  readonly certificates?: { readonly [who in TpmHolder]?: TpmCertificateChanges };
  /** CRLs (DER) that the operator holds. */
  readonly lists?: readonly Bytes[];
  /** Another attestation key than the world's own. */
  readonly attestationKey?: { readonly key: PrivateKey; readonly sign?: SigningScheme };
}

/** How an attestation key signs; ECDSA with SHA-256 unless told. */
export interface SigningScheme {
  readonly scheme: 'rsaSsa' | 'rsaPss' | 'ecdsa';
  readonly hash: Bank;
}

/** What a boot left: its log, and the values of all PCRs by bank. */
export interface ForgedBoot {
  readonly log: Bytes;
  readonly pcrs: ReadonlyMap<Bank, ReadonlyMap<number, Bytes>>;
}

/** A quote. Whatever is left out is as it should be. */
export interface WantedQuote {
  readonly boot: ForgedBoot;
  readonly extraData: Bytes;
  /** Banks in the order of the selection, and PCRs; all of SHA-256 unless told. */
  readonly select?: readonly { readonly bank: Bank; readonly indices?: readonly number[] }[];
  /** Fields of the statement, applied before it is signed. */
  readonly statement?: Partial<Quote>;
}

/** A request of the second round. */
export interface WantedRequest extends Omit<WantedQuote, 'extraData'> {
  readonly challenge: Bytes;
  readonly serviceContext: string;
  /** What the quote carries instead of what it should. */
  readonly extraData?: Bytes;
  /** `quote`: a key in software that the quote binds. `certify`: one of the TPM. */
  readonly bindBy?: 'quote' | 'certify';
  readonly relyingPartyData?: Bytes;
  readonly customClaims?: readonly { readonly name: string; readonly value: string; readonly value_type: string }[];
  /** Lists of files after the log. */
  readonly ima?: Bytes;
  /** Kept before hibernation. */
  readonly kept?: WantedQuote;
  /** Sends the request through a VBS enclave, whose reports this RSA key signs. */
  readonly enclave?: WantedEnclave;
  /** Changes to parts, applied before the request is signed. */
  readonly platform?: (platform: JsonObject) => JsonObject;
  readonly data?: (attData: JsonObject) => JsonObject;
  readonly payload?: (payload: JsonObject) => JsonObject;
  /** The payload's text, where JSON cannot say it. */
  readonly text?: (payload: string) => string;
  readonly header?: JsonObject;
  /** Signs instead of the request's own key. */
  readonly signer?: PrivateKey;
}

export interface ForgedTpm {
  /** SubjectPublicKeyInfo of the development root. */
  readonly anchor: Bytes;
  readonly certificates: ForgedPki['certificates'];
  /** What the same CA issues for another attestation key, such as one of a real TPM: DER. */
  readonly enrol: (spki: Bytes) => Bytes;
  /** What an operator would hold for it, by its canonical name. */
  readonly collateral: ReadonlyMap<NeedName, Bytes>;
  /** TPMT_PUBLIC of the endorsement key, and of a key that is in the TPM. */
  readonly endorsement: Bytes;
  readonly resident: { readonly key: PrivateKey; readonly area: Bytes };
  /** The key in software that signs requests. */
  readonly software: PrivateKey;
  /** TPMS_ATTEST and TPMT_SIGNATURE. */
  readonly quote: (wanted: WantedQuote) => { readonly attest: Bytes; readonly signature: Bytes };
  readonly certify: (
    area: Bytes,
    extraData: Bytes,
    statement?: Partial<Certify>,
  ) => { readonly attest: Bytes; readonly signature: Bytes };
  /** A compact JWS. */
  readonly request: (wanted: WantedRequest) => string;
}

/** @param events of a boot, in order @param banks that are active in the TPM */
export function forgeBoot(events: readonly ForgedEvent[], banks: readonly Bank[] = ['sha1', 'sha256']): ForgedBoot {
  const { log, extensions } = forgeLog(events, banks);
  const pcrs = new Map(banks.map((bank) => [bank, afterReset(bank)] as const));
  for (const { pcr, digests } of extensions)
    for (const [bank, values] of pcrs) {
      const its = digests.find(({ hash }) => hash === bankId(bank));
      if (its) values.set(pcr, digest(bank, values.get(pcr) as Bytes, its.digest));
    }
  return { log, pcrs };
}

function afterReset(bank: Bank): Map<number, Bytes> {
  const size = hashes.get(bankId(bank))?.size ?? 0;
  return new Map(
    Array.from({ length: pcrCount }, (_, i) => [i, new Uint8Array(size).fill(i >= 17 && i <= 22 ? 0xff : 0)]),
  );
}

export function forgeTpm(world: TpmWorld): ForgedTpm {
  const { at, seed = 'development', certificates: changes = {}, attestationKey } = world;
  const given = attestationKey && { aik: publicSpki(attestationKey.key) };
  const { keys, certificates } = forgePki(at, seed, changes, given ?? {});
  const aik = attestationKey?.key ?? keys.aik;
  const sign = signerBy(aik, attestationKey?.sign ?? { scheme: 'ecdsa', hash: 'sha256' });
  const resident = forgedKey(seed, 'resident');
  const software = forgedKey(seed, 'software');
  const [leaf, issuer, root] = [certificates.aik, certificates.issuer, certificates.root].map((der) =>
    parseCertificate(der),
  );
  const quote: ForgedTpm['quote'] = (wanted) => {
    const attest = encode(Quote, quoteOf(wanted, sign.hash));
    return { attest, signature: sign(attest) };
  };
  const certify: ForgedTpm['certify'] = (area, extraData, changed = {}) => {
    const attested = { name: nameOf(area), qualifiedName: concat(Uint8Array.of(0, 11), digest('sha256', area)) };
    const attest = encode(Certify, { ...statement, type: attestType.certify, extraData, attested, ...changed });
    return { attest, signature: sign(attest) };
  };
  const lists = (world.lists ?? []).map((list) => parseCrl(list));
  const held =
    leaf && issuer && root
      ? new Map([[aikIssuers(leaf).name, aikIssuersPem(issuer, [issuer, root], lists)]])
      : new Map();
  const forged: ForgedTpm = {
    anchor: publicSpki(keys.root),
    certificates,
    enrol: (spki) => forgePki(at, seed, changes, { aik: spki }).certificates.aik,
    collateral: held,
    endorsement: encode(Public, endorsementArea(keys.ek)),
    resident: { key: resident, area: encode(Public, residentArea(resident)) },
    software,
    quote,
    certify,
    request: (wanted) => requestOf(wanted, forged, aik),
  };
  return forged;
}

/** What all statements of one attestation key have in common. */
const statement = {
  magic: generated,
  qualifiedSigner: concat(Uint8Array.of(0, 11), digest('sha256', utf8('assay forge tpm'))),
  clockInfo: { clock: 1_000_000n, resetCount: 168, restartCount: 0, safe: 1 as const },
  firmwareVersion: 0x0001_0000_0000_0000n,
};

function quoteOf({ boot, extraData, select, statement: changed = {} }: WantedQuote, hash: Bank): Quote {
  const all = [...Array(pcrCount).keys()];
  const chosen = (select ?? [{ bank: 'sha256' as const }]).map(({ bank, indices = all }) => ({ bank, indices }));
  const values = chosen.flatMap(({ bank, indices }) =>
    [...indices].sort((a, b) => a - b).map((index) => boot.pcrs.get(bank)?.get(index) ?? new Uint8Array(0)),
  );
  const selection = chosen.map(({ bank, indices }) => selectionOf(bankId(bank), indices));
  return {
    ...statement,
    type: attestType.quote,
    extraData,
    attested: { selection, pcrDigest: digest(hash, concat(...values)) },
    ...changed,
  };
}

const schemeNames: { readonly [scheme in SigningScheme['scheme']]: (hash: Bank) => Scheme } = {
  rsaSsa: (hash) => `rsa-pkcs1-${hash}`,
  rsaPss: (hash) => `rsa-pss-${hash === 'sha1' ? 'sha256' : hash}`,
  ecdsa: (hash) => `ecdsa-${hash === 'sha1' ? 'sha256' : hash}-raw`,
};

function signerBy(
  key: PrivateKey,
  { scheme, hash }: SigningScheme,
): ((data: Bytes) => Bytes) & { readonly hash: Bank } {
  const write = (data: Bytes): Bytes => {
    const signature = signData(schemeNames[scheme](hash), key, data);
    const half = signature.length / 2;
    const value =
      scheme === 'ecdsa'
        ? { hash: bankId(hash), r: signature.subarray(0, half), s: signature.subarray(half) }
        : { hash: bankId(hash), signature };
    return encode(Signature, { scheme: algorithm[scheme], value });
  };
  return Object.assign(write, { hash });
}

/** The coordinates of a P-256 key: the end of its SubjectPublicKeyInfo. */
function pointOf(key: PrivateKey): { readonly x: Bytes; readonly y: Bytes } {
  const width = curves['P-256'].bytes;
  const xy = publicSpki(key).slice(-2 * width);
  return { x: xy.subarray(0, width), y: xy.subarray(width) };
}

const none = { algorithm: algorithm.none, keyBits: undefined, mode: undefined };
const noScheme = { algorithm: algorithm.none, hash: undefined, more: undefined };
const area = (key: PrivateKey, more: Partial<EccPublic>): EccPublic => ({
  type: algorithm.ecc,
  nameAlg: algorithm.sha256,
  attributes: 0,
  authPolicy: new Uint8Array(0),
  symmetric: none,
  scheme: noScheme,
  curve: 3,
  kdf: noScheme,
  ...pointOf(key),
  ...more,
});

/** fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, sign. */
const residentArea = (key: PrivateKey): EccPublic =>
  area(key, {
    attributes: 0x0004_0072,
    scheme: { algorithm: algorithm.ecdsa, hash: algorithm.sha256, more: undefined },
  });

/** Template L-2 of the TCG EK credential profile: PolicySecret of the endorsement hierarchy. */
const endorsementArea = (key: PrivateKey): EccPublic =>
  area(key, {
    attributes: 0x0003_00b2,
    authPolicy: policyOfEndorsement(),
    symmetric: { algorithm: algorithm.aes, keyBits: 128, mode: algorithm.cfb },
  });
function policyOfEndorsement(): Bytes {
  const once = digest('sha256', new Uint8Array(32), Uint8Array.of(0, 0, 1, 0x51), Uint8Array.of(0x40, 0, 0, 0x0b));
  return digest('sha256', once);
}

function jwkOf(key: PrivateKey): JsonObject {
  if (key.public.kind === 'RSA') {
    const { modulus, exponent } = rsaParts(key);
    return { kty: 'RSA', n: base64url(modulus), e: base64url(exponent) };
  }
  const { x, y } = pointOf(key);
  return { kty: 'EC', crv: 'P-256', x: base64url(x), y: base64url(y) };
}

/** An RSA key's parts out of its SubjectPublicKeyInfo, whose end they are: exponent of three bytes, modulus before it. */
export function rsaParts(key: PrivateKey): { readonly modulus: Bytes; readonly exponent: Bytes } {
  const spki = publicSpki(key);
  const size = key.public.bits / 8;
  return { modulus: spki.slice(-5 - size, -5), exponent: spki.slice(-3) };
}

function platformOf(wanted: WantedQuote, forged: ForgedTpm, aik: PrivateKey, ima: Bytes | undefined): JsonObject {
  const { attest, signature } = forged.quote(wanted);
  const all = [...Array(pcrCount).keys()];
  return {
    logs: [{ type: 'TCG', log: base64url(wanted.boot.log) }, ...(ima ? [{ type: 'IMA', log: base64url(ima) }] : [])],
    aik_cert: base64url(forged.certificates.aik),
    aik_pub: jwkOf(aik),
    pcrs: (wanted.select ?? [{ bank: 'sha256' as const }]).map(({ bank, indices = all }) => ({
      algorithm: bankId(bank),
      values: indices.map((index) => ({
        index,
        digest: base64url(wanted.boot.pcrs.get(bank)?.get(index) ?? new Uint8Array(0)),
      })),
    })),
    quote: base64url(attest),
    signature: base64url(signature),
  };
}

const same = <T>(value: T): T => value;

function requestOf(wanted: WantedRequest, forged: ForgedTpm, aik: PrivateKey): string {
  const { challenge, bindBy = 'quote', relyingPartyData, customClaims, platform = same, data = same } = wanted;
  const key = bindBy === 'quote' ? forged.software : forged.resident.key;
  const jwk = jwkOf(key);
  const bound = digest('sha256', utf8(formatJson(jwk)), Uint8Array.of(0), challenge);
  const extraData = wanted.extraData ?? (bindBy === 'quote' ? bound : challenge);
  const statementOn = (): Json => {
    const { attest, signature } = forged.certify(forged.resident.area, challenge);
    return {
      tpm_certify: {
        public: base64url(forged.resident.area),
        certification: base64url(attest),
        signature: base64url(signature),
      },
    };
  };
  const inner = data({
    ...(relyingPartyData && { rp_data: base64url(relyingPartyData) }),
    challenge: base64url(challenge),
    tpm_att_data: {
      current_attestation: platform(platformOf({ ...wanted, extraData }, forged, aik, wanted.ima)),
      ...(wanted.kept && { boot_attestation: platformOf(wanted.kept, forged, aik, undefined) }),
    },
    request_key: { jwk, info: bindBy === 'quote' ? { tpm_quote: { hash_alg: 'sha-256' } } : statementOn() },
    ...(customClaims && { custom_claims: customClaims }),
    service_context: wanted.serviceContext,
  });
  const payload = (wanted.payload ?? same)(
    wanted.enclave
      ? {
          att_type: 'vbs',
          att_data: {
            report_signed: inner,
            vsm_report: { enclave: { report: base64url(forgeEnclaveReport(wanted.enclave, utf8(formatJson(inner)))) } },
          },
        }
      : { att_type: 'basic', att_data: inner },
  );
  return forgeJws(
    { alg: 'ES256', typ: 'attReqV2', ...wanted.header },
    (wanted.text ?? same)(formatJson(payload)),
    wanted.signer ?? key,
  );
}

/** A compact JWS by a P-256 or RSA key, whatever its header says. */
export function forgeJws(header: JsonObject, payload: string, signer: PrivateKey): string {
  const input = `${base64url(utf8(formatJson(header)))}.${base64url(utf8(payload))}`;
  const scheme = signer.public.kind === 'RSA' ? 'rsa-pss-sha256' : 'ecdsa-sha256-raw';
  return `${input}.${base64url(signData(scheme, signer, utf8(input)))}`;
}
