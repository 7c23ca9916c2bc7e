/**
 * TPM evidence: a whole attestation with a real Windows log and the published health policy, beside the least that its
 * JSON, its searches and its signatures can cost; and the replay of logs beside bare hashing of the same digests. By
 * turns within one run.
 */
import { spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, formatJson, hex, type Json, parseJson } from '@assay/core';
import { compile } from '@assay/core/policy';
import { type ForgedBoot, forgeBoot, forgeTpm, windowsBoot } from '@assay/core/testing';
import {
  banksOf,
  digestIn,
  type EventLog,
  isExtended,
  parseLog,
  type Replay,
  replay,
  tpmSettings,
} from '@assay/core/tpm';
import { queriesOf, TreeInterpreter, treeOf } from './library.ts';
import { byTurns, line, ratio, type Work } from './measure.ts';
import { serviceFor } from './request.ts';
import { vectors } from './subjects.ts';

const at = new Date('2026-05-01T12:00:00Z');
type Bank = Replay['bank'];
const algorithms: { readonly [bank in Bank]: number } = { sha1: 4, sha256: 11, sha384: 12, sha512: 13 };

interface Subject {
  readonly title: string;
  readonly path?: string;
  readonly log: Bytes;
}

/** Real logs where they are at hand: the largest of Windows, the largest of Windows in SHA-256, and the one of most banks. */
const logs = ['goatt-option-rom', 'dell-latitude-7520', 'gcp-ubuntu-2404-amd-sevsnp'] as const;

function subjectOf(name: (typeof logs)[number]): Subject {
  const path = join(vectors, 'tpm/logs', `${name}.bin`);
  if (existsSync(path)) return { title: name, path, log: new Uint8Array(readFileSync(path)) };
  return { title: 'a forged boot of Windows', log: forgeBoot(windowsBoot()).log };
}

/** The boot that a log tells of: all its banks, and what a TPM would hold after it. */
function bootOf(log: Bytes): ForgedBoot {
  const parsed = parseLog(log);
  const values = (bank: Bank): ReadonlyMap<number, Bytes> => {
    const { registers } = replay(bank, parsed);
    const size = createHash(bank).digest().length;
    const reset = (index: number): Bytes => new Uint8Array(size).fill(index >= 17 && index <= 22 ? 0xff : 0);
    return new Map(
      Array.from({ length: 24 }, (_, index) => [index, registers.get(index)?.values.at(-1) ?? reset(index)]),
    );
  };
  return { log, pcrs: new Map(banksOf(parsed).map((bank) => [bank, values(bank)])) };
}

/** Every text of JSON that comes in or goes out once, as the engine reads and writes it. */
interface Texts {
  readonly read: readonly string[];
  readonly written: readonly unknown[];
}

const base64urlOf = (text: string): string => Buffer.from(text).toString('base64url');
const textIn = (data: string): string => Buffer.from(data, 'base64url').toString();

async function attestation({ title, log }: Subject, policy: string): Promise<void> {
  const tpm = forgeTpm({ at });
  const boot = bootOf(log);
  const [bank] = [...boot.pcrs.keys()].reverse();
  const program = compile(policy, { type: 'Tpm' });
  const service = serviceFor({
    type: 'Tpm',
    program,
    settings: { ...tpmSettings.defaults, sha1Pcrs: true },
    anchors: [tpm.anchor],
    collateral: tpm.collateral,
    at,
  });
  const framed = (inner: Json): string => JSON.stringify({ data: base64urlOf(JSON.stringify(inner)) });
  const opened = (answer: string): { payload: Record<string, string> } => JSON.parse(textIn(JSON.parse(answer).data));
  const round = async (body: Bytes): Promise<string> => formatJson(await service.attest(parseJson(body)));

  const first = opened(await round(Buffer.from(framed({ payload: { type: 'aikcert' } }))));
  const { challenge = '', service_context: serviceContext = '' } = first.payload;
  const bytes = new Uint8Array(Buffer.from(challenge, 'base64url'));
  const jws = tpm.request({ boot, challenge: bytes, serviceContext, select: bank ? [{ bank }] : [] });
  const text = framed({ payload: { request: jws } });
  const body = new Uint8Array(Buffer.from(text));
  const answer = await round(body);

  const { claims, payload } = service.granted();
  const pairs = queriesOf(program, claims);
  const documents = [...new Set(pairs.map(([document]) => document))];
  const searches = pairs.map(([document, query]) => [document, treeOf(query)] as const);
  const events = claims.find(({ name }) => name === 'events')?.value;
  const [header = '', content = ''] = jws.split('.').map(textIn);
  const texts: Texts = {
    read: [text, textIn(JSON.parse(text).data), header, content, textIn(serviceContext)],
    written: [JSON.parse(String(events)), JSON.parse(payload), opened(answer), JSON.parse(answer)],
  };
  const json: Work = () => {
    for (const each of texts.read) JSON.parse(each);
    const parsed = new Map(documents.map((document) => [document, JSON.parse(document)]));
    for (const [document, tree] of searches) JSON.stringify(TreeInterpreter.search(tree, parsed.get(document)));
    for (const value of texts.written) JSON.stringify(value);
  };
  const signatures = openSsl(Buffer.from(jws.slice(0, jws.lastIndexOf('.'))), Buffer.from(payload));
  const [whole = [], least = [], ofJson = [], ofSignatures = []] = await byTurns([
    () => round(body),
    () => {
      json();
      signatures();
    },
    json,
    signatures,
  ]);
  if ((await round(body)) !== answer) throw new Error('the answer is another than before');
  console.log(
    `\nA TPM attestation with the Windows health policy over ${title} (${log.length} bytes, bank ${bank}; ${body.length} bytes of body, ${pairs.length} queries, ${documents.length} documents)`,
  );
  line('assay: the second round, without HTTP', whole, `${ratio(whole, least)} (target: at most 1.5)`);
  line('JSON, searches and signatures alone', least);
  line('of it: JSON read once, searched, written', ofJson);
  line('of it: 2 × verify P-256, 1 × sign RS256', ofSignatures);
}

