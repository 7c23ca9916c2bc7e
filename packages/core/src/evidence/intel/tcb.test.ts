/** TCB levels: which one matches, and what a platform, its quoting enclave and its TDX module come to together. */
import { describe, expect, test } from 'vitest';
import { type Bytes, fromHex } from '../../bytes/index.ts';
import type { QeIdentity } from './qe-identity.ts';
import type { TdReport } from './report.ts';
import type { PlatformStatus } from './status.ts';
import { describeShortfalls, type Evaluation, evaluateSgx, evaluateTdx, launchModule } from './tcb.ts';
import type { ComponentLevel, TcbInfo, TcbLevel } from './tcb-info.ts';

const year = (n: number): number => Date.UTC(n, 0, 1);
const filled = (...head: readonly number[]): number[] => Array.from({ length: 16 }, (_, i) => head[i] ?? 0);
const level = (
  status: PlatformStatus,
  sgx: readonly number[],
  pceSvn: number,
  more: Partial<TcbLevel> = {},
): TcbLevel => ({
  sgx: filled(...sgx),
  pceSvn,
  status,
  date: year(2025),
  advisoryIds: [],
  ...more,
});
const component = (isvSvn: number, status: string, more: Partial<ComponentLevel> = {}): ComponentLevel => ({
  isvSvn,
  status,
  date: year(2025),
  advisoryIds: [],
  ...more,
});
const module = { mrSigner: new Uint8Array(48), attributes: new Uint8Array(8) };
const info = (levels: readonly TcbLevel[], more: Partial<TcbInfo> = {}): TcbInfo => ({
  tee: 'sgx',
  version: 3,
  issued: 0,
  nextUpdate: 0,
  fmspc: new Uint8Array(6),
  pceId: new Uint8Array(2),
  evaluation: 17,
  levels,
  tdxModuleIdentities: [],
  ...more,
});
const identity = (...levels: readonly ComponentLevel[]): QeIdentity => ({
  id: 'QE',
  issued: 0,
  nextUpdate: 0,
  evaluation: 17,
  miscSelect: new Uint8Array(4),
  miscSelectMask: new Uint8Array(4),
  attributes: new Uint8Array(16),
  attributesMask: new Uint8Array(16),
  mrSigner: new Uint8Array(32),
  isvProdId: 1,
  levels,
});
const qe = identity(component(8, 'UpToDate'));
const platform = (components: readonly number[], pceSvn: number) => ({ components: filled(...components), pceSvn });
const svns = (...head: readonly number[]): Bytes => Uint8Array.from(filled(...head));

/** The status, or what is unsupported. */
const outcome = (evaluation: Evaluation): string =>
  'verdict' in evaluation ? evaluation.verdict.status : `unsupported: ${evaluation.unsupported.what}`;
const verdict = (evaluation: Evaluation) =>
  'verdict' in evaluation ? evaluation.verdict : expect.fail(outcome(evaluation));

describe('the level of an SGX platform', () => {
  const levels = [
    level('UpToDate', [5, 5], 11),
    level('ConfigurationNeeded', [5, 4], 11),
    level('OutOfDate', [4, 4], 10),
    level('Revoked', [1, 1], 5),
  ];
  test.each<[string, readonly number[], number, string]>([
    ['exactly the best', [5, 5], 11, 'UpToDate'],
    ['more than the best', [6, 255], 65_535, 'UpToDate'],
    ['one component lower', [5, 4], 11, 'ConfigurationNeeded'],
    ['another component lower', [4, 5], 11, 'OutOfDate'],
    ['only PCESVN lower', [5, 5], 10, 'OutOfDate'],
    ['only PCESVN higher', [0, 0], 65_535, 'unsupported: platform'],
    ['only components higher', [255, 255], 4, 'unsupported: platform'],
    ['the lowest', [1, 1], 5, 'Revoked'],
    ['lower than the lowest', [1, 0], 5, 'unsupported: platform'],
  ])('%s', (_name, components, pceSvn, wanted) => {
    expect(outcome(evaluateSgx(info(levels), qe, platform(components, pceSvn), 8))).toBe(wanted);
  });

  test('each of the sixteen components and PCESVN counts', () => {
    const best = info([level('UpToDate', filled(...Array(16).fill(3)), 3), level('OutOfDate', [], 0)]);
    expect(outcome(evaluateSgx(best, qe, platform(Array(16).fill(3), 3), 8))).toBe('UpToDate');
    for (let i = 0; i < 16; i++) {
      const lower = Array.from({ length: 16 }, (_, j) => (j === i ? 2 : 3));
      const evaluation = evaluateSgx(best, qe, platform(lower, 3), 8);
      expect(outcome(evaluation)).toBe('OutOfDate');
      expect(verdict(evaluation).shortfalls).toEqual([{ component: `SGX component ${i + 1}`, has: 2, needs: 3 }]);
    }
    const { shortfalls } = verdict(evaluateSgx(best, qe, platform(Array(16).fill(3), 2), 8));
    expect(describeShortfalls(shortfalls)).toBe('PCESVN has 2, needs 3');
  });

  test('a platform below all levels is told what the lowest asks for', () => {
    const evaluation = evaluateSgx(info(levels), qe, platform([1, 0], 4), 8);
    expect(evaluation).toEqual({
      unsupported: {
        what: 'platform',
        shortfalls: [
          { component: 'SGX component 2', has: 0, needs: 1 },
          { component: 'PCESVN', has: 4, needs: 5 },
        ],
      },
    });
  });
});

