/**
 * The verification of a quote, SGX and TDX alike, read from top to bottom. It follows the order of Intel's quote
 * verification enclave; where it is stricter, `docs/explain/conformance.md` says so.
 */
import type { Appraisal, CheckTable } from '../../appraisal.ts';
import { type Bytes, concat, equal, hex, isZero } from '../../bytes/index.ts';
import type { Anchored, Collateral, Context, Need, NeedName, Submission } from '../../contract.ts';
import { type PublicKey, p256Point, sha256, verifySignature } from '../../crypto/index.ts';
import { pemBlocks } from '../../pki/index.ts';
import { type Voucher, vouch } from '../../vouch.ts';
import { attempt } from '../attempt.ts';
import { type BoundData, readBound } from '../bound-data.ts';
import { assembleChain, type PckChain, type SigningChain, verifyPckChain, verifySigningChain } from './chain.ts';
import { check } from './checks.ts';
import {
  chainHash,
  issuersOf,
  needsOf,
  pckCrl,
  qeIdentity,
  rootCrl,
  type SignedDocument,
  tcbInfo,
  verifyCrl,
  verifyDocument,
} from './collateral.ts';
import type { QuoteFacts } from './facts.ts';
import { fmspcText } from './pck.ts';
import { differenceFrom, readQeIdentity } from './qe-identity.ts';
import { decodeQuote, longestQuote, type Quote, type Tee } from './quote.ts';
import { hasKeySeparation, type TdReport } from './report.ts';
import { minimumEvaluation, type QuoteSettings } from './settings.ts';
import { describeShortfalls, type Evaluation, evaluateSgx, evaluateTdx, launchModule, type TcbVerdict } from './tcb.ts';
import { readTcbInfo, type TcbInfo } from './tcb-info.ts';

type C = Context<QuoteSettings>;

/** A quote and what came with it; nothing in it is believed yet. */
export interface QuoteEvidence {
  readonly quote: Quote;
  readonly submitted: Bytes;
  readonly certificates: readonly Bytes[];
  readonly runtime?: BoundData;
  readonly init?: BoundData;
}

export interface AnchoredQuote extends Anchored {
  readonly evidence: QuoteEvidence;
  readonly chain: Voucher<PckChain>;
}

/**
 * Reads a quote of one kind.
 * @param quoteBytes the quote inside the evidence as submitted
 */
export function decodeEvidence(tee: Tee, quoteBytes: Bytes, submission: Submission, context: C): QuoteEvidence {
  const appraisal: Appraisal = context.appraisal;
  appraisal.require(check['intel.quote.layout'], quoteBytes.length <= longestQuote, {
    expected: `at most ${longestQuote} bytes`,
    observed: quoteBytes.length,
  });
  const quote = attempt(appraisal, check['intel.quote.layout'], () => decodeQuote(quoteBytes));
  appraisal.require(check['intel.quote.tee'], quote.body.tee === tee, { expected: tee, observed: quote.body.tee });
  const { runtime, init } = attempt(appraisal, check['intel.quote.bound-data'], () => ({
    runtime: submission.runtime && readBound(submission.runtime, 'runtimeData.data'),
    init: submission.init && readBound(submission.init, 'initTimeData.data'),
  }));
  return {
    quote,
    submitted: submission.evidence,
    certificates: submission.certificates ?? [],
    ...(runtime && { runtime }),
    ...(init && { init }),
  };
}

/** The quote's own chain to a root in force: it says which platform this is, and so what collateral is needed. */
export function anchorQuote(evidence: QuoteEvidence, context: C): AnchoredQuote {
  const { certification, qe } = evidence.quote;
  // A quote that does not carry its chain leaves the choice to its signature and to what is held.
  const choice = certification.type === 5 ? [] : [qe.raw, qe.signature, ...evidence.certificates];
  const inputs = [Uint8Array.of(certification.type), certification.data, ...choice];
  const chain = vouch(context, 'PCK chain', inputs, check['intel.pck.dated'], (appraisal) => {
    const certificates = attempt(appraisal, check['intel.pck.certificates'], () => certificatesOf(evidence));
    const value = verifyPckChain(certificates, context.anchors.of('intel'), appraisal);
    return { value, from: value.from, until: value.until };
  });
  context.appraisal.require(check['intel.pck.begun'], chain.begun, {
    expected: new Date(chain.from),
    observed: context.at,
  });
  const { pck, ca } = chain.value;
  return {
    evidence,
    chain,
    needs: needsOf(evidence.quote.body.tee, fmspcText(pck), ca, minimumEvaluation(context.settings)),
  };
}

