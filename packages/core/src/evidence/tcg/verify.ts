/**
 * The verification of a request of the TPM protocol, read from top to bottom. All that is cheap comes first: shape,
 * challenge, the request's signature, and the quote, before anything is asked for and before one byte of a log is read.
 */
import type { Appraisal } from '../../appraisal.ts';
import { equal, fromBase64 } from '../../bytes/index.ts';
import type { Anchored, Collateral, Context, Submission } from '../../contract.ts';
import { importJwk, type PublicKey, verifySignature } from '../../crypto/index.ts';
import { Malformed } from '../../errors.ts';
import type { Certificate } from '../../pki/index.ts';
import { attempt } from '../attempt.ts';
import { aikIssuers, judgeAik, policyOids, readAik } from './aik.ts';
import { provenKey, qualifyingData } from './bound-key.ts';
import { check } from './checks.ts';
import { isServiceClaim } from './claims.ts';
import { discontinuity } from './continuity.ts';
import type { PlatformFacts, QuoteFacts, TpmFacts } from './facts.ts';
import { schemeFor } from './jws.ts';
import { verifyLogs, verifyQuote } from './platform.ts';
import { referenceLogs } from './reference-log.ts';
import { type ClaimedPlatform, type ClaimedRequest, readRequest } from './request.ts';
import type { LogRules } from './require-explained.ts';
import type { TpmSettings } from './settings.ts';
import { verifyEnclave } from './vbs.ts';
import { isFromFaultyGenerator } from './weak-key.ts';

type C = Context<TpmSettings>;

export interface TpmEvidence {
  readonly request: ClaimedRequest;
  readonly provider?: string;
}

/** A request whose quote is genuine as far as its attestation key is. */
export interface AnchoredTpm extends Anchored {
  readonly evidence: TpmEvidence;
  readonly aik: AttestationKey;
  readonly quote: QuoteFacts;
}

interface AttestationKey {
  readonly key: PublicKey;
  readonly certificate?: Certificate;
}

/** The request's shape, and the challenge that it answers. */
export function decodeTpm({ evidence, challenge, kept, provider }: Submission, context: C): TpmEvidence {
  const appraisal: Appraisal = context.appraisal;
  const request = attempt(appraisal, check['tpm.request.shape'], () => {
    const read = readRequest(evidence);
    const taken = read.custom.find(({ name }) => isServiceClaim(name));
    if (taken) throw new Malformed('custom_claims', undefined, `take the name ${taken.name} of the service’s own`);
    return read;
  });
  appraisal.note(check['tpm.request.shape'], true, { observed: `version ${request.version}` });
  if (kept)
    appraisal.note(check['tpm.context'], 'skipped', { detail: 'nobody here gave the challenge that it answers' });
  else if (!challenge)
    appraisal.refuse(check['tpm.context'], { detail: 'its service context does not open, or is too old' });
  else
    appraisal.require(check['tpm.context'], equal(request.challenge, challenge), {
      ...(!equal(request.challenge, challenge) && { detail: 'its challenge is another than that of the context' }),
    });
  return { request, ...(provider !== undefined && { provider }) };
}

/** The signature of the request, and the quote: then it is known whose certificates are needed. */
export function anchorTpm(evidence: TpmEvidence, context: C): AnchoredTpm {
  const { request } = evidence;
  const appraisal: Appraisal = context.appraisal;
  requireSignature(request, appraisal);
  requireBinding(request, context);
  const aik = attestationKey(request.current, appraisal);
  const quote = verifyQuote(request.current, aik.key, qualifyingData(request.key, request.challenge), appraisal);
  return { evidence, aik, quote, needs: [...(aik.certificate ? [aikIssuers(aik.certificate)] : []), referenceLogs] };
}

function requireSignature({ jws, key: { jwk, path } }: ClaimedRequest, appraisal: Appraisal): void {
  const wanted = check['tpm.jws'];
  const key = attempt(appraisal, wanted, () => importJwk(jwk, path));
  const scheme = schemeFor(jws.algorithm, key);
  appraisal.require(wanted, scheme !== undefined && verifySignature(scheme, key, jws.input, jws.signature), {
    observed: jws.algorithm,
    ...(scheme === undefined && { detail: `a key of kind ${key.kind} does not sign so` }),
  });
}

/** In version 1 an enclave's report vouches for the key; without one nothing ties it to the quote but the challenge. */
const isBound = ({ key, enclave, version }: ClaimedRequest): boolean =>
  key.binding.by !== 'nothing' || (version === 1 && enclave !== undefined);

