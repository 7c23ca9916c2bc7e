/**
 * The hostile curve: how long the service takes to refuse what was made to keep it busy, against its size. Time must grow
 * with size and not faster; the exponent is the slope between the smallest and the largest on logarithmic scales.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Appraisal, appraise, type Bytes, base64url, forgetful, type JsonObject, toPem, utf8 } from '@assay/core';
import { quoteSettings, sgxQuote } from '@assay/core/intel';
import {
  type ForgedEvent,
  type ForgedIntel,
  forgeBoot,
  forgeIntel,
  forgeLog,
  forgeRecord,
  forgeTpm,
  linuxBoot,
  type World,
  windowsBoot,
} from '@assay/core/testing';
import { aikFamily, eventType, tpmRequest, tpmSettings } from '@assay/core/tpm';
import { buildApp, loadConfig, makeDeps } from '@assay/server';

const at = new Date('2026-03-01T12:00:00Z');
const genuine = forgeIntel({ at });
const rounds = 7;

/** Refuses something once, or throws when it does not. */
type Refuse = () => Promise<void>;
interface Curve {
  readonly title: string;
  readonly unit: string;
  readonly sizes: readonly number[];
  readonly made: (size: number) => Refuse;
}

const folder = mkdtempSync(join(tmpdir(), 'assay-hostile-'));
const anchor = join(folder, 'root.pem');
writeFileSync(anchor, toPem('PUBLIC KEY', genuine.anchor));
const policy = join(folder, 'policy.txt');
writeFileSync(policy, 'version=1.2;authorizationrules{=> permit();};');
const app = await buildApp(
  makeDeps(
    loadConfig({
      flags: {
        // Making the evidence takes long in the same process: the service must not take itself for late.
        'limits-loop-delay-milliseconds': '0',
        'data-folder': folder,
        'signing-algorithm': 'ES256',
        'log-level': 'silent',
        'insecure-anchors': anchor,
        'provider-policies': JSON.stringify({ Tpm: policy }),
        'tpm-authentication': 'Disabled',
      },
    }),
  ),
  undefined,
);

/** A request to the whole service. */
const request =
  (body: string, wanted: number): Refuse =>
  async () => {
    const answer = await app.inject({
      method: 'POST',
      url: '/attest/SgxEnclave?api-version=2022-08-01',
      headers: { 'content-type': 'application/json' },
      payload: body,
    });
    if (answer.statusCode !== wanted) throw new Error(answer.body);
  };
/** A second round over HTTP. */
const tpmRound =
  (body: string): Refuse =>
  async () => {
    const answer = await app.inject({
      method: 'POST',
      url: '/attest/Tpm?api-version=2022-08-01',
      headers: { 'content-type': 'application/json' },
      payload: body,
    });
    if (answer.statusCode !== 400) throw new Error(answer.body);
  };
const withQuote = (quote: Uint8Array): string => JSON.stringify({ quote: Buffer.from(quote).toString('base64url') });

/** A genuine quote against collateral that says no. */
function judged(world: Omit<World, 'at'>): Refuse {
  const hostile: ForgedIntel = forgeIntel({ at, ...world });
  const quote = hostile.quote();
  return async () => {
    const appraisal = new Appraisal();
    const anchors = { id: 'bench', of: () => [hostile.anchor] };
    const context = { at, settings: quoteSettings.defaults, anchors, appraisal, memo: forgetful };
    const door = { collateral: async () => hostile.collateral };
    try {
      const { demands } = await appraise(sgxQuote, { evidence: quote }, door, context);
      appraisal.demand(demands);
    } catch {
      return;
    }
    throw new Error('was not refused');
  };
}

const tpm = forgeTpm({ at });
const challenge = new Uint8Array(16).fill(7);
const linux = forgeBoot(linuxBoot());

