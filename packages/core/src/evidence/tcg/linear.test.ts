/**
 * What evidence costs grows with its size and no faster, whatever it is made of: four times as much of anything takes at
 * most about four times as many hashes, of four times as many bytes, and nowhere near sixteen times as long.
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bytes, base64url, concat, encode, u32le, utf8 } from '../../bytes/index.ts';
import type { JsonObject } from '../../claim.ts';
import { digest } from '../../crypto/index.ts';
import { challenge, judge, machine } from '../../judge-tpm.test.support.ts';
import { type ForgedEvent, forgeBoot, forgeLog, forgeRecord, linuxBoot, windowsBoot } from '../../testing.ts';
import { EfiVariable, guids } from './efi.ts';
import { eventType } from './event-types.ts';
import { SignatureLists, signatureTypes } from './signature-lists.ts';

const counted = { hashes: 0, bytes: 0 };
const { createHash } = crypto;
beforeAll(() => {
  crypto.createHash = (...args) => {
    counted.hashes++;
    const hash = createHash(...args);
    const update = hash.update.bind(hash);
    hash.update = (data: string | NodeJS.ArrayBufferView) => {
      counted.bytes += typeof data === 'string' ? data.length : data.byteLength;
      return update(data as Bytes);
    };
    return hash;
  };
  syncBuiltinESMExports();
});
afterAll(() => {
  crypto.createHash = createHash;
  syncBuiltinESMExports();
});

const times = <T>(count: number, made: (i: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, i) => made(i));
const field = (value: Bytes): Bytes => concat(encode(u32le, value.length), value);
const action = (i: number): ForgedEvent => ({ pcr: 5, type: eventType.efiAction, data: utf8(`action ${i}`) });

/** Requests that are accepted, by how much of something they hold. */
const made: {
  readonly [what: string]: (size: number) => { events: readonly ForgedEvent[]; log?: Bytes; ima?: Bytes };
} = {
  'T34: events of all PCRs': (size) => ({
    events: [...linuxBoot(), ...times(size, (i) => ({ ...action(i), pcr: i % 16 === 10 ? 11 : i % 16 }))].map(
      (event) => (event.pcr === 7 && event.type === eventType.efiAction ? { ...event, pcr: 6 } : event),
    ),
  }),
  'T34: programs': (size) => ({
    events: [
      ...linuxBoot(),
      ...times(size, (i) => ({
        pcr: 4,
        type: eventType.efiBootServicesApplication,
        data: utf8('x'),
        measured: utf8(`program ${i}`),
      })),
    ],
  }),
  'T36: padding': (size) => ({
    events: linuxBoot(),
    log: concat(forgeLog(linuxBoot(), ['sha1', 'sha256']).log, new Uint8Array(size * 256)),
  }),
  'T35: records of one kind in one event': (size) => ({
    events: windowsBoot({
      more: [new Uint8Array(Buffer.concat(times(60 * size, (i) => forgeRecord(0x0006_0002, encode(u32le, i)))))],
    }),
  }),
  'T35: events of Windows': (size) => ({
    events: [
      ...linuxBoot(),
      ...times(size, (i) => ({
        pcr: 13,
        type: eventType.eventTag,
        data: forgeRecord(
          0x4001_0001,
          forgeRecord(0x0005_0002, Uint8Array.of(1)),
          forgeRecord(0x0002_0006, encode(u32le, i)),
        ),
      })),
    ],
  }),
  'T36: signatures in a variable': (size) => ({
    events: linuxBoot().map((event) => {
      const variable = { guid: guids.imageSecurity, name: 'dbx', tail: new Uint8Array(0) };
      const list = {
        type: signatureTypes.sha256,
        signatures: times(4 * size, () => ({ owner: guids.imageSecurity, data: new Uint8Array(32) })),
      };
      const isDbx = event.pcr === 7 && Buffer.from(event.data).includes(Buffer.from('d\0b\0x\0'));
      return isDbx
        ? { ...event, data: encode(EfiVariable, { ...variable, data: encode(SignatureLists, [list]) }) }
        : event;
    }),
  }),
  'T36: entries of a list of files': (size) => {
    const templates = times(size, (i) =>
      concat(field(concat(utf8('sha256:\0'), new Uint8Array(32))), field(utf8(`/bin/${i}\0`))),
    );
    const extended = templates.map((data): ForgedEvent => ({ pcr: 10, type: 1, data }));
    return {
      events: [...linuxBoot(), ...extended],
      log: forgeLog(linuxBoot(), ['sha1', 'sha256']).log,
      ima: concat(
        ...templates.map((data) => concat(encode(u32le, 10), digest('sha1', data), field(utf8('ima-ng')), field(data))),
      ),
    };
  },
};

test.each(Object.keys(made))('%s', { timeout: 60_000 }, async (what) => {
  const evidence = (size: number): string => {
    const { events, log, ima } = made[what]?.(size) ?? { events: [] };
    const logs = (platform: JsonObject): JsonObject => ({
      ...platform,
      ...(log && {
        logs: [{ type: 'TCG', log: base64url(log) }, ...(ima ? [{ type: 'IMA', log: base64url(ima) }] : [])],
      }),
    });
    return machine.request({ boot: forgeBoot(events), challenge, serviceContext: 'AA', platform: logs });
  };
  const both = [evidence(300), evidence(1200)];
  const costs: { hashes: number; bytes: number; time: number }[] = [];
  for (let turn = 0; turn < 5; turn++)
    for (const [i, one] of both.entries()) {
      Object.assign(counted, { hashes: 0, bytes: 0 });
      const begin = performance.now();
      const judged = await judge({ evidence: one });
      const time = performance.now() - begin;
      expect(judged.message).toBeUndefined();
      costs[i] = { ...counted, time: Math.min(time, costs[i]?.time ?? Number.POSITIVE_INFINITY) };
    }
  const [small, large] = costs;
  if (!small || !large) return expect.fail();
  expect(large.hashes / small.hashes).toBeLessThan(4.1);
  expect(large.bytes / small.bytes).toBeLessThan(4.1);
  expect(large.time / small.time).toBeLessThan(10);
});