function requireBinding(request: ClaimedRequest, { appraisal, settings }: C): void {
  const isTolerated = request.version === 1 && settings.unboundKey;
  const recorded: Appraisal = appraisal;
  if (isBound(request) || !isTolerated)
    recorded.require(check['tpm.key.binding'], isBound(request), { observed: request.key.binding.by });
  else recorded.note(check['tpm.key.binding'], false, { detail: 'the provider lets it pass' });
}

/** The key that quotes: of its certificate, where it has one, and none that can be computed. */
function attestationKey({ aik, path }: ClaimedPlatform, appraisal: Appraisal): AttestationKey {
  const wanted = check['tpm.aik.pub'];
  const key = attempt(appraisal, wanted, () => importJwk(aik.key.jwk, `${path}.aik_pub`));
  const der = aik.certificate;
  const certificate = der && attempt(appraisal, wanted, () => readAik(der));
  const isOfKey = !certificate || equal(certificate.spki, key.spki);
  appraisal.require(wanted, isOfKey, {
    observed: certificate ? (isOfKey ? 'with a certificate' : 'a certificate of another key') : 'without a certificate',
    where: { path: `${path}.aik_pub` },
  });
  const { n } = aik.key.jwk;
  if (typeof n === 'string')
    appraisal.require(check['tpm.aik.weak-key'], !isFromFaultyGenerator(fromBase64(n, 'base64url')));
  return { key, ...(certificate && { certificate }) };
}

/** The attestation key's chain, keys, logs, enclave, and the quote of before. */
export function verifyTpm({ evidence, aik, quote }: AnchoredTpm, have: Collateral, context: C): TpmFacts {
  const appraisal: Appraisal = context.appraisal;
  const { request, provider } = evidence;
  const rules = { settings: context.settings, references: have.get(referenceLogs.name) };
  const validated = aikValidated(aik, have, context);
  const by = { key: aik.key, quote: quote.quote, challenge: request.challenge };
  const key = provenKey(request.key, true, by, appraisal);
  const otherKeys = request.otherKeys.map((one) => provenKey(one, false, by, appraisal));
  const current = verifyLogs(quote, request.current, aik.key, rules, appraisal);
  const enclave = request.enclave && verifyEnclave(request.enclave, current.provenWindows.reportKey, appraisal);
  const boot = request.boot && verifyKept(request.boot, current, aik, rules, appraisal);
  return {
    version: request.version,
    current,
    ...(boot && { boot }),
    aik: {
      spki: aik.key.spki,
      validated,
      policies: aik.certificate ? policiesOf(aik.certificate, appraisal) : [],
    },
    key,
    otherKeys,
    isUnbound: !isBound(request),
    ...(enclave && { enclave }),
    ...(request.relyingPartyData !== undefined && { relyingPartyData: request.relyingPartyData }),
    custom: request.custom,
    ...(provider !== undefined && { provider }),
  };
}

function aikValidated({ certificate }: AttestationKey, have: Collateral, context: C): boolean {
  if (certificate) return judgeAik(certificate, have, context);
  const seen = { detail: 'the request brings no certificate of its attestation key' };
  if (context.settings.requireValidAik) (context.appraisal as Appraisal).refuse(check['tpm.aik.chain'], seen);
  context.appraisal.note(check['tpm.aik.chain'], false, seen);
  return false;
}

const policiesOf = (certificate: Certificate, appraisal: Appraisal): readonly string[] =>
  attempt(appraisal, check['tpm.aik.profile'], () => policyOids(certificate));

/** A quote from before hibernation, judged like the current one but for the challenge, which it is older than. */
function verifyKept(
  kept: ClaimedPlatform,
  current: PlatformFacts,
  aik: AttestationKey,
  rules: LogRules,
  appraisal: Appraisal,
): PlatformFacts {
  const branch: Appraisal = appraisal.within('boot attestation');
  const its = attestationKey(kept, branch);
  branch.require(check['tpm.boot-attestation'], equal(its.key.spki, aik.key.spki), {
    ...(!equal(its.key.spki, aik.key.spki) && { detail: 'another attestation key made it' }),
  });
  const quote = verifyQuote(kept, aik.key, undefined, branch);
  const facts = verifyLogs(quote, kept, aik.key, rules, branch);
  const problem = discontinuity(facts, current);
  branch.require(check['tpm.boot-attestation'], problem === undefined, {
    ...(problem !== undefined && { detail: problem }),
  });
  return facts;
}