/** Judges a request of a forged TPM, which must or must not be refused. */
function judgedTpm(request: string, isRefused: boolean): Refuse {
  const evidence = utf8(request);
  return async () => {
    const anchors = { id: 'bench', of: (family: string) => (family === aikFamily ? [tpm.anchor] : []) };
    const context = { at, settings: tpmSettings.defaults, anchors, appraisal: new Appraisal(), memo: forgetful };
    // A copy, since what was read of bytes is remembered with them.
    const submission = { evidence: evidence.slice(), challenge };
    const judged = appraise(tpmRequest, submission, { collateral: async () => tpm.collateral }, context);
    const outcome = await judged.then(
      () => 'accepted',
      () => 'refused',
    );
    if (outcome !== (isRefused ? 'refused' : 'accepted')) throw new Error(`was ${outcome}`);
  };
}

/** A genuine quote with other logs than it is of: all that is cheap has passed, and they are read. */
function quoted(log: Bytes, ima?: Bytes): Refuse {
  const logs = [{ type: 'TCG', log: base64url(log) }, ...(ima ? [{ type: 'IMA', log: base64url(ima) }] : [])];
  const platform = (its: JsonObject): JsonObject => ({ ...its, logs });
  // Of a list of files nothing need be covered.
  return judgedTpm(tpm.request({ boot: linux, challenge, serviceContext: 'AA', platform }), ima === undefined);
}

/** What a machine would send that had booted so: all of it is read. */
const booted = (events: readonly ForgedEvent[]): Refuse =>
  judgedTpm(tpm.request({ boot: forgeBoot(events), challenge, serviceContext: 'AA' }), false);

const logOf = (events: readonly ForgedEvent[]): Bytes => forgeLog(events, ['sha1', 'sha256']).log;
const many = <T>(count: number, made: (i: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, i) => made(i));
const bytesOf = (...parts: readonly (Bytes | string)[]): Bytes =>
  new Uint8Array(Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))));
const word = (value: number): Bytes => {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value, true);
  return out;
};

/** A level that no platform has. */
const unreached = (level: JsonObject, i: number): JsonObject => ({
  ...level,
  tcb: { ...(level['tcb'] as JsonObject), pcesvn: 65_535 - (i % 1000) },
});