describe('the quoting enclave', () => {
  const all = [level('UpToDate', [], 0)];
  const enclave = identity(component(8, 'UpToDate'), component(6, 'OutOfDate'), component(2, 'Revoked'));
  test.each([
    [9, 'UpToDate'],
    [8, 'UpToDate'],
    [7, 'OutOfDate'],
    [6, 'OutOfDate'],
    [5, 'Revoked'],
    [2, 'Revoked'],
    [1, 'unsupported: quoting enclave ISVSVN'],
  ])('with ISVSVN %i', (svn, wanted) => {
    expect(outcome(evaluateSgx(info(all), enclave, platform([], 0), svn))).toBe(wanted);
  });

  test('without levels, or with a status that says nothing, is unsupported', () => {
    expect(outcome(evaluateSgx(info(all), identity(), platform([], 0), 8))).toBe('unsupported: quoting enclave ISVSVN');
    const odd = identity(component(8, 'SWHardeningNeeded'), component(1, 'UpToDate'));
    expect(outcome(evaluateSgx(info(all), odd, platform([], 0), 8))).toBe('unsupported: quoting enclave ISVSVN');
  });

  test('that is old says what the best level needs', () => {
    expect(verdict(evaluateSgx(info(all), enclave, platform([], 0), 7)).shortfalls).toEqual([
      { component: 'quoting enclave ISVSVN', has: 7, needs: 8 },
    ]);
  });
});

test('dates are the oldest, advisories all, sorted and once', () => {
  const levels = [
    level('SWHardeningNeeded', [], 0, { date: year(2024), advisoryIds: ['INTEL-SA-00615', 'INTEL-SA-00334'] }),
  ];
  const enclave = identity(
    component(1, 'UpToDate', { date: year(2023), advisoryIds: ['INTEL-SA-00615', 'INTEL-SA-00001'] }),
  );
  expect(verdict(evaluateSgx(info(levels), enclave, platform([], 0), 8))).toEqual({
    status: 'SWHardeningNeeded',
    date: year(2023),
    advisoryIds: ['INTEL-SA-00001', 'INTEL-SA-00334', 'INTEL-SA-00615'],
    shortfalls: [],
  });
});

const td = (teeTcbSvn: Bytes, teeTcbSvn2?: Bytes): TdReport =>
  ({ teeTcbSvn, ...(teeTcbSvn2 && { teeTcbSvn2 }) }) as TdReport;
const modules = [
  { ...module, id: 'TDX_01', levels: [component(5, 'UpToDate'), component(3, 'OutOfDate'), component(1, 'Revoked')] },
  { ...module, id: 'tdx_0a', levels: [component(0, 'UpToDate', { date: year(2020), advisoryIds: ['INTEL-SA-9'] })] },
];
const evaluate = (tdxLevels: readonly TcbLevel[], report: TdReport): Evaluation =>
  evaluateTdx(
    info(tdxLevels, { tee: 'tdx', tdxModule: module, tdxModuleIdentities: modules }),
    qe,
    platform([5], 11),
    8,
    report,
  );

