import { expect, test } from 'vitest';
import {
  acceptableStatuses,
  componentStatuses,
  converge,
  type PlatformStatus,
  platformStatuses,
  relaunch,
  type TcbStatus,
} from './status.ts';

/** By platform status: with a component out of date. */
const outOfDate: { readonly [status in PlatformStatus]: PlatformStatus } = {
  UpToDate: 'OutOfDate',
  SWHardeningNeeded: 'OutOfDate',
  ConfigurationNeeded: 'OutOfDateConfigurationNeeded',
  ConfigurationAndSWHardeningNeeded: 'OutOfDateConfigurationNeeded',
  OutOfDate: 'OutOfDate',
  OutOfDateConfigurationNeeded: 'OutOfDateConfigurationNeeded',
  Revoked: 'Revoked',
};

test('T24: every platform status with every pair of component statuses', () => {
  for (const platform of platformStatuses) {
    expect(converge(platform, [])).toBe(platform);
    for (const qe of componentStatuses) {
      const alone = { UpToDate: platform, OutOfDate: outOfDate[platform], Revoked: 'Revoked' }[qe];
      expect(converge(platform, [qe]), `${platform} with ${qe}`).toBe(alone);
      for (const module of componentStatuses) {
        const both = [qe, module];
        const wanted = both.includes('Revoked')
          ? 'Revoked'
          : both.includes('OutOfDate')
            ? outOfDate[platform]
            : platform;
        expect(converge(platform, [qe, module]), `${platform} with ${qe} and ${module}`).toBe(wanted);
        expect(converge(platform, [module, qe])).toBe(wanted);
      }
    }
  }
});

/** By launch status, then by current status; a launch status that is not here stays as it is. */
const advised = 'TDRelaunchAdvised';
const configure = 'TDRelaunchAdvisedConfigurationNeeded';
const relaunched: { readonly [launch: string]: { readonly [current in PlatformStatus]: TcbStatus } } = {
  OutOfDate: {
    UpToDate: advised,
    SWHardeningNeeded: advised,
    ConfigurationNeeded: configure,
    ConfigurationAndSWHardeningNeeded: configure,
    OutOfDate: 'OutOfDate',
    OutOfDateConfigurationNeeded: 'OutOfDate',
    Revoked: 'Revoked',
  },
  OutOfDateConfigurationNeeded: {
    UpToDate: configure,
    SWHardeningNeeded: configure,
    ConfigurationNeeded: configure,
    ConfigurationAndSWHardeningNeeded: configure,
    OutOfDate: 'OutOfDateConfigurationNeeded',
    OutOfDateConfigurationNeeded: 'OutOfDateConfigurationNeeded',
    Revoked: 'Revoked',
  },
};

test('T24: every launch status with every current status', () => {
  for (const launch of platformStatuses)
    for (const current of platformStatuses) {
      const unchanged = current === 'Revoked' ? 'Revoked' : launch;
      expect(relaunch(launch, current), `${launch}, now ${current}`).toBe(relaunched[launch]?.[current] ?? unchanged);
    }
});

test('T2: revoked is never lost, and never acceptable', () => {
  for (const status of platformStatuses) {
    expect(converge(status, ['Revoked', 'UpToDate'])).toBe('Revoked');
    expect([relaunch('Revoked', status), relaunch(status, 'Revoked')]).toEqual(['Revoked', 'Revoked']);
  }
  expect(acceptableStatuses).not.toContain('Revoked');
  expect(new Set([...platformStatuses, advised, configure])).toEqual(new Set([...acceptableStatuses, 'Revoked']));
});
