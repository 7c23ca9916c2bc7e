import { describe, expect, test } from 'vitest';
import { type Bytes, utf8 } from '../../bytes/index.ts';
import { type Case, judge, machine, outcomes } from '../../judge-tpm.test.support.ts';
import { type ForgedEvent, forgeBoot, forgeLog, linuxBoot, type WantedBoot, windowsBoot } from '../../testing.ts';
import { eventType } from './event-types.ts';
import { referenceBytes, referenceLimits, referenceLogs } from './reference-log.ts';

const logOf = (events: readonly ForgedEvent[]): Bytes => forgeLog(events, ['sha1', 'sha256']).log;
const good = logOf(linuxBoot());
/** Some way in, another machine. */
const others = { aaa: logOf(linuxBoot({ firmwareVersion: 'Other 2.0' })), windows: logOf(windowsBoot()) };

/** What is said of a machine that booted so, whose log says otherwise, beside stored logs. */
async function said(
  booted: readonly ForgedEvent[],
  log: Bytes,
  stored: Readonly<Record<string, Bytes>> = { linux: good, ...others },
): Promise<string> {
  const references = referenceBytes(Object.entries(stored).map(([label, log]) => ({ label, log })));
  const boot = { ...forgeBoot(booted), log };
  const one: Case = {
    request: { boot },
    collateral: new Map([...machine.collateral, [referenceLogs.name, references]]),
  };
  const judged = await judge(one);
  expect(judged.refused).toBe('tpm.log.replay');
  return judged.message ?? '';
}

const changed = (wanted: WantedBoot): readonly ForgedEvent[] => linuxBoot(wanted);
const more: ForgedEvent = { pcr: 4, type: eventType.efiAction, data: utf8('one more') };

describe('a log that does not replay', () => {
  test('is told apart from the nearest stored one by the first event that differs', async () => {
    const message = await said(linuxBoot(), logOf(changed({ bootLoader: utf8('another') })));
    expect(message).toMatch(
      /expected event 20, PCR 4, EV_EFI_BOOT_SERVICES_APPLICATION, «\\EFI\\BOOT\\BOOTX64\.EFI», sha256 [0-9a-f]{64}; found event 20, PCR 4, EV_EFI_BOOT_SERVICES_APPLICATION, «\\EFI\\BOOT\\BOOTX64\.EFI», sha256 [0-9a-f]{64}; the expected event is of the reference log «linux», and it gives the quoted value of PCR 4: there the machine booted as stored, and the log says otherwise; PCR 4 has another value/,
    );
  });

  test('of several PCRs the first event counts, and what it says of itself is shown', async () => {
    const message = await said(
      linuxBoot(),
      logOf(changed({ commandLine: 'init=/bin/sh', bootLoader: utf8('another'), secureBoot: false })),
    );
    expect(message).toMatch(/expected event 4, PCR 7, EV_EFI_VARIABLE_DRIVER_CONFIG, «SecureBoot = 01», sha256/);
    expect(message).toContain('it gives the quoted value of PCR 4, 7, 8');
  });

  test('says what stands where the stored one goes on, and where it has ended', async () => {
    const cut = await said(linuxBoot(), logOf(linuxBoot().slice(0, -1)));
    expect(cut).toMatch(/expected event 23, PCR 5, EV_EFI_ACTION, «Exit Boot .*found no further event of PCR 5/);
    const appended = await said(linuxBoot(), logOf([...linuxBoot(), more]));
    expect(appended).toMatch(/expected no further event of PCR 4; found event 24, PCR 4, EV_EFI_ACTION, «one more»/);
    expect(appended).toContain('PCR 4 has its quoted value after 3 of 4 events');
  });

  test('of a machine that measured more than log and reference tell', async () => {
    const message = await said([...linuxBoot(), more], good);
    expect(message).toContain('the log has the events of the reference log «linux»; PCR 4 has another value');
    const neither = await said([...linuxBoot(), more], logOf(changed({ bootLoader: utf8('another') })));
    expect(neither).toContain('«linux», and it does not give the quoted values either; PCR 4');
  });

  test.each<[string, Readonly<Record<string, Bytes>>]>([
    ['none is stored', {}],
    ['none begins like it', { other: logOf([more]) }],
    ['none has its bank', { linux: forgeLog(linuxBoot(), ['sha1']).log }],
    ['none reads', { linux: good.subarray(0, -1), empty: new Uint8Array(0) }],
  ])('is told as it is where %s', async (_, stored) => {
    const another = [...linuxBoot({ firmwareVersion: 'Assay 2.0', secureBoot: false, authority: utf8('other') })];
    const message = await said([more], logOf(another), stored);
    expect(message).not.toContain('reference log');
    expect(message).toContain('PCR 4 has another value');
  });
});

test('a log that replays is compared with nothing', async () => {
  const references = referenceBytes([{ label: 'windows', log: others.windows }]);
  const judged = await judge({ collateral: new Map([...machine.collateral, [referenceLogs.name, references]]) });
  expect(outcomes(judged.appraisal).get('tpm.log.replay')).toBe('passed');
  expect(JSON.stringify(judged.appraisal.root)).not.toContain('reference');
});

test('sixteen stored logs are read within the time of a request', async () => {
  const filler: ForgedEvent = { pcr: 9, type: eventType.ipl, data: new Uint8Array(0) };
  const longest = logOf([...linuxBoot(), ...Array.from({ length: 1400 }, () => filler)]);
  expect(longest.length).toBeLessThanOrEqual(referenceLimits.bytes);
  const stored = Object.fromEntries(Array.from({ length: referenceLimits.logs }, (_, i) => [`log-${i}`, longest]));
  expect(await said(linuxBoot(), logOf([...linuxBoot(), more]), stored)).toContain('reference log «log-0»');
});