describe('the level of a TD', () => {
  const all = Array.from({ length: 16 }, () => 2);
  const levels = [level('UpToDate', [5], 11, { tdx: all }), level('OutOfDate', [], 0, { tdx: filled() })];

  test('without a module version, every byte of TEE_TCB_SVN is a component of the platform', () => {
    // Byte 1 is the module's version: where it is 0 there is none, and it counts as a component like the others.
    const flat = [level('UpToDate', [5], 11, { tdx: all.map((svn, i) => (i === 1 ? 0 : svn)) }), ...levels.slice(1)];
    expect(outcome(evaluate(flat, td(svns(2, 0, ...all))))).toBe('UpToDate');
    expect(outcome(evaluate(levels, td(svns(2, 0, ...all))))).toBe('OutOfDate');
    for (const i of [0, 2, 3, 15]) {
      const lower = svns(2, 0, ...all).map((svn, j) => (i === j ? 1 : svn));
      expect(outcome(evaluate(flat, td(lower))), `byte ${i}`).toBe('OutOfDate');
    }
  });

  test('with a module version, its two bytes are none, and every other is', () => {
    expect(outcome(evaluate(levels, td(svns(5, 1, ...all))))).toBe('UpToDate');
    // Minor version 1 would be below the level's 2: here it is asked of the module's own levels.
    expect(outcome(evaluate(levels, td(svns(0, 10, ...all))))).toBe('UpToDate');
    for (let i = 2; i < 16; i++) {
      const lower = svns(5, 1, ...all).map((svn, j) => (i === j ? 1 : svn));
      const evaluation = evaluate(levels, td(lower));
      expect(outcome(evaluation), `byte ${i}`).toBe('OutOfDate');
      expect(verdict(evaluation).shortfalls).toEqual([{ component: `TDX component ${i + 1}`, has: 1, needs: 2 }]);
    }
  });

  test('components of SGX and PCESVN count as well', () => {
    const high = [level('UpToDate', [6], 11, { tdx: filled() }), level('OutOfDate', [5], 11, { tdx: filled() })];
    expect(outcome(evaluate(high, td(svns(5, 1))))).toBe('OutOfDate');
  });
});

describe('the TDX module', () => {
  const levels = [level('ConfigurationNeeded', [], 0, { tdx: filled() })];
  test.each([
    [255, 1, 'ConfigurationNeeded'],
    [5, 1, 'ConfigurationNeeded'],
    [4, 1, 'OutOfDateConfigurationNeeded'],
    [3, 1, 'OutOfDateConfigurationNeeded'],
    [1, 1, 'Revoked'],
    [0, 1, 'unsupported: TDX module 1 minor version'],
    [0, 10, 'ConfigurationNeeded'],
    [5, 2, 'unsupported: TDX module 2 (not in the TCB info)'],
    [0, 0, 'ConfigurationNeeded'],
  ])('%i of version %i', (minor, major, wanted) => {
    expect(outcome(evaluate(levels, td(svns(minor, major))))).toBe(wanted);
  });

  test('adds its date and its advisories', () => {
    expect(verdict(evaluate(levels, td(svns(0, 10))))).toMatchObject({ date: year(2020), advisoryIds: ['INTEL-SA-9'] });
  });

  test('is found by its version in hexadecimal, whatever the case; version 0 is the one entry of older files', () => {
    const known = info([], { tdxModule: module, tdxModuleIdentities: modules });
    expect(launchModule(known, fromHex('0001'))).toBe(modules[0]);
    expect(launchModule(known, fromHex('000a'))).toBe(modules[1]);
    expect(launchModule(known, fromHex('0010'))).toBeUndefined();
    expect(launchModule(known, fromHex('0000'))).toBe(module);
    expect(launchModule(info([]), fromHex('0000'))).toBeUndefined();
  });
});

describe('TDX 1.5: what launched the TD, and what runs now', () => {
  const levels = [level('UpToDate', [], 0, { tdx: filled() })];
  test.each([
    [5, 5, 'UpToDate'],
    [3, 5, 'TDRelaunchAdvised'],
    [3, 3, 'OutOfDate'],
    [5, 3, 'UpToDate'],
    [5, 1, 'Revoked'],
    [3, 1, 'Revoked'],
    [1, 5, 'Revoked'],
    [0, 5, 'unsupported: TDX module 1 minor version'],
    [5, 0, 'unsupported: TDX module 1 minor version'],
  ])('launched by minor version %i, now %i', (launch, current, wanted) => {
    expect(outcome(evaluate(levels, td(svns(launch, 1), svns(current, 1))))).toBe(wanted);
  });

  test('a need for configuration is not lost', () => {
    const configured = [level('ConfigurationNeeded', [], 0, { tdx: filled() })];
    expect(outcome(evaluate(configured, td(svns(3, 1), svns(5, 1))))).toBe('TDRelaunchAdvisedConfigurationNeeded');
  });

  test('a module that is not known now is unsupported, whatever launched the TD', () => {
    expect(outcome(evaluate(levels, td(svns(5, 1), svns(5, 2))))).toBe(
      'unsupported: TDX module 2 (not in the TCB info)',
    );
  });

  test('TDX 1.0 has no second report: launch decides', () => {
    expect(outcome(evaluate(levels, td(svns(3, 1))))).toBe('OutOfDate');
  });
});