/** Type 5 carries the whole chain, type 4 the leaf alone, types 1 to 3 only say which platform signed. */
function certificatesOf({ quote, certificates }: QuoteEvidence): readonly Bytes[] {
  const { type, data } = quote.certification;
  if (type === 5) return pemBlocks(data, 'CERTIFICATE', 3);
  const held = type === 4 ? [...pemBlocks(data, 'CERTIFICATE', 3), ...certificates] : certificates;
  return assembleChain(held, (key) => verifySignature('ecdsa-sha256-raw', key, quote.qe.raw, quote.qe.signature));
}

/** Cryptography, then the arithmetic of security versions. */
export function verifyQuote({ evidence, chain, needs }: AnchoredQuote, have: Collateral, context: C): QuoteFacts {
  const appraisal: Appraisal = context.appraisal;
  const { quote } = evidence;
  const { tee } = quote.body;
  const { pck, issuer, root, leaf, ca } = chain.value;
  const get = collateralAtHand(needs, have, appraisal);

  const rootList = vouchCrl(get(rootCrl), 'root-crl', root, context);
  const pckList = vouchCrl(get(pckCrl(ca)), 'pck-crl', issuer, context);
  appraisal.require(check['intel.root.standing'], !rootList.value.revokes(root), { observed: root.serialHex });
  appraisal.require(check['intel.ca.standing'], !rootList.value.revokes(issuer), { observed: issuer.serialHex });
  appraisal.require(check['intel.pck.standing'], !pckList.value.revokes(leaf), { observed: leaf.serialHex });

  const infoName = tcbInfo(tee, fmspcText(pck));
  const identityName = qeIdentity(tee);
  const issuers = [get(issuersOf(infoName)), get(issuersOf(identityName))] as const;
  const infoSigners = vouchSigners(issuers[0], root, rootList, context);
  const info = vouchDocument(get(infoName), infoSigners.value, 'tcb-info', 'tcbInfo', readTcbInfo, context);
  // Intel signs both with one key: one chain is walked once, even where nothing is remembered.
  const identitySigners = equal(...issuers) ? infoSigners : vouchSigners(issuers[1], root, rootList, context);
  const identity = vouchDocument(
    get(identityName),
    identitySigners.value,
    'qe-identity',
    'enclaveIdentity',
    readQeIdentity,
    context,
  );

  requireSubject(info.value.content, tee, chain.value, context);
  if (quote.body.tee === 'tdx') requireModule(info.value.content, quote.body.report, context);

  const qeName = tee === 'sgx' ? 'QE' : 'TD_QE';
  appraisal.require(check['intel.qe-identity.subject'], identity.value.content.id === qeName, {
    expected: qeName,
    observed: identity.value.content.id,
  });
  const attestationKey = vouchQe(quote, chain.value, context);
  const difference = differenceFrom(identity.value.content, quote.qe.report);
  appraisal.require(
    check['intel.qe.identity'],
    difference === undefined,
    difference && { expected: difference.expected, observed: difference.observed, detail: difference.property },
  );
  appraisal.require(
    check['intel.quote.signed'],
    verifySignature('ecdsa-sha256-raw', attestationKey, quote.signed, quote.signature),
  );
  requireBinding(evidence, context);

  const evaluation: Evaluation =
    quote.body.tee === 'tdx'
      ? evaluateTdx(info.value.content, identity.value.content, pck, quote.qe.report.isvSvn, quote.body.report)
      : evaluateSgx(info.value.content, identity.value.content, pck, quote.qe.report.isvSvn);
  return {
    quote,
    ...(evidence.runtime && { runtime: evidence.runtime }),
    ...(evidence.init && { init: evidence.init }),
    pck,
    tcb: requireSupported(evaluation, context),
    evaluation: Math.min(info.value.content.evaluation, identity.value.content.evaluation),
    dates: {
      pckChain: chain,
      rootCrl: rootList,
      pckCrl: pckList,
      tcbInfoIssuers: infoSigners,
      tcbInfo: info,
      qeIdentityIssuers: identitySigners,
      qeIdentity: identity,
    },
    hashes: {
      submitted: hex(sha256(evidence.submitted)),
      tcbInfo: info.value.hash,
      tcbInfoIssuers: infoSigners.value.hash,
      qeIdentity: identity.value.hash,
      qeIdentityIssuers: identitySigners.value.hash,
      rootCrl: rootList.value.hash,
    },
  };
}