const curves: readonly Curve[] = [
  {
    title: 'an over-long quote',
    unit: 'KiB',
    sizes: [32, 64, 128, 256, 512, 700],
    made: (size) => request(withQuote(Buffer.concat([genuine.quote(), new Uint8Array(size * 1024)])), 400),
  },
  {
    title: 'a chain of so many bytes, none of it a certificate',
    unit: 'KiB',
    sizes: [2, 4, 8, 16, 24],
    made: (size) => {
      const block = toPem('CERTIFICATE', new Uint8Array(600).fill(0x30));
      const certification = Buffer.from(block.repeat(Math.ceil((size * 1024) / block.length)).slice(0, size * 1024));
      return request(withQuote(genuine.quote({ certification })), 400);
    },
  },
  {
    title: 'deep JSON',
    unit: '1000 levels',
    sizes: [1, 4, 16, 64, 256],
    made: (size) => request(`${'['.repeat(size * 1000)}${']'.repeat(size * 1000)}`, 400),
  },
  {
    title: 'deep JSON as runtime data',
    unit: '1000 levels',
    sizes: [1, 4, 16, 64],
    made(size) {
      const data = Buffer.from(`${'{"a":'.repeat(size * 1000)}1${'}'.repeat(size * 1000)}`).toString('base64url');
      const quote = Buffer.from(genuine.quote()).toString('base64url');
      return request(JSON.stringify({ quote, runtimeData: { data, dataType: 'JSON' } }), 400);
    },
  },
  {
    title: 'base64 noise',
    unit: 'KiB',
    sizes: [8, 16, 32, 64, 256, 700],
    made(size) {
      const noise = Array.from({ length: size * 1024 }, (_, i) => 'AZaz09-_+/'[(i * i) % 10]).join('');
      return request(JSON.stringify({ quote: noise }), 400);
    },
  },
  {
    title: 'a CRL with so many entries, the platform’s last',
    unit: '1000 entries',
    sizes: [1, 4, 16, 64, 100],
    made(size) {
      const others = Array.from({ length: size * 1000 - 1 }, (_, i) => ({ serial: 1000 + i, at: at.getTime() }));
      return judged({ crls: { pck: { revoked: [...others, { serial: 3, at: at.getTime() }] } } });
    },
  },
  {
    title: 'TCB info with so many levels, none of them reached',
    unit: '1000 levels',
    sizes: [1, 2, 4, 8, 10],
    made: (size) =>
      judged({
        tcbInfo(body) {
          const [level] = body['tcbLevels'] as readonly JsonObject[];
          return {
            ...body,
            tcbLevels: Array.from({ length: size * 1000 }, (_, i) => unreached(level as JsonObject, i)),
          };
        },
      }),
  },
  {
    title: 'TPM: a log with so many events of a PCR',
    unit: '1000 events',
    sizes: [1, 2, 4, 8, 16],
    made: (size) =>
      quoted(
        logOf([
          ...linuxBoot(),
          ...many(size * 1000, (i) => ({ pcr: 4, type: eventType.efiAction, data: utf8(`event ${i}`) })),
        ]),
      ),
  },
  {
    title: 'TPM: a log padded with zeros, and one byte at their end',
    unit: 'KiB',
    sizes: [64, 256, 1024, 1900],
    made: (size) => quoted(bytesOf(logOf(linuxBoot()), new Uint8Array(size * 1024), Uint8Array.of(1))),
  },
  {
    title: 'TPM: records nested without end',
    unit: '1000 levels',
    sizes: [1, 4, 16, 64],
    made(size) {
      const levels = size * 1000;
      const data = bytesOf(...many(levels, (i) => bytesOf(word(0x4001_0002), word((levels - 1 - i) * 8))));
      return quoted(logOf([...linuxBoot(), { pcr: 12, type: eventType.eventTag, data }]));
    },
  },
  {
    title: 'TPM: a list of so many files that were never quoted (accepted without them)',
    unit: '1000 entries',
    sizes: [1, 2, 4, 8, 16],
    made(size) {
      const entries = many(size * 1000, (i) => {
        const field = (value: Bytes): Bytes => bytesOf(word(value.length), value);
        const data = bytesOf(field(bytesOf('sha256:\0', new Uint8Array(32))), field(bytesOf(`/bin/${i}\0`)));
        const hash = new Uint8Array(createHash('sha1').update(data).digest());
        return bytesOf(word(10), hash, field(bytesOf('ima-ng')), field(data));
      });
      return quoted(linux.log, bytesOf(...entries));
    },
  },
  {
    title: 'TPM: one event with so many records of one kind (accepted)',
    unit: '1000 records',
    sizes: [1, 4, 16, 32],
    made: (size) => booted(windowsBoot({ more: many(size * 1000, (i) => forgeRecord(0x0006_0002, word(i))) })),
  },
  {
    title: 'TPM: noise where a request should be',
    unit: 'KiB',
    sizes: [64, 256, 1024, 4096],
    made(size) {
      const noise = Array.from({ length: size * 1024 }, (_, i) => 'AZaz09-_.'[(i * i) % 9]).join('');
      const data = base64url(utf8(JSON.stringify({ payload: { request: noise } })));
      return tpmRound(JSON.stringify({ data }));
    },
  },
];

for (const { title, unit, sizes, made } of curves) {
  const refusals = sizes.map(made);
  for (const refuse of refusals) await refuse();
  const taken = sizes.map((): number[] => []);
  for (let round = 0; round < rounds; round++)
    for (const [i, refuse] of refusals.entries()) {
      const begin = performance.now();
      await refuse();
      taken[i]?.push(performance.now() - begin);
    }
  const times = taken.map((turns) => Math.min(...turns));
  const slope = Math.log((times.at(-1) ?? 1) / (times[0] ?? 1)) / Math.log((sizes.at(-1) ?? 1) / (sizes[0] ?? 1));
  console.log(`\n${title} (fastest of ${rounds} turns): time grows as size to the ${slope.toFixed(2)}`);
  for (const [i, size] of sizes.entries())
    console.log(`  ${String(size).padStart(5)} ${unit.padEnd(14)} ${(times[i] ?? 0).toFixed(2).padStart(8)} ms`);
}
await app.close();
rmSync(folder, { recursive: true, force: true });
