import { describe, expect, test } from 'vitest';
import { equal, hex } from '../../bytes/index.ts';
import { digest } from '../../crypto/index.ts';
import type { Bank } from './algorithms.ts';
import { bootOf } from './boot.ts';
import { eventType } from './event-types.ts';
import { type Extension, forgeLog, linuxBoot } from './forge-log.ts';
import { parseLog } from './log.ts';
import { bankId, replay } from './replay.ts';
import { secureBootOf } from './secure-boot.ts';

const banks: readonly Bank[] = ['sha1', 'sha256', 'sha384'];

/** PCRs as a TPM would have them after these extensions. */
function extendedBy(extensions: readonly Extension[], bank: Bank): ReadonlyMap<number, string> {
  const values = new Map<number, Uint8Array>();
  for (const { pcr, digests } of extensions) {
    const value = digests.find(({ hash }) => hash === bankId(bank))?.digest as Uint8Array;
    values.set(pcr, digest(bank, values.get(pcr) ?? new Uint8Array(value.length), value));
  }
  return new Map([...values].map(([pcr, value]) => [pcr, hex(value)]));
}

describe('a forged log', () => {
  test.each(banks)('tells what its extensions do, in bank %s', (bank) => {
    const { log, extensions } = forgeLog(linuxBoot(), banks);
    const { registers } = replay(bank, parseLog(log));
    const told = new Map([...registers].map(([pcr, { values }]) => [pcr, hex(values.at(-1) as Uint8Array)]));
    expect(told).toEqual(extendedBy(extensions, bank));
    expect([...told.keys()].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('is of the banks that were asked for, and extends nothing for events without action', () => {
    const { log, extensions } = forgeLog(linuxBoot(), ['sha256']);
    const parsed = parseLog(log);
    expect(parsed.algorithms).toEqual([bankId('sha256')]);
    expect(parsed.events.filter((event) => event.claimedType === eventType.noAction).length).toBe(2);
    expect(extensions.length).toBe(parsed.events.length - 2);
  });
});

describe('a boot to order', () => {
  const replayOf = (wanted: Parameters<typeof linuxBoot>[0]) =>
    replay('sha256', parseLog(forgeLog(linuxBoot(wanted), banks).log));

  test.each([true, false])('with Secure Boot: %s', (secureBoot) => {
    const found = secureBootOf(replayOf({ secureBoot }), true);
    expect(found).toMatchObject({ determined: true, on: secureBoot, why: [], setupMode: false });
    expect(found.authorities.map(({ isKnown }) => isKnown)).toEqual(secureBoot ? [true] : []);
  });

  test('with a boot loader and a command line', () => {
    const bootLoader = Uint8Array.of(1, 2, 3);
    const found = bootOf(replayOf({ bootLoader, commandLine: 'root=/dev/sda init=/bin/sh' }), new Set([4, 5, 8]));
    expect(found.commandLine?.text).toBe('root=/dev/sda init=/bin/sh');
    expect(found.handedOver).toBe(true);
    expect(found.programs.map((program) => equal(program.digest, digest('sha256', bootLoader)))).toEqual([true]);
  });
});
