/**
 * TCB evaluation: from security versions to a status. Pure arithmetic over verified data, in the order of Intel's
 * quote verification library (TcbStatus of QuoteVerifier). Nothing here knows how the data was verified.
 */
import { hex } from '../../bytes/index.ts';
import type { QeIdentity } from './qe-identity.ts';
import type { TdReport } from './report.ts';
import {
  type ComponentStatus,
  componentStatuses,
  converge,
  type PlatformStatus,
  relaunch,
  type TcbStatus,
} from './status.ts';
import type { ComponentLevel, TcbInfo, TcbLevel, TdxModule, TdxModuleIdentity } from './tcb-info.ts';

/** What the platform has, from the PCK certificate. */
export interface PlatformTcb {
  /** 16 component SVNs. */
  readonly components: readonly number[];
  readonly pceSvn: number;
}

/** One security version that is lower than a level asks for. */
export interface Shortfall {
  readonly component: string;
  readonly has: number;
  readonly needs: number;
}

/** How the platform, its quoting enclave and (TDX) its module stand. */
export interface TcbVerdict {
  readonly status: TcbStatus;
  /** The oldest of the matched levels' dates, milliseconds since 1970. */
  readonly date: number;
  /** Without duplicates, sorted. */
  readonly advisoryIds: readonly string[];
  /** What keeps the platform from the best level; empty when it has it. */
  readonly shortfalls: readonly Shortfall[];
}

/** No level matches: security versions so low, or so unknown, that Intel says nothing about them. */
interface Unsupported {
  readonly what: string;
  readonly shortfalls: readonly Shortfall[];
}

export type Evaluation = { readonly verdict: TcbVerdict } | { readonly unsupported: Unsupported };

/** TEE_TCB_SVN: [0] is the module's minor version, [1] its major version, the rest components of the platform. */
interface TdxTcb {
  readonly svn: Uint8Array;
  readonly identity: TdxModuleIdentity | undefined;
}

/**
 * The module whose identity a TD's launch must show: by major version, or the one entry of older TCB info.
 * Undefined when TCB info does not know it.
 */
export function launchModule(info: TcbInfo, teeTcbSvn: Uint8Array): TdxModule | undefined {
  return majorVersion(teeTcbSvn) === 0 ? info.tdxModule : moduleIdentity(info, teeTcbSvn);
}

const majorVersion = (teeTcbSvn: Uint8Array): number => teeTcbSvn[1] ?? 0;

function moduleIdentity(info: TcbInfo, teeTcbSvn: Uint8Array): TdxModuleIdentity | undefined {
  const id = `TDX_${hex(teeTcbSvn.subarray(1, 2))}`.toUpperCase();
  return info.tdxModuleIdentities.find((module) => module.id.toUpperCase() === id);
}

/** Evaluates a quote of an SGX enclave. */
export const evaluateSgx = (info: TcbInfo, identity: QeIdentity, platform: PlatformTcb, qeSvn: number): Evaluation =>
  evaluateOnce(info, identity, platform, qeSvn, undefined);

/** Evaluates a quote of a TD: by what it was launched with, and (TDX 1.5) by what runs below it now. */
export function evaluateTdx(
  info: TcbInfo,
  identity: QeIdentity,
  platform: PlatformTcb,
  qeSvn: number,
  report: TdReport,
): Evaluation {
  const evaluate = (svn: Uint8Array): Evaluation =>
    evaluateOnce(info, identity, platform, qeSvn, { svn, identity: moduleIdentity(info, svn) });
  const launch = evaluate(report.teeTcbSvn);
  if ('unsupported' in launch || report.teeTcbSvn2 === undefined) return launch;
  const current = evaluate(report.teeTcbSvn2);
  if ('unsupported' in current) return current;
  const status = relaunch(launch.verdict.status as PlatformStatus, current.verdict.status as PlatformStatus);
  return { verdict: { ...launch.verdict, status } };
}

