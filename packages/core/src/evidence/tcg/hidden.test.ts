/**
 * What a client can do to a log that still gives the quoted values: types and data are not measured, order within a PCR and
 * digests are. Whole requests, judged.
 */
import { describe, expect, test } from 'vitest';
import { base64url, encode, utf8 } from '../../bytes/index.ts';
import type { JsonObject } from '../../claim.ts';
import { digest } from '../../crypto/index.ts';
import { claimsOf, judge } from '../../judge-tpm.test.support.ts';
import { type ForgedEvent, forgeLog, linuxBoot, windowsBoot } from '../../testing.ts';
import { EfiVariable, guids } from './efi.ts';
import { eventType } from './event-types.ts';

/** The same measurements under another type. */
const retyped = (events: readonly ForgedEvent[], pcr: number, type: number): readonly ForgedEvent[] =>
  events.map((event) => (event.pcr === pcr ? { ...event, type, measured: event.measured ?? event.data } : event));
const insecure = linuxBoot({ secureBoot: false });
const clean = linuxBoot().filter(({ pcr }) => pcr === 7);
const secureBootIs = (value: number): ForgedEvent => ({
  pcr: 7,
  type: eventType.efiVariableDriverConfig,
  data: encode(EfiVariable, {
    guid: guids.efiGlobal,
    name: 'SecureBoot',
    data: Uint8Array.of(value),
    tail: new Uint8Array(0),
  }),
});
const separator: ForgedEvent = { pcr: 7, type: eventType.separator, data: new Uint8Array(4) };
const at = (events: readonly ForgedEvent[], wanted: (event: ForgedEvent) => boolean): number =>
  events.findIndex(wanted);
const insert = (events: readonly ForgedEvent[], place: number, ...more: readonly ForgedEvent[]) => [
  ...events.slice(0, place),
  ...more,
  ...events.slice(place),
];
const closed = at(insecure, ({ pcr, type }) => pcr === 7 && type === eventType.separator);

describe('Secure Boot is not on', () => {
  const tricks: readonly (readonly [what: string, events: readonly ForgedEvent[]])[] = [
    ['T16: P3: events called unused, and good ones behind them', [...retyped(insecure, 7, 2), ...clean]],
    [
      'T16: P3: events called firmware, and good ones behind them',
      [...retyped(insecure, 7, eventType.efiPlatformFirmwareBlob), ...clean],
    ],
    ['T16: P5: a second variable before the separator', insert(insecure, closed, secureBootIs(1))],
    ['T16: P5: a second variable behind the separator', insert(insecure, closed + 1, secureBootIs(1))],
    ['T16: P5: a second variable at the end', [...insecure, secureBootIs(1)]],
    ['T16: P5: two separators', insert(insecure, closed, separator)],
    ['T16: P5: no separator', insecure.filter((_, i) => i !== closed)],
    [
      'T16: P5: the separator first',
      insert(
        insecure.filter((_, i) => i !== closed),
        1,
        separator,
      ),
    ],
    [
      'T16: P5: the variable in another PCR',
      insecure.map((event) => (event === insecure[closed - 5] ? { ...secureBootIs(1), pcr: 6 } : event)),
    ],
  ];
  test.each(tricks)('%s', async (_what, events) => {
    const judged = await judge({ events });
    expect(judged.message).toBeUndefined();
    expect(claimsOf(judged).get('secureBootEnabled')).toBe(false);
  });
  test('where nothing is hidden it is, and is not', async () => {
    expect(claimsOf(await judge()).get('secureBootEnabled')).toBe(true);
    expect(claimsOf(await judge({ events: insecure })).get('x-assay-tpm-secure-boot')).toBe('off');
  });
  test('T16: P3: events called unmeasured do not give the quoted values', async () => {
    const { log } = forgeLog(retyped(insecure, 7, eventType.noAction), ['sha1', 'sha256']);
    const hiding = (platform: JsonObject): JsonObject => ({
      ...platform,
      logs: [{ type: 'TCG', log: base64url(log) }],
    });
    const { refused, message } = await judge({ events: insecure, request: { platform: hiding } });
    expect([refused, message]).toEqual(['tpm.log.replay', expect.stringMatching(/PCR 7 holds measurements/)]);
  });
});

describe('the list of programs is the same', () => {
  const loaders = ({ facts }: Awaited<ReturnType<typeof judge>>): readonly string[] =>
    (facts?.current.boot.programs ?? []).map((one) => String(one.digest));
  const other: ForgedEvent = {
    pcr: 4,
    type: eventType.efiBootServicesApplication,
    data: utf8('x'),
    measured: utf8('another'),
  };
  const [loader] = linuxBoot().filter(({ type }) => type === eventType.efiBootServicesApplication);
  const own = String(digest('sha256', utf8('boot loader')));

  test('T16: P4: when the loader is called firmware, and another stands behind it', async () => {
    const events = linuxBoot().map((event) =>
      event.pcr === 4 && event.type === loader?.type ? { ...event, type: eventType.efiPlatformFirmwareBlob } : event,
    );
    const place = at(events, ({ type, pcr }) => pcr === 4 && type === eventType.efiPlatformFirmwareBlob);
    expect(loaders(await judge({ events }))).toEqual([own]);
    expect(loaders(await judge({ events: insert(events, place + 1, other) }))).toEqual([
      own,
      String(digest('sha256', utf8('another'))),
    ]);
  });
  test('T16: P4: when only the data of the loader’s event differ', async () => {
    const events = linuxBoot().map((event) => (event.type === loader?.type ? { ...event, data: utf8('x') } : event));
    expect(loaders(await judge({ events }))).toEqual([own]);
  });
  test('T16: P4: a command that is called an action is no command line', async () => {
    const events = linuxBoot().map((event) => (event.pcr === 8 ? { ...event, type: eventType.efiAction } : event));
    const judged = await judge({ events });
    expect(judged.message).toBeUndefined();
    expect(claimsOf(judged).has('x-assay-tpm-command-line')).toBe(false);
  });
});

test('T16: records of Windows that are called something else count for nothing, and nothing is good for want of them', async () => {
  const judged = await judge({ events: retyped(windowsBoot({ safeMode: true }), 12, eventType.ipl) });
  expect(judged.message).toBeUndefined();
  const claims = claimsOf(judged);
  for (const name of ['notSafeMode', 'notWinPE', 'bootDebuggingDisabled', 'vbsEnabled', 'iommuEnabled'])
    expect([name, claims.get(name)]).toEqual([name, false]);
});
