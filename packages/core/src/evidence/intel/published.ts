/**
 * What Intel publishes, by the names of needs: which document or list a name stands for, and the word of this core that
 * an answer to it is what it must be. Fetchers ask for it before an answer may take the place of anything.
 */
import { Appraisal, type Check, type CheckTable } from '../../appraisal.ts';
import { type Bytes, hex } from '../../bytes/index.ts';
import type { NeedName } from '../../contract.ts';
import { importSpki } from '../../crypto/index.ts';
import { type Certificate, commonName, isSignedBy } from '../../pki/index.ts';
import { rootName, verifyCaChain, verifySigningChain } from './chain.ts';
import { check } from './checks.ts';
import {
  pckCrl,
  qeIdentity,
  rootCrl,
  tcbInfo,
  type VouchedCrl,
  verifyCrl,
  verifyDocument,
  verifyList,
} from './collateral.ts';
import { type QeIdentity, readQeIdentity } from './qe-identity.ts';
import type { Tee } from './quote.ts';
import type { RecognisedItem } from './recognise.ts';
import { readTcbInfo, type TcbInfo } from './tcb-info.ts';

/** A piece of collateral that can be asked for, in checked parts. */
export type Published =
  /** `fmspc`: twelve hexadecimal digits, lower case. */
  | { readonly kind: 'tcb-info'; readonly tee: Tee; readonly fmspc: string }
  | { readonly kind: 'qe-identity'; readonly tee: Tee }
  | { readonly kind: 'crl'; readonly of: 'root' | 'platform' | 'processor' };

/** @returns what a name stands for; undefined for issuers, which come beside what they sign, and for all other names */
export function publishedAs(name: string): Published | undefined {
  const [, tee, fmspc] = /^intel\/tcb-info-(sgx|tdx)-([0-9a-f]{12})$/.exec(name) ?? [];
  if (tee !== undefined && fmspc !== undefined) return { kind: 'tcb-info', tee: tee as Tee, fmspc };
  for (const tee of ['sgx', 'tdx'] as const) if (name === qeIdentity(tee)) return { kind: 'qe-identity', tee };
  for (const ca of ['platform', 'processor'] as const) if (name === pckCrl(ca)) return { kind: 'crl', of: ca };
  return name === rootCrl ? { kind: 'crl', of: 'root' } : undefined;
}

export const nameOfPublished = (published: Published): NeedName => {
  switch (published.kind) {
    case 'tcb-info':
      return tcbInfo(published.tee, published.fmspc);
    case 'qe-identity':
      return qeIdentity(published.tee);
    case 'crl':
      return published.of === 'root' ? rootCrl : pckCrl(published.of);
  }
};

/** An answer that may be kept. Times are milliseconds since 1970. */
export interface VouchedItem extends RecognisedItem {
  /** When it can first and last be used: its own dates and those of the chain that signs it. */
  readonly usable: { readonly from: number; readonly until: number };
  /** When the chain that signs it ends; no end where a pinned key signs it. */
  readonly chainUntil: number;
}

/** What an answer is judged by. */
export interface VouchingGround {
  /** SubjectPublicKeyInfo of Intel's roots in force. */
  readonly anchors: readonly Bytes[];
  /** The root CRL at hand: with it, what a revoked certificate signed is refused too. */
  readonly rootCrl?: Bytes;
}

/**
 * Vouches that bytes are the very piece of collateral that was asked for: signed by Intel, whole, and about this
 * platform. Pure and clock-free: whether its dates fit is for the caller to say.
 * @param bytes exactly as served
 * @param issuers the chain served beside it, PEM: signer and root. The root CRL needs none
 * @throws {Refusal} naming the check that failed
 */