/** The request's signature, the quote's, and the token's. */
function openSsl(request: Uint8Array, payload: Uint8Array): Work {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const dsaEncoding = 'ieee-p1363' as const;
  const signedBy = (input: Uint8Array) => [input, sign('sha256', input, { key: ec.privateKey, dsaEncoding })] as const;
  const made = [signedBy(request), signedBy(new Uint8Array(145))];
  return () => {
    for (const [input, signature] of made)
      if (!verify('sha256', input, { key: ec.publicKey, dsaEncoding }, signature)) throw new Error('does not verify');
    sign('sha256', payload, rsa.privateKey);
  };
}

type Values = ReadonlyMap<number, Uint8Array>;

/** Extends PCRs by the log's digests and does nothing else: values by bank and PCR. */
function bareHashing(log: EventLog): () => ReadonlyMap<Bank, Values> {
  const banks = banksOf(log).map((bank) => {
    const steps = log.events.filter(isExtended).flatMap((event) => {
      const digest = digestIn(event, algorithms[bank]);
      return digest ? [[event.pcr, digest] as const] : [];
    });
    return { bank, locality: replay(bank, log).locality.value, steps };
  });
  return () =>
    new Map(
      banks.map(({ bank, locality, steps }) => {
        const values = new Map<number, Uint8Array>();
        for (const [pcr, digest] of steps) {
          let value = values.get(pcr);
          if (!value) {
            value = new Uint8Array(digest.length);
            if (pcr === 0) value[digest.length - 1] = locality;
          }
          values.set(pcr, createHash(bank).update(value).update(digest).digest());
        }
        return [bank, values];
      }),
    );
}

const written = (banks: ReadonlyMap<Bank, Values>): string =>
  JSON.stringify(
    [...banks].map(([bank, values]) => [bank, ...[...values].sort().map(([pcr, value]) => [pcr, hex(value)])]),
  );

async function replaying({ title, path, log }: Subject): Promise<void> {
  const parsed = parseLog(log);
  const banks = banksOf(parsed);
  const ours = (): ReadonlyMap<Bank, Replay> => new Map(banks.map((bank) => [bank, replay(bank, parsed)]));
  const bare = bareHashing(parsed);
  const finals = new Map(
    [...ours()].map(([bank, { registers }]) => [
      bank,
      new Map([...registers].map(([pcr, { values }]) => [pcr, values.at(-1) ?? new Uint8Array()] as const)),
    ]),
  );
  if (written(finals) !== written(bare())) throw new Error('both replays differ');
  const [parsing = [], replays = [], hashing = []] = await byTurns([() => parseLog(log), ours, bare]);
  console.log(`\nReplay of ${title} (${parsed.events.length} events, banks ${banks.join(', ')})`);
  line('assay: all banks', replays, `${ratio(replays, hashing)} (target: at most 2)`);
  line('bare hashing of the same digests', hashing);
  line('before it: reading the log', parsing);
  if (path) besideTools(path);
}

/** A process each time: its start is most of it, and cannot be told apart. */
function besideTools(path: string): void {
  const run = (): number => {
    const begin = performance.now();
    const { status } = spawnSync('tpm2_eventlog', [path], { stdio: 'ignore' });
    return status === 0 ? (performance.now() - begin) * 1000 : Number.NaN;
  };
  const times = Array.from({ length: 9 }, run);
  if (times.some(Number.isNaN)) console.log('  tpm2_eventlog: not installed, or refuses this log');
  else line('tpm2_eventlog, a process each time', times);
}

const health = join(vectors, 'policies/windows-healthattestation-csp.txt');
const subjects = logs.map(subjectOf);
if (existsSync(health))
  for (const subject of subjects.slice(0, 2)) await attestation(subject, readFileSync(health, 'utf8'));
else console.log('\nThe Windows health policy is absent (set ASSAY_VECTORS): attestations are not measured.');
for (const subject of subjects) await replaying(subject);