/** Says at once all that is missing. */
function collateralAtHand(needs: readonly Need[], have: Collateral, appraisal: Appraisal): (name: NeedName) => Bytes {
  const missing = needs.filter(({ name }) => !have.has(name)).map(({ name }) => name);
  const seen =
    missing.length > 0 ? { detail: `missing: ${missing.join(', ')}` } : { expected: needs.map(({ name }) => name) };
  appraisal.require(check['intel.collateral.present'], missing.length === 0, seen);
  return (name) => have.get(name) ?? appraisal.refuse(check['intel.collateral.present'], { expected: name });
}

type List = ReturnType<typeof vouchCrl>;

function vouchCrl(bytes: Bytes, name: 'root-crl' | 'pck-crl', issuer: PckChain['root'], context: C) {
  return vouch(
    context,
    name === 'root-crl' ? 'root CRL' : 'PCK CRL',
    [bytes, issuer.raw],
    check[`intel.${name}.dated`],
    (appraisal) => verifyCrl(bytes, issuer, check[`intel.${name}.signed`], appraisal),
  );
}

/** The chain that signs a document: to a root in force, valid already, and not revoked. That it may have ended is a fact. */
function vouchSigners(
  issuers: Bytes,
  seen: PckChain['root'],
  list: List,
  context: C,
): Voucher<SigningChain & { readonly hash: string }> {
  const it = vouch(context, 'TCB signing chain', [issuers], check['intel.signing.dated'], (appraisal) => {
    const chain = verifySigningChain(issuers, context.anchors.of('intel'), appraisal, seen);
    return { value: { ...chain, hash: chainHash(chain) }, from: chain.from, until: chain.until };
  });
  const { signer, root } = it.value;
  context.appraisal.require(check['intel.signing.begun'], it.begun, {
    expected: new Date(it.from),
    observed: context.at,
  });
  context.appraisal.require(check['intel.signing.standing'], !list.value.revokes(signer) && !list.value.revokes(root), {
    observed: signer.serialHex,
  });
  return it;
}

/** A document signed by that chain, and valid already. */
function vouchDocument<T extends { readonly issued: number; readonly nextUpdate: number }>(
  document: Bytes,
  { signer, root, key, from, until }: SigningChain,
  name: 'tcb-info' | 'qe-identity',
  member: 'tcbInfo' | 'enclaveIdentity',
  read: Parameters<typeof verifyDocument<T>>[3],
  context: C,
): Voucher<SignedDocument<T>> {
  const wanted: CheckTable<'signed' | 'content'> = {
    signed: check[`intel.${name}.signed`],
    content: check[`intel.${name}.content`],
  };
  const title = name === 'tcb-info' ? 'TCB info' : 'QE identity';
  const it = vouch(context, title, [document, signer.raw], check[`intel.${name}.dated`], (appraisal) =>
    verifyDocument(document, { signer, root, key, from, until }, member, read, wanted, appraisal),
  );
  context.appraisal.require(check[`intel.${name}.begun`], it.begun, {
    expected: new Date(it.from),
    observed: context.at,
  });
  return it;
}