export function vouchCollateral(
  published: Published,
  bytes: Bytes,
  issuers: Bytes,
  ground: VouchingGround,
  appraisal: Appraisal = new Appraisal(),
): VouchedItem {
  const name = nameOfPublished(published);
  if (published.kind === 'crl') return vouchList(name, published.of, bytes, issuers, ground, appraisal);
  const wanted = published.kind === 'tcb-info' ? infoChecks : identityChecks;
  const chain = verifySigningChain(issuers, ground.anchors, appraisal);
  requireStanding([chain.signer, chain.root], check['intel.signing.standing'], ground, appraisal);
  const { value, from, until } =
    published.kind === 'tcb-info'
      ? verifyDocument<TcbInfo>(bytes, chain, 'tcbInfo', readTcbInfo, wanted, appraisal)
      : verifyDocument<QeIdentity>(bytes, chain, 'enclaveIdentity', readQeIdentity, wanted, appraisal);
  const { content } = value;
  const observed = 'fmspc' in content ? tcbInfo(content.tee, hex(content.fmspc)) : identityName(content);
  appraisal.require(wanted.subject, observed === name, { expected: name, observed });
  return {
    kind: published.kind,
    name,
    issued: from,
    until,
    evaluation: content.evaluation,
    usable: { from: Math.max(from, chain.from), until: Math.min(until, chain.until) },
    chainUntil: chain.until,
  };
}

type DocumentChecks = CheckTable<'signed' | 'content' | 'subject'>;
const infoChecks: DocumentChecks = {
  signed: check['intel.tcb-info.signed'],
  content: check['intel.tcb-info.content'],
  subject: check['intel.tcb-info.subject'],
};
const identityChecks: DocumentChecks = {
  signed: check['intel.qe-identity.signed'],
  content: check['intel.qe-identity.content'],
  subject: check['intel.qe-identity.subject'],
};

const identityName = ({ id }: QeIdentity): string =>
  id === 'QE' ? qeIdentity('sgx') : id === 'TD_QE' ? qeIdentity('tdx') : `the identity of ${id}`;

function vouchList(
  name: NeedName,
  of: 'root' | 'platform' | 'processor',
  bytes: Bytes,
  issuers: Bytes,
  ground: VouchingGround,
  appraisal: Appraisal,
): VouchedItem {
  if (of === 'root') {
    const { from, until } = verifyRootCrl(bytes, ground.anchors, appraisal);
    return { kind: 'crl', name, issued: from, until, usable: { from, until }, chainUntil: Number.POSITIVE_INFINITY };
  }
  const wanted = check['intel.pck-crl.signed'];
  const chain = verifyCaChain(issuers, of, ground.anchors, wanted, appraisal);
  requireStanding([chain.issuer, chain.root], check['intel.ca.standing'], ground, appraisal);
  const { from, until } = verifyCrl(bytes, chain.issuer, wanted, appraisal);
  const usable = { from: Math.max(from, chain.from), until: Math.min(until, chain.until) };
  return { kind: 'crl', name, issued: from, until, usable, chainUntil: chain.until };
}

/** The root's certificate is not needed: its key is pinned, and two certificates have the same one. */
function verifyRootCrl(bytes: Bytes, anchors: readonly Bytes[], appraisal: Appraisal) {
  const isRoots = (crl: Parameters<Parameters<typeof verifyList>[2]>[0]): boolean =>
    (commonName(crl.issuer) ?? '').includes(rootName) && anchors.some((spki) => isSignedBy(crl, importSpki(spki)));
  return verifyList(bytes, 'a root in force', isRoots, check['intel.root-crl.signed'], appraisal);
}

function requireStanding(
  certificates: readonly Certificate[],
  wanted: Check,
  { anchors, rootCrl: list }: VouchingGround,
  appraisal: Appraisal,
): void {
  if (!list) return;
  const { revokes }: VouchedCrl = verifyRootCrl(list, anchors, appraisal).value;
  const revoked = certificates.find(revokes);
  appraisal.require(wanted, revoked === undefined, { observed: revoked?.serialHex ?? 'none' });
}