function evaluateOnce(
  info: TcbInfo,
  identity: QeIdentity,
  platform: PlatformTcb,
  qeSvn: number,
  tdx: TdxTcb | undefined,
): Evaluation {
  // A module with a major version has levels of its own, so its two version bytes are no platform components.
  const firstTdx = tdx && majorVersion(tdx.svn) > 0 ? 2 : 0;
  const level = info.levels.find((one) => meets(one, platform, tdx?.svn, firstTdx));
  if (!level) {
    const lowest = info.levels.at(-1);
    return {
      unsupported: { what: 'platform', shortfalls: lowest ? shortfallsFrom(lowest, platform, tdx?.svn, firstTdx) : [] },
    };
  }
  const qe = matchComponent('quoting enclave ISVSVN', identity.levels, qeSvn);
  if ('unsupported' in qe) return qe;
  const module = tdx && majorVersion(tdx.svn) > 0 ? matchModule(tdx) : undefined;
  if (module && 'unsupported' in module) return module;

  const matched = [qe, ...(module ? [module] : [])];
  const best = info.levels[0];
  const platformShortfalls = best && best !== level ? shortfallsFrom(best, platform, tdx?.svn, firstTdx) : [];
  return {
    verdict: {
      status: converge(
        level.status,
        matched.map((one) => one.status),
      ),
      date: Math.min(level.date, ...matched.map((one) => one.level.date)),
      advisoryIds: [...new Set([level, ...matched.map((one) => one.level)].flatMap((one) => one.advisoryIds))].sort(),
      shortfalls: [...platformShortfalls, ...matched.flatMap((one) => one.shortfalls)],
    },
  };
}

interface MatchedComponent {
  readonly level: ComponentLevel;
  readonly status: ComponentStatus;
  readonly shortfalls: readonly Shortfall[];
}
type ComponentMatch = MatchedComponent | { readonly unsupported: Unsupported };

function matchModule({ svn, identity }: TdxTcb): ComponentMatch {
  const name = `TDX module ${majorVersion(svn)}`;
  if (!identity) return { unsupported: { what: `${name} (not in the TCB info)`, shortfalls: [] } };
  return matchComponent(`${name} minor version`, identity.levels, svn[0] ?? 0);
}

function matchComponent(component: string, levels: readonly ComponentLevel[], has: number): ComponentMatch {
  const level = levels.find((one) => has >= one.isvSvn);
  const best = levels[0];
  const short = (to: ComponentLevel | undefined): readonly Shortfall[] =>
    to && has < to.isvSvn ? [{ component, has, needs: to.isvSvn }] : [];
  const status = componentStatuses.find((one) => one === level?.status);
  if (!level || !status) return { unsupported: { what: component, shortfalls: short(levels.at(-1)) } };
  return { level, status, shortfalls: short(best) };
}

/** Whether no security version is lower than the level asks for: what `shortfallsFrom` explains when it is not so. */
function meets(level: TcbLevel, platform: PlatformTcb, teeTcbSvn: Uint8Array | undefined, firstTdx: number): boolean {
  return (
    level.sgx.every((needs, i) => (platform.components[i] ?? 0) >= needs) &&
    platform.pceSvn >= level.pceSvn &&
    (teeTcbSvn === undefined || (level.tdx ?? []).every((needs, i) => i < firstTdx || (teeTcbSvn[i] ?? 0) >= needs))
  );
}

/** Every security version that is lower than the level asks for. */
function shortfallsFrom(
  level: TcbLevel,
  platform: PlatformTcb,
  teeTcbSvn: Uint8Array | undefined,
  firstTdx: number,
): readonly Shortfall[] {
  const compared: Shortfall[] = [
    ...level.sgx.map((needs, i) => ({ component: `SGX component ${i + 1}`, has: platform.components[i] ?? 0, needs })),
    { component: 'PCESVN', has: platform.pceSvn, needs: level.pceSvn },
    ...(teeTcbSvn ? (level.tdx ?? []) : [])
      .map((needs, i) => ({ component: `TDX component ${i + 1}`, has: teeTcbSvn?.[i] ?? 0, needs }))
      .slice(firstTdx),
  ];
  return compared.filter(({ has, needs }) => has < needs);
}

/** Shortfalls for people: «SGX component 3 has 2, needs 4». */
export const describeShortfalls = (shortfalls: readonly Shortfall[]): string =>
  shortfalls.map(({ component, has, needs }) => `${component} has ${has}, needs ${needs}`).join('; ');