function requireSubject(info: TcbInfo, tee: Tee, { pck }: PckChain, context: C): void {
  const appraisal: Appraisal = context.appraisal;
  const subject = check['intel.tcb-info.subject'];
  if (info.tee !== tee) appraisal.refuse(subject, { expected: tee, observed: info.tee });
  if (!equal(info.pceId, pck.pceId))
    appraisal.refuse(subject, { expected: pck.pceId, observed: info.pceId, detail: 'PCE-ID' });
  appraisal.require(subject, equal(info.fmspc, pck.fmspc), {
    expected: pck.fmspc,
    observed: info.fmspc,
    detail: 'FMSPC',
  });
}

/** Which TDX module launched the TD: known, signed by whom the TCB info says, and free of debug attributes. */
function requireModule(info: TcbInfo, report: TdReport, context: C): void {
  const appraisal: Appraisal = context.appraisal;
  const module = launchModule(info, report.teeTcbSvn);
  const wanted = check['intel.tdx.module'];
  if (!module) {
    const detail = 'no identity for this module version (minor, major)';
    appraisal.refuse(wanted, { observed: report.teeTcbSvn.subarray(0, 2), detail });
  }
  const signers = { expected: module.mrSigner, observed: report.mrSignerSeam, detail: 'MRSIGNERSEAM' };
  appraisal.require(wanted, equal(module.mrSigner, report.mrSignerSeam), signers);
  const { seamAttributes } = report;
  appraisal.require(
    check['intel.tdx.seam-attributes'],
    isZero(seamAttributes) && equal(seamAttributes, module.attributes),
    { expected: module.attributes, observed: seamAttributes },
  );
}

/**
 * The quoting enclave's word for the attestation key. It is the same for all quotes that an enclave makes with one key,
 * and holds whatever the time is.
 */
function vouchQe(quote: Quote, { key, leaf }: PckChain, context: C): PublicKey {
  const { raw, report, signature, authData } = quote.qe;
  const inputs = [leaf.spki, raw, signature, authData, quote.attestationKey];
  return vouch(context, 'quoting enclave', inputs, undefined, (appraisal: Appraisal) => {
    appraisal.require(check['intel.qe.signed'], verifySignature('ecdsa-sha256-raw', key, raw, signature));
    const expected = sha256(concat(quote.attestationKey, authData));
    const observed = report.reportData.subarray(0, 32);
    appraisal.require(check['intel.qe.binding'], equal(expected, observed), { expected, observed });
    const value = attempt(appraisal, check['intel.quote.key'], () => p256Point(quote.attestationKey));
    return { value, from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY };
  }).value;
}

/** Data that the client shows beside the quote must be what the enclave put, or was launched with, as a hash. */
function requireBinding({ quote: { body }, runtime, init }: QuoteEvidence, context: C): void {
  const appraisal: Appraisal = context.appraisal;
  if (runtime) {
    const expected = sha256(runtime.bytes);
    const observed = body.report.reportData.subarray(0, 32);
    appraisal.require(check['intel.runtime-data'], equal(expected, observed), {
      expected,
      observed,
      where: { path: 'runtimeData.data' },
    });
  }
  if (init) {
    const expected = sha256(init.bytes);
    const slot = body.tee === 'tdx' ? body.report.mrConfigId : body.report.configId;
    const means = body.tee === 'tdx' ? isZero(slot.subarray(32)) : hasKeySeparation(body.report);
    appraisal.require(check['intel.init-data'], means && equal(expected, slot.subarray(0, 32)), {
      expected,
      observed: slot,
      where: { path: 'initTimeData.data' },
    });
  }
}

function requireSupported(evaluation: Evaluation, context: C): TcbVerdict {
  const appraisal: Appraisal = context.appraisal;
  const supported = check['intel.tcb.supported'];
  if ('verdict' in evaluation) {
    appraisal.note(supported, true, { observed: evaluation.verdict.status });
    return evaluation.verdict;
  }
  const { what, shortfalls } = evaluation.unsupported;
  const detail =
    shortfalls.length > 0 ? `below the lowest level: ${describeShortfalls(shortfalls)}` : 'no level is known';
  return appraisal.refuse(supported, { observed: what, detail });
}
