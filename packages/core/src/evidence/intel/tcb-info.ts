/**
 * TCB info: Intel's table of which security versions of a platform are how good. PCS API, TCB info versions 2 and 3.
 * Only the value of the member `tcbInfo` is read here; its signature covers the same bytes (collateral.ts).
 */
import type { Bytes } from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import { date, elements, hexBytes, integer, member, type Slot, text, word } from '../../json/index.ts';
import type { Tee } from './quote.ts';
import { type PlatformStatus, platformStatuses } from './status.ts';

/** Security versions that a platform must have at least, and what it is then. */
export interface TcbLevel {
  /** 16 component SVNs, 0–255. */
  readonly sgx: readonly number[];
  readonly pceSvn: number;
  /** 16 component SVNs of TDX; absent in SGX TCB info. */
  readonly tdx?: readonly number[];
  readonly status: PlatformStatus;
  /** Milliseconds since 1970. */
  readonly date: number;
  readonly advisoryIds: readonly string[];
}

export interface TdxModule {
  readonly mrSigner: Bytes;
  readonly attributes: Bytes;
}
/** A TDX module by its major version (`TDX_03`), with levels of its own. */
export interface TdxModuleIdentity extends TdxModule {
  readonly id: string;
  readonly levels: readonly ComponentLevel[];
}
/** A level of a single component: a quoting enclave or a TDX module. */
export interface ComponentLevel {
  readonly isvSvn: number;
  readonly status: string;
  readonly date: number;
  readonly advisoryIds: readonly string[];
}

export interface TcbInfo {
  readonly tee: Tee;
  readonly version: 2 | 3;
  readonly issued: number;
  readonly nextUpdate: number;
  readonly fmspc: Bytes;
  readonly pceId: Bytes;
  readonly evaluation: number;
  /** Best first. */
  readonly levels: readonly TcbLevel[];
  readonly tdxModule?: TdxModule;
  readonly tdxModuleIdentities: readonly TdxModuleIdentity[];
}

/** Bounds on what is read: real files have a dozen levels and a handful of modules. */
const most = { levels: 256, modules: 64, advisories: 256 };

/** @throws {Malformed} naming the member that is missing or wrong */
export function readTcbInfo(slot: Slot): TcbInfo {
  const version = integer(member(slot, 'version'), 2, 3) as 2 | 3;
  const tee: Tee = version === 2 || word(member(slot, 'id'), ['SGX', 'TDX']) === 'SGX' ? 'sgx' : 'tdx';
  integer(member(slot, 'tcbType'), 0, 0);
  const identities = member(slot, 'tdxModuleIdentities');
  return {
    tee,
    version,
    issued: date(member(slot, 'issueDate')),
    nextUpdate: date(member(slot, 'nextUpdate')),
    fmspc: hexBytes(member(slot, 'fmspc'), 6),
    pceId: hexBytes(member(slot, 'pceId'), 2),
    evaluation: integer(member(slot, 'tcbEvaluationDataNumber'), 0, 0xffff_ffff),
    levels: sortedLevels(member(slot, 'tcbLevels'), version, tee),
    ...(tee === 'tdx' && { tdxModule: readModule(member(slot, 'tdxModule')) }),
    tdxModuleIdentities:
      tee === 'tdx' && identities.value !== undefined ? elements(identities, most.modules).map(readModuleIdentity) : [],
  };
}

/** Levels best first: the order in the file is not relied on, and two equal ones make the file invalid. */
function sortedLevels(slot: Slot, version: 2 | 3, tee: Tee): readonly TcbLevel[] {
  const slots = elements(slot, most.levels);
  if (slots.length === 0) throw new Malformed(slot.path, undefined, 'has no levels');
  const sorted = slots.map((one) => readLevel(one, version, tee)).sort((a, b) => compareLevels(b, a));
  for (const [i, level] of sorted.entries()) {
    const next = sorted[i + 1];
    if (next && compareLevels(level, next) === 0)
      throw new Malformed(slot.path, undefined, 'has two levels with the same security versions');
  }
  return sorted;
}

function compareLevels(a: TcbLevel, b: TcbLevel): number {
  return compareSvns(a.sgx, b.sgx) || a.pceSvn - b.pceSvn || compareSvns(a.tdx ?? [], b.tdx ?? []);
}
function compareSvns(a: readonly number[], b: readonly number[]): number {
  for (const [i, svn] of a.entries()) {
    const difference = svn - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function readLevel(slot: Slot, version: 2 | 3, tee: Tee): TcbLevel {
  const tcb = member(slot, 'tcb');
  return {
    sgx: version === 2 ? numberedComponents(tcb) : components(member(tcb, 'sgxtcbcomponents')),
    pceSvn: integer(member(tcb, 'pcesvn'), 0, 0xffff),
    ...(tee === 'tdx' && { tdx: components(member(tcb, 'tdxtcbcomponents')) }),
    status: word(member(slot, 'tcbStatus'), platformStatuses),
    date: date(member(slot, 'tcbDate')),
    advisoryIds: readAdvisories(member(slot, 'advisoryIDs')),
  };
}

const numberedComponents = (tcb: Slot): readonly number[] =>
  Array.from({ length: 16 }, (_, i) => integer(member(tcb, `sgxtcbcomp${String(i + 1).padStart(2, '0')}svn`), 0, 255));

function components(slot: Slot): readonly number[] {
  const slots = elements(slot, 16);
  if (slots.length !== 16) throw new Malformed(slot.path, undefined, `has ${slots.length} components, must have 16`);
  return slots.map((one) => integer(member(one, 'svn'), 0, 255));
}

function readModule(slot: Slot): TdxModule {
  return { mrSigner: hexBytes(member(slot, 'mrsigner'), 48), attributes: hexBytes(member(slot, 'attributes'), 8) };
}

function readModuleIdentity(slot: Slot): TdxModuleIdentity {
  return {
    ...readModule(slot),
    id: text(member(slot, 'id')),
    levels: readComponentLevels(member(slot, 'tcbLevels'), (status) => text(status)),
  };
}

/** Levels of one component, best first. */
export function readComponentLevels(slot: Slot, readStatus: (slot: Slot) => string): readonly ComponentLevel[] {
  return elements(slot, most.levels)
    .map((one) => ({
      isvSvn: integer(member(member(one, 'tcb'), 'isvsvn'), 0, 0xffff),
      status: readStatus(member(one, 'tcbStatus')),
      date: date(member(one, 'tcbDate')),
      advisoryIds: readAdvisories(member(one, 'advisoryIDs')),
    }))
    .sort((a, b) => b.isvSvn - a.isvSvn);
}

/** Advisory ids are opaque: Intel publishes `INTEL-SA-…` and `INTEL-DOC-…`. */
const readAdvisories = (slot: Slot): readonly string[] =>
  slot.value === undefined ? [] : elements(slot, most.advisories).map(text);
