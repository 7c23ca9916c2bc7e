import { describe, expect, test } from 'vitest';
import { quoteBaseline } from './baseline.ts';
import { check } from './checks.ts';
import type { Dated, QuoteFacts } from './facts.ts';
import { type QuoteSettings, quoteSettings } from './settings.ts';
import type { TcbStatus } from './status.ts';

const at = new Date('2026-03-01T12:00:00Z');
const time = at.getTime();
const day = 86_400_000;
const good: Dated = { from: time - day, until: time + day };
const dates: QuoteFacts['dates'] = {
  pckChain: good,
  rootCrl: good,
  pckCrl: good,
  tcbInfoIssuers: good,
  tcbInfo: good,
  qeIdentityIssuers: good,
  qeIdentity: good,
};
interface Case {
  readonly dates?: Partial<QuoteFacts['dates']>;
  readonly status?: TcbStatus;
  readonly evaluation?: number;
  readonly settings?: Partial<QuoteSettings>;
}
const findings = (given: Case = {}) =>
  quoteBaseline(
    {
      dates: { ...dates, ...given.dates },
      tcb: { status: given.status ?? 'UpToDate', date: 0, advisoryIds: [], shortfalls: [] },
      evaluation: given.evaluation ?? 17,
    } as unknown as QuoteFacts,
    { at, settings: { ...quoteSettings.defaults, ...given.settings } },
  );
const unmet = (given: Case): string[] =>
  findings(given)
    .filter(({ ok }) => !ok)
    .map(({ check: { id }, detail }) => (id.startsWith('intel.signing') ? `${id}: ${detail}` : id));

test('every demand is made, met or not', () => {
  const ids = [
    'intel.pck.dated',
    'intel.root-crl.dated',
    'intel.pck-crl.dated',
    'intel.signing.dated',
    'intel.signing.dated',
    'intel.tcb-info.dated',
    'intel.qe-identity.dated',
    'intel.tcb.evaluation',
    'intel.tcb.status',
  ];
  expect(findings().map((one) => one.check.id)).toEqual(ids);
  expect(findings().every(({ ok }) => ok)).toBe(true);
  const ended = { from: 0, until: time - 1 };
  const all = Object.fromEntries(Object.keys(dates).map((name) => [name, ended]));
  const nothing = findings({
    dates: all,
    status: 'Revoked',
    evaluation: 1,
    settings: { minimumTcbEvaluation: 2, maximumCollateralAgeDays: 1 },
  });
  expect(nothing.map((one) => one.check.id).filter((id) => id !== 'intel.collateral.age')).toEqual(ids);
  expect(nothing.some(({ ok }) => ok)).toBe(false);
});

describe('dates', () => {
  const demands: readonly [keyof QuoteFacts['dates'], string][] = [
    ['pckChain', 'intel.pck.dated'],
    ['rootCrl', 'intel.root-crl.dated'],
    ['pckCrl', 'intel.pck-crl.dated'],
    ['tcbInfoIssuers', 'intel.signing.dated: issuer of the TCB info'],
    ['tcbInfo', 'intel.tcb-info.dated'],
    ['qeIdentityIssuers', 'intel.signing.dated: issuer of the QE identity'],
    ['qeIdentity', 'intel.qe-identity.dated'],
  ];
  test.each(demands)('%s, each bound inclusive', (name, id) => {
    expect(unmet({ dates: { [name]: { from: time, until: time } } })).toEqual([]);
    expect(unmet({ dates: { [name]: { from: 0, until: time - 1 } } })).toEqual([id]);
    expect(unmet({ dates: { [name]: { from: time + 1, until: time + day } } })).toEqual([id]);
  });

  test('a frozen baseline excuses TCB info and QE identity alone', () => {
    const settings = { collateral: 'azure-baseline' } as const;
    for (const [name, id] of demands) {
      const excused = name === 'tcbInfo' || name === 'qeIdentity';
      expect(unmet({ settings, dates: { [name]: { from: 0, until: time - 1 } } })).toEqual(excused ? [] : [id]);
    }
  });

  test('age is asked only where the provider sets one, of the older of the two', () => {
    const old = { from: time - 10 * day, until: time + day };
    for (const name of ['tcbInfo', 'qeIdentity'] as const) {
      expect(unmet({ dates: { [name]: old } })).toEqual([]);
      expect(unmet({ dates: { [name]: old }, settings: { maximumCollateralAgeDays: 10 } })).toEqual([]);
      expect(unmet({ dates: { [name]: old }, settings: { maximumCollateralAgeDays: 9 } })).toEqual([
        'intel.collateral.age',
      ]);
      expect(
        unmet({ dates: { [name]: old }, settings: { maximumCollateralAgeDays: 9, collateral: 'azure-baseline' } }),
      ).toEqual(['intel.collateral.age']);
    }
  });
});

test.each<[number, Partial<QuoteSettings>, boolean]>([
  [17, {}, true],
  [0, {}, true],
  [17, { minimumTcbEvaluation: 17 }, true],
  [16, { minimumTcbEvaluation: 17 }, false],
  [16, { minimumTcbEvaluation: 0, tcbIdentifier: '17' }, false],
  [17, { minimumTcbEvaluation: 99, tcbIdentifier: '17' }, true],
  [17, { tcbIdentifier: 'azuredefault', minimumTcbEvaluation: 18 }, false],
])('evaluation %i under %o: %o', (evaluation, settings, ok) => {
  expect(unmet({ evaluation, settings })).toEqual(ok ? [] : ['intel.tcb.evaluation']);
});

test('T2: Revoked is not accepted, whatever the settings say', () => {
  const acceptedTcbStatuses = ['Revoked', 'UpToDate'] as never;
  expect(unmet({ status: 'Revoked', settings: { acceptedTcbStatuses } })).toEqual([check['intel.tcb.status'].id]);
});

test('T24: a status counts only where it is accepted by name', () => {
  expect(unmet({ status: 'TDRelaunchAdvised' })).toEqual(['intel.tcb.status']);
  expect(unmet({ status: 'TDRelaunchAdvised', settings: { acceptedTcbStatuses: ['TDRelaunchAdvised'] } })).toEqual([]);
  expect(unmet({ status: 'UpToDate', settings: { acceptedTcbStatuses: ['OutOfDate'] } })).toEqual(['intel.tcb.status']);
  expect(unmet({ status: 'SWHardeningNeeded', settings: { acceptedTcbStatuses: [] } })).toEqual(['intel.tcb.status']);
});
