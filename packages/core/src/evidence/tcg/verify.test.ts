/** Requests of the TPM protocol: good ones, and for every declared check one that it refuses. */
import { describe, expect, test } from 'vitest';
import { close } from '../../appraisal.ts';
import { type Bytes, base64url, concat, encode, fromBase64, u32le, utf8 } from '../../bytes/index.ts';
import type { Json, JsonObject } from '../../claim.ts';
import { digest, generateKey, publicSpki } from '../../crypto/index.ts';
import { at, type Case, challenge, claimsOf, judge, linux, machine, outcomes } from '../../judge-tpm.test.support.ts';
import {
  authorityKeyIdentifier,
  basicConstraints,
  extendedKeyUsage,
  issueCrl,
  keyIdentifier,
  keyUsage,
  parseCertificate,
  toPem,
} from '../../pki/index.ts';
import {
  type ForgedEvent,
  forgeBoot,
  forgedKey,
  forgeLog,
  forgeRecord,
  forgeTpm,
  linuxBoot,
  rsaParts,
  type TpmWorld,
  type WantedRequest,
  windowsBoot,
} from '../../testing.ts';
import { check } from './checks.ts';
import { eventType } from './event-types.ts';
import { recordId } from './wbcl-json.ts';

const rsa = generateKey('RSA-2048');
const reportKey = rsaParts(rsa);

/** The record of the key that signs reports, under the number of the key that does not. */
function asIdk(data: Bytes): Bytes {
  const out = data.slice();
  const place = Buffer.from(out).indexOf(Buffer.from(encode(u32le, recordId.idks)));
  out.set(encode(u32le, recordId.idk), place);
  return out;
}

/** Changes a member deep inside an object. */
function edit(object: JsonObject, path: string, change: (value: Json | undefined) => Json | undefined): JsonObject {
  const [name = '', ...rest] = path.split('.');
  const inner = object[name];
  const changed =
    rest.length === 0
      ? change(inner)
      : Array.isArray(inner)
        ? inner.map((one: Json, i) => (String(i) === rest[0] ? editAny(one, rest.slice(1), change) : one))
        : edit((inner ?? {}) as JsonObject, rest.join('.'), change);
  const out = { ...object, [name]: changed as Json };
  if (changed === undefined) delete out[name];
  return out;
}
const editAny = (value: Json, rest: readonly string[], change: (value: Json | undefined) => Json | undefined): Json =>
  rest.length === 0 ? (change(value) ?? null) : edit(value as JsonObject, rest.join('.'), change);

const platform = (path: string, change: (value: Json | undefined) => Json | undefined): Case => ({
  request: { platform: (object) => edit(object, path, change) },
});
const data = (path: string, change: (value: Json | undefined) => Json | undefined): Case => ({
  request: { data: (object) => edit(object, path, change) },
});
const payload = (path: string, change: (value: Json | undefined) => Json | undefined): Case => ({
  request: { payload: (object) => edit(object, path, change) },
});
const flip =
  (index: number) =>
  (value: Json | undefined): Json => {
    const bytes = fromBase64(String(value)).slice();
    const i = index < 0 ? bytes.length + index : index;
    bytes[i] = (bytes[i] as number) ^ 1;
    return base64url(bytes);
  };
const cut = (value: Json | undefined): Json => base64url(fromBase64(String(value)).slice(0, -1));
const push =
  (item: Json) =>
  (value: Json | undefined): Json => [...(value as readonly Json[]), item];

const windows = windowsBoot({ reportKey });
const resumed = windowsBoot({ bootCounter: 170n, transfer: 2 });
const kept = { boot: forgeBoot(windowsBoot()), extraData: new Uint8Array(0) };
const now = { clockInfo: { clock: 2_000_000n, resetCount: 170, restartCount: 0, safe: 1 as const } };
const other = forgeTpm({ at, seed: 'another' });

const faultyModulus = (() => {
  const primes = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
  ];
  const more = [107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167];
  const product = [...primes, ...more].reduce((all, prime) => all * BigInt(prime), 1n);
  const modulus = (((1n << 2047n) / product / 2n) * 2n + 2n) * product + (65537n ** 5n % product);
  return Uint8Array.from(modulus.toString(16).padStart(512, '0').match(/../g) ?? [], (byte) =>
    Number.parseInt(byte, 16),
  );
})();

/** One IMA entry of template `ima-ng` for PCR 10. */
function imaEntry(name: string, digest: Bytes = new Uint8Array(32)): Bytes {
  const field = (value: Bytes): Bytes => concat(encode(u32le, value.length), value);
  const template = concat(field(concat(utf8('sha256:\0'), digest)), field(utf8(`${name}\0`)));
  const hash = Uint8Array.from(sha1(template));
  return concat(encode(u32le, 10), hash, field(utf8('ima-ng')), field(template));
}
const sha1 = (input: Bytes): Bytes => digest('sha1', input);
const imaEvents = (...entries: readonly Bytes[]): readonly ForgedEvent[] => [
  ...linuxBoot(),
  ...entries.map(
    (entry): ForgedEvent => ({ pcr: 10, type: 1, data: entry, measured: entry.subarray(4 + 20 + 4 + 6 + 4) }),
  ),
];

/** The log has all of these entries but the last, and the quote all of them. */
function extendedBy(...entries: readonly Bytes[]): Partial<WantedRequest> {
  const { log } = forgeBoot(imaEvents(...entries.slice(0, -1)));
  return { boot: { ...forgeBoot(imaEvents(...entries)), log } };
}

const revoked = issueCrl({
  issuer: parseCertificate(machine.certificates.root).subject,
  thisUpdate: at.getTime() - 1000,
  nextUpdate: at.getTime() + 86_400_000,
  revoked: [{ serial: 2, at: at.getTime() - 2000 }],
  extensions: [],
  signer: { scheme: 'ecdsa-sha256', key: forgedKey('development', 'root') },
});

/** A quote of its own that Windows leaves at the end of its log. */
function trustPoint(attest: Bytes, signature: Bytes): ForgedEvent {
  const records = [forgeRecord(0x8008_0001, attest), forgeRecord(0x8008_0002, signature)];
  return { pcr: 0xffff_ffff, type: eventType.noAction, data: forgeRecord(0xc001_0004, ...records) };
}
const windowsKey: Partial<TpmWorld> = { attestationKey: { key: rsa, sign: { scheme: 'rsaSsa', hash: 'sha1' } } };
/** @param told the boot that it quotes @param change to its signature */
function withTrustPoint(told: readonly ForgedEvent[], change: (signature: Bytes) => Bytes = (same) => same): Case {
  const { attest, signature } = forgeTpm({ at, ...windowsKey }).quote({
    boot: forgeBoot(told),
    extraData: new Uint8Array(0),
  });
  // TPMT_SIGNATURE: scheme, hash, length.
  return { world: windowsKey, events: [...windows, trustPoint(attest, change(signature.slice(6)))] };
}

/** An IMA list of a Linux machine that begins with the aggregate of what a boot left in PCR 0 to 9. */
function withAggregate(told: readonly ForgedEvent[]): Case {
  const values = forgeBoot(told).pcrs.get('sha256');
  const parts = Array.from({ length: 10 }, (_, index) => values?.get(index) ?? expect.fail('not quoted'));
  const entry = imaEntry('boot_aggregate', digest('sha256', ...parts));
  return imaCase([entry], entry);
}

/** Checks that refuse nothing: what is told where they are met, where they are not, and where there is no saying. */
const degrees = {
  'tpm.log.boot-counter': {
    claim: 'x-assay-tpm-boot-counted',
    good: { 'the counter of the quote': { events: windows } },
    bad: {
      'P20: another counter than that of the quote': { events: windowsBoot({ bootCounter: 172n }) },
      'two counters': {
        events: windowsBoot({ more: [forgeRecord(0x0002_0002, Uint8Array.of(167, 0, 0, 0, 0, 0, 0, 0))] }),
      },
      'a counter that its digest does not prove': {
        events: windows.map((event) => (event.pcr === 12 ? { ...event, measured: utf8('other') } : event)),
      },
      'no counter': { events: linuxBoot() },
    },
    noted: ['skipped', undefined],
  },
  'tpm.log.trust-point': {
    claim: 'x-assay-tpm-trust-point',
    good: { 'a quote of this very log': withTrustPoint(windows) },
    bad: {
      'a quote of another boot': withTrustPoint(windowsBoot({ testSigning: true })),
      'a quote that does not read': {
        events: [...windows, trustPoint(utf8('x'), new Uint8Array(256))],
      },
    },
    noted: ['failed'],
  },
  'tpm.ima.aggregate': {
    claim: 'x-assay-tpm-ima-aggregate',
    good: { 'of this boot': withAggregate(linuxBoot()) },
    bad: { 'of another boot': withAggregate(windows) },
    noted: ['failed'],
  },
} as const satisfies { readonly [id: string]: { readonly [part: string]: unknown } };

const ids: { readonly [id in Exclude<keyof typeof check, keyof typeof degrees>]: { readonly [what: string]: Case } } = {
  'tpm.request.shape': {
    'no JWS': { evidence: 'a.b' },
    'another type': { request: { header: { typ: 'JWT' } } },
    'P17: no algorithm': { request: { header: { alg: 'none' } } },
    'a critical header': { request: { header: { crit: ['x'] } } },
    'T13: a key in the header': { request: { header: { jwk: {} } } },
    'P18: the type of version 1': { request: { header: { typ: 'attReq' } } },
    'P17: a member twice': {
      request: { text: (text) => text.replace('"e', '"kty":"EC","e').replace('"crv"', '"kty":"EC","crv"') },
    },
    'a certificate in the header': { request: { header: { x5c: ['AAAA'] } } },
    'T39: a claim whose name has a line of its own': {
      request: { customClaims: [{ name: 'a\nb', value: '1', value_type: 'Integer' }] },
    },
    'no challenge': data('challenge', () => undefined),
    'padding in base64url': data('challenge', (value) => `${value}==`),
    'another form': payload('att_type', () => 'intel'),
    'P1: a bank twice': platform('pcrs', (value) => [...(value as Json[]), (value as Json[])[0] as Json]),
    'P1: a PCR twice': platform('pcrs.0.values', push({ index: 0, digest: base64url(new Uint8Array(32)) })),
    'T34: P15: 5,000 banks': platform('pcrs', (value) =>
      Array.from({ length: 5000 }, () => (value as Json[])[0] as Json),
    ),
    'a bank that is none': platform('pcrs.0.algorithm', () => 5),
    'P18: three other keys': data('other_keys', () => Array.from({ length: 3 }, () => ({ jwk: {} }))),
    'P18: another key bound by the quote': data('other_keys', () => [
      { jwk: {}, info: { tpm_quote: { hash_alg: 'sha-256' } } },
    ]),
    'SHA-1 in the binding': data('request_key.info.tpm_quote.hash_alg', () => 'sha-1'),
    'a proof that is not known': data('request_key.info', () => ({ vbs_ncrypt: {} })),
    'a claim of an unknown kind': { request: { customClaims: [{ name: 'a', value: '1', value_type: 'float' }] } },
    'a claim that is no number': { request: { customClaims: [{ name: 'a', value: '1.5', value_type: 'Integer' }] } },
    'a claim twice': {
      request: { customClaims: ['1', '2'].map((value) => ({ name: 'a', value, value_type: 'String' })) },
    },
    'a claim of the service': {
      request: { customClaims: [{ name: 'secureBootEnabled', value: 'true', value_type: 'bool' }] },
    },
    'nine logs': platform('logs', (value) => Array.from({ length: 9 }, () => (value as Json[])[0] as Json)),
    'T35: nesting without end': {
      request: { text: (text) => text.replace('{', `{"x":${'['.repeat(20)}${']'.repeat(20)},`) },
    },
  },
  'tpm.context': {
    'P12: a context that does not open': { given: undefined },
    'P12: another challenge': { given: new Uint8Array(16) },
    'P12: a longer challenge': { given: concat(challenge, Uint8Array.of(0)) },
  },
  'tpm.jws': {
    'another signer': { request: { signer: forgedKey('development', 'resident') } },
    'P18: the attestation key as signer': { request: { signer: forgedKey('development', 'aik') } },
    'an algorithm for other keys': { request: { header: { alg: 'PS256' } } },
    'P8: a curve that is not accepted': data('request_key.jwk.crv', () => 'P-224'),
  },
  'tpm.key.binding': { 'P18: no proof': data('request_key.info', () => ({})) },
  'tpm.aik.pub': {
    'T7: P9: the certificate of another TPM': platform('aik_cert', () => base64url(other.certificates.aik)),
    'P9: the key of another TPM': platform('aik_pub', () => JSON.parse(requestPart(other, 'aik_pub'))),
    'P8: a curve that is not accepted': platform('aik_pub.crv', () => 'P-224'),
    'P8: a point beside the curve': platform('aik_pub.x', flip(5)),
    'no certificate at all': platform('aik_cert', () => 'AAAA'),
  },
  'tpm.aik.weak-key': {
    ROCA: {
      request: {
        platform: (object) => {
          const { aik_cert: _, ...rest } = object as { aik_cert: Json };
          return { ...rest, aik_pub: { kty: 'RSA', n: base64url(faultyModulus), e: 'AQAB' } };
        },
      },
    },
  },
  'tpm.quote.layout': {
    'P18: a certify statement': platform('quote', () =>
      base64url(machine.certify(machine.resident.area, challenge).attest),
    ),
    'another magic': platform('quote', flip(0)),
    'P23: cut': platform('quote', cut),
    'bytes left over': platform('quote', (value) => base64url(concat(fromBase64(String(value)), Uint8Array.of(0)))),
    'P1: nothing selected': { request: { select: [{ bank: 'sha256', indices: [] }] } },
    'P1: a bank twice': {
      request: {
        select: ['sha256', 'sha256'].map(() => ({ bank: 'sha256' as const })),
        platform: (o) => edit(o, 'pcrs', (v) => [(v as Json[])[0] as Json]),
      },
    },
    'P8: no signature': platform('signature', () => base64url(Uint8Array.of(0, 0x10))),
    'P8: an HMAC': platform('signature', () => base64url(concat(Uint8Array.of(0, 5, 0, 11), new Uint8Array(32)))),
  },
  'tpm.quote.signature': {
    'T5: P13: altered': platform('signature', flip(-1)),
    'P13: of an altered quote': platform('quote', flip(-1)),
    'P8: of another kind of key': platform('signature', () =>
      base64url(concat(Uint8Array.of(0, 0x14, 0, 11, 1, 0), new Uint8Array(256))),
    ),
    'T23: longer than the curve': platform('signature', (value) => {
      const bytes = fromBase64(String(value));
      return base64url(concat(bytes.subarray(0, 4), Uint8Array.of(0, 33, 0), bytes.subarray(6)));
    }),
  },
  'tpm.quote.freshness': {
    'T6: P12: nothing': { request: { extraData: new Uint8Array(0) } },
    'T6: P12: zeros': { request: { extraData: new Uint8Array(32) } },
    'T6: P12: the challenge, filled up with zeros': {
      request: { bindBy: 'certify', extraData: concat(challenge, new Uint8Array(16)) },
    },
    'P12: the challenge as text': {
      request: { bindBy: 'certify', extraData: utf8(Buffer.from(challenge).toString('hex')) },
    },
    'T12: P17: the hash of another key beside the challenge': {
      request: { extraData: digest('sha256', utf8('{}'), Uint8Array.of(0), challenge) },
    },
    'P12: the bare challenge': { request: { extraData: challenge } },
    'P12: challenge and a byte, for a key of the TPM': {
      request: { bindBy: 'certify', extraData: concat(challenge, Uint8Array.of(0)) },
    },
    'P12: a first part of the challenge': { request: { bindBy: 'certify', extraData: challenge.subarray(0, 15) } },
    'P17: another key than was quoted': {
      request: {
        data: (o) => edit(o, 'request_key.jwk', () => JSON.parse(requestPart(other, 'software'))),
        signer: other.software,
      },
    },
    'P17: a blank in the key': {
      request: { text: (text) => text.replace('"request_key":{"jwk":{', '"request_key":{"jwk":{ ') },
    },
    'P17: another order of members': data('request_key.jwk', (value) =>
      Object.fromEntries(Object.entries(value as JsonObject).reverse()),
    ),
  },
  'tpm.quote.pcrs': {
    'T15: P1: a PCR that is not quoted': {
      request: {
        select: [{ bank: 'sha256', indices: [0, 1, 7] }],
        platform: (o) => edit(o, 'pcrs.0.values', push({ index: 14, digest: base64url(new Uint8Array(32)) })),
      },
    },
    'P1: a second bank': platform(
      'pcrs',
      push({ algorithm: 4, values: [{ index: 0, digest: base64url(new Uint8Array(20)) }] }),
    ),
    'a PCR less': platform('pcrs.0.values', (value) => (value as Json[]).slice(1)),
    'P13: an altered value': platform('pcrs.0.values.3.digest', flip(0)),
    'a value that is too short': platform('pcrs.0.values.3.digest', cut),
  },
  'tpm.aik.issuer': { 'nothing held': { collateral: new Map() } },
  'tpm.aik.chain': {
    'T13: P19: another root': { anchor: other.anchor },
    'T13: P19: a root of the right name with another key': {
      anchor: other.anchor,
      collateral: new Map(
        [...machine.collateral.keys()].map((name) => [name, [...other.collateral.values()][0] as Bytes] as const),
      ),
    },
    'no certificate': platform('aik_cert', () => undefined),
    'T51: a leaf of another signer that carries the genuine one as PEM': {
      world: {
        certificates: {
          aik: {
            signer: { scheme: 'ecdsa-sha256', key: forgedKey('x', 'y') },
            extensions: [
              basicConstraints({ ca: false }),
              keyUsage(['digitalSignature']),
              extendedKeyUsage(['2.23.133.8.3']),
              authorityKeyIdentifier(keyIdentifier(parseCertificate(machine.certificates.issuer).spki)),
              { oid: '1.2.3.4', critical: false, value: utf8(toPem('CERTIFICATE', machine.certificates.aik)) },
            ],
          },
        },
      },
    },
    'a foreign signature': {
      world: { certificates: { aik: { signer: { scheme: 'ecdsa-sha256', key: forgedKey('x', 'y') } } } },
    },
  },
  'tpm.aik.profile': {
    'P19: no purpose': { world: { certificates: { aik: { without: ['2.5.29.37'] } } } },
    'P19: no purpose above': { world: { certificates: { issuer: { without: ['2.5.29.37'] } } } },
    'P19: the certificate of an endorsement key': { world: { certificates: { aik: { without: ['2.5.29.15'] } } } },
    'P19: a CA': { world: { certificates: { aik: { extensions: [] } } } },
  },
  'tpm.aik.dated': {
    ended: { at: new Date('2040-01-01T00:00:00Z') },
    'not begun': { at: new Date('2020-01-01T00:00:00Z') },
  },
  'tpm.aik.standing': { 'T14: a revoked CA': { world: { lists: [revoked] } } },
  'tpm.key.certify': {
    'P9: by another attestation key': {
      request: {
        bindBy: 'certify',
        data: (o) =>
          edit(o, 'request_key.info.tpm_certify', (value) => {
            const { attest, signature } = other.certify(machine.resident.area, challenge);
            return { ...(value as JsonObject), certification: base64url(attest), signature: base64url(signature) };
          }),
      },
    },
    'without the challenge': certifyWith({ extraData: new Uint8Array(16) }),
    'of another parent': certifyWith({ qualifiedSigner: Uint8Array.of(0, 11) }),
    'P18: a quote': {
      request: {
        bindBy: 'certify',
        data: (o) =>
          edit(o, 'request_key.info.tpm_certify.certification', () =>
            base64url(machine.quote({ boot: linux, extraData: challenge }).attest),
          ),
      },
    },
    'on another key': {
      request: {
        bindBy: 'certify',
        data: (o) => edit(o, 'request_key.jwk', () => JSON.parse(requestPart(other, 'software'))),
        signer: other.software,
      },
    },
    'with bytes left over': {
      request: {
        bindBy: 'certify',
        data: (o) =>
          edit(o, 'request_key.info.tpm_certify.public', (v) =>
            base64url(concat(fromBase64(String(v)), Uint8Array.of(0))),
          ),
      },
    },
  },
  'tpm.log.layout': {
    'P23: cut': platform('logs.0.log', cut),
    empty: platform('logs.0.log', () => ''),
    'T36: P16: compressed': platform('logs.0.log', () => base64url(Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3))),
  },
  'tpm.log.replay': {
    'no log': platform('logs', () => []),
    'an event less': logOf(linuxBoot().slice(0, -1)),
    'an event more': logOf([...linuxBoot(), { pcr: 5, type: eventType.efiAction, data: utf8('one more') }]),
    'another program': logOf(linuxBoot({ bootLoader: utf8('another') })),
    'stripped of what Windows measured': {
      ...logOf(windows.filter(({ pcr }) => pcr < 11)),
      events: windows,
    },
  },
  'tpm.log.events': {
    'T35: P6: records nested without end': {
      events: [...linuxBoot(), { pcr: 12, type: eventType.eventTag, data: nested(0x4001_0002, 10_000) }],
    },
  },
  'tpm.ima.layout': { cut: imaCase([imaEntry('/bin/sh')], imaEntry('/bin/sh').slice(0, -1)) },
  'tpm.ima': {
    'P21: its PCR is not quoted': {
      request: { ima: imaEntry('/bin/sh'), select: [{ bank: 'sha256', indices: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }] },
    },
    'P21: a template hash of other data': imaCase(
      [imaEntry('/bin/sh')],
      imaEntry('/bin/sh').map((byte, i) => (i === 4 ? byte ^ 1 : byte)),
    ),
    // The digests are right, and so a list of the client's choice behind it would be as well.
    'T16: an entry that is called an event of the log': {
      request: {
        ima: imaEntry('/bin/sh'),
        ...extendedBy(imaEntry('boot_aggregate'), imaEntry('/bin/evil'), imaEntry('/bin/sh')),
      },
    },
    'P21: shorter than what is quoted': imaCase([imaEntry('/bin/sh'), imaEntry('/bin/ls')], imaEntry('/bin/sh')),
  },
  'tpm.vbs.layout': {
    'P22: cut': {
      events: windows,
      request: { enclave: { key: rsa }, payload: (o) => edit(o, 'att_data.vsm_report.enclave.report', cut) },
    },
    'P22: a block without a length': {
      events: windows,
      request: { enclave: { key: rsa, statement: { blocks: new Uint8Array(8) } } },
    },
  },
  'tpm.vbs.key': {
    'no key in the log': { request: { enclave: { key: rsa } } },
    'P22: the other key of the secure kernel': {
      events: windows.map((event) =>
        event.pcr === 12 && event.type === eventType.eventTag ? { ...event, data: asIdk(event.data) } : event,
      ),
      request: { enclave: { key: rsa } },
    },
    'P22: two keys': {
      events: windowsBoot({ reportKey, more: [forgeRecord(0x0005_0023, new Uint8Array(20))] }),
      request: { enclave: { key: rsa } },
    },
    'P22: in an event that its digest does not prove': {
      events: windows.map((event) =>
        event.pcr === 12 && event.type === eventType.eventTag ? { ...event, measured: utf8('other') } : event,
      ),
      request: { enclave: { key: rsa } },
    },
    'P22: the same, however events are read': {
      events: windows.map((event) =>
        event.pcr === 12 && event.type === eventType.eventTag ? { ...event, measured: utf8('other') } : event,
      ),
      settings: { events: 'maa' },
      request: { enclave: { key: rsa } },
    },
  },
  'tpm.vbs.signature': {
    'another key': { events: windows, request: { enclave: { key: generateKey('RSA-2048') } } },
  },
  'tpm.vbs.data': {
    'other text': {
      events: windows,
      request: { enclave: { key: rsa, statement: { enclaveData: new Uint8Array(64) } } },
    },
    'T12: a claim added afterwards': {
      events: windows,
      request: {
        enclave: { key: rsa },
        payload: (o) => edit(o, 'att_data.report_signed.rp_data', () => 'AAAA'),
      },
    },
  },
  'tpm.boot-attestation': {
    'of another TPM': {
      events: resumed,
      request: {
        kept,
        statement: now,
        data: (o) => edit(o, 'tpm_att_data.boot_attestation', () => JSON.parse(requestPart(other, 'platform'))),
      },
    },
    later: {
      events: resumed,
      request: { kept: { ...kept, statement: { clockInfo: { ...now.clockInfo, clock: 3_000_000n } } }, statement: now },
    },
    'of another firmware': {
      events: resumed,
      request: { kept: { ...kept, statement: { firmwareVersion: 1n } }, statement: now },
    },
    'with more resets than boots': {
      events: resumed,
      request: { kept, statement: { clockInfo: { ...now.clockInfo, resetCount: 171 } } },
    },
    'with another counter': {
      events: windowsBoot({ bootCounter: 170n, transfer: 2, counterId: 9n }),
      request: { kept, statement: now },
    },
    'without a resume': { events: windowsBoot({ bootCounter: 170n }), request: { kept, statement: now } },
    'on a system that counts nothing': { request: { kept: { boot: linux, extraData: new Uint8Array(0) } } },
  },
  'tpm.quote.selection': {
    'P1: PCR 23 alone': { request: { select: [{ bank: 'sha256', indices: [23] }] } },
    'T15: P2: SHA-1 alone': { request: { select: [{ bank: 'sha1' }] } },
    'a PCR less': { request: { select: [{ bank: 'sha256', indices: [...Array(23).keys()] }] } },
  },
  'tpm.quote.hash': {
    'SHA-1': {
      world: { attestationKey: { key: rsa, sign: { scheme: 'rsaSsa', hash: 'sha1' } } },
      settings: { sha1Signatures: false },
    },
  },
  'tpm.vbs.debug': Object.fromEntries(
    [1, 2, 4].map((flags) => [
      `flag ${flags}`,
      { events: windows, request: { enclave: { key: rsa, statement: { flags } } } },
    ]),
  ),
};

function certifyWith(changed: Parameters<typeof machine.certify>[2]): Case {
  return {
    request: {
      bindBy: 'certify',
      data: (o) =>
        edit(o, 'request_key.info.tpm_certify', (value) => {
          const { attest, signature } = machine.certify(machine.resident.area, challenge, changed);
          return { ...(value as JsonObject), certification: base64url(attest), signature: base64url(signature) };
        }),
    },
  };
}
/** The log of other events than those that were measured. */
function logOf(events: readonly ForgedEvent[]): Case {
  return platform('logs.0.log', () => base64url(forgeLog(events, ['sha1', 'sha256']).log));
}
function nested(id: number, depth: number): Bytes {
  return concat(
    ...Array.from({ length: depth }, (_, i) => concat(encode(u32le, id), encode(u32le, (depth - 1 - i) * 8))),
  );
}
/** A machine that went on to measure files after its log, and the list that it sends. */
function imaCase(entries: readonly Bytes[], ima: Bytes): Case {
  const { request } = logOf(linuxBoot());
  return { events: imaEvents(...entries), request: { ...request, ima } };
}
/** A part of another machine's request, as JSON. */
function requestPart(tpm: typeof machine, part: 'aik_pub' | 'software' | 'platform'): string {
  let found: Json = null;
  tpm.request({
    boot: kept.boot,
    challenge,
    serviceContext: 'AA',
    data(object) {
      const its = (object['tpm_att_data'] as JsonObject)['current_attestation'] as JsonObject;
      const key = (object['request_key'] as JsonObject)['jwk'] as Json;
      found = part === 'software' ? key : part === 'platform' ? its : (its['aik_pub'] as Json);
      return object;
    },
  });
  return JSON.stringify(found);
}

describe('a forged machine', () => {
  test('is accepted, and everything about it is on record', async () => {
    const judged = await judge({ request: { relyingPartyData: challenge } });
    expect(judged.message).toBeUndefined();
    const claims = claimsOf(judged);
    expect(claims.get('aikValidated')).toBe(true);
    expect(claims.get('secureBootEnabled')).toBe(true);
    expect(claims.get('rp_data')).toBe('AQIDBAUGBwgJCgsMDQ4PEA');
    expect(claims.get('x-ms-tpm-request-key')).toMatchObject({ info: { tpm_quote: { hash_alg: 'sha-256' } } });
    expect([...outcomes(judged.appraisal)].filter(([, outcome]) => outcome === 'failed')).toEqual([]);
  });

  test('with a key of the TPM is accepted', async () => {
    const judged = await judge({ request: { bindBy: 'certify' } });
    expect(judged.message).toBeUndefined();
    expect(judged.facts?.key.info).toEqual({ tpm_certify: { name_alg: 11, obj_attr: 0x40072 } });
  });

  test('with Windows is accepted, and in good health', async () => {
    const judged = await judge({ events: windows });
    expect(judged.message).toBeUndefined();
    const claims = claimsOf(judged);
    for (const name of ['iommuEnabled', 'bootDebuggingDisabled', 'notSafeMode', 'notWinPE', 'vbsEnabled'])
      expect([name, claims.get(name)]).toEqual([name, true]);
    expect(outcomes(judged.appraisal).get('tpm.log.boot-counter')).toBe('passed');
  });

  test.each([
    ['cut', forgeRecord(0xc001_0004, forgeRecord(0x8008_0001, utf8('x')), forgeRecord(0x8008_0002)), /magic/],
    ['P6: nested without end', nested(0xc001_0004, 10_000), /nest/],
  ])(
    'whose Windows left a quote that does not read (%s) is accepted, and that is on record',
    async (_, data, detail) => {
      const judged = await judge({ events: [...windows, { pcr: 0xffff_ffff, type: eventType.noAction, data }] });
      expect(judged.message).toBeUndefined();
      expect(claimsOf(judged).get('x-assay-tpm-trust-point')).toBe(false);
      expect(JSON.stringify(close(judged.appraisal.root))).toMatch(detail);
      expect(outcomes(judged.appraisal).get('tpm.log.trust-point')).toBe('failed');
    },
  );

  test('through a VBS enclave is accepted', async () => {
    const judged = await judge({ events: windows, request: { enclave: { key: rsa } } });
    expect(judged.message).toBeUndefined();
    const claims = claimsOf(judged);
    expect([claims.get('vbsReportPresent'), claims.get('enclaveSvn'), claims.get('enclavePlatformSvn')]).toEqual([
      true,
      3,
      1,
    ]);
  });

  test('with evidence of before hibernation is accepted', async () => {
    const judged = await judge({ events: resumed, request: { kept, statement: now } });
    expect(judged.message).toBeUndefined();
    expect(claimsOf(judged).get('bootEvents')).toMatch(/^\{"Events":\[/);
  });

  test('with files measured by the system is accepted; entries behind the quote are dropped and counted', async () => {
    const entries = [imaEntry('boot_aggregate'), imaEntry('/bin/sh')];
    const judged = await judge(imaCase(entries, concat(...entries, imaEntry('/bin/later'))));
    expect(judged.message).toBeUndefined();
    expect([judged.facts?.current.ima?.covered.length, judged.facts?.current.ima?.dropped]).toEqual([2, 1]);
    expect(String(claimsOf(judged).get('events'))).toContain('/bin/sh');
    expect(String(claimsOf(judged).get('events'))).not.toContain('/bin/later');
  });

  test('with an RSA key that signs with SHA-1, as those of Windows do, is accepted', async () => {
    const judged = await judge({ world: { attestationKey: { key: rsa, sign: { scheme: 'rsaSsa', hash: 'sha1' } } } });
    expect(judged.message).toBeUndefined();
    expect(claimsOf(judged).get('x-assay-tpm-signature-hash')).toBe('sha1');
  });

  test.each([
    ['rsaPss', 'sha256'],
    ['rsaPss', 'sha384'],
    ['rsaSsa', 'sha256'],
  ] as const)('that signs by %s with %s is accepted', async (scheme, hash) => {
    expect((await judge({ world: { attestationKey: { key: rsa, sign: { scheme, hash } } } })).message).toBeUndefined();
  });

  test('without a valid certificate is accepted only where the policy lets it, and the token says so', async () => {
    for (const bad of [ids['tpm.aik.chain'], ids['tpm.aik.issuer'], ids['tpm.aik.profile'], ids['tpm.aik.dated']])
      for (const one of Object.values(bad)) {
        const judged = await judge({ ...one, settings: { requireValidAik: false } });
        expect(judged.message).toBeUndefined();
        const claims = claimsOf(judged);
        expect([claims.get('aikValidated'), claims.get('x-assay-tpm-aik')]).toEqual([false, 'unproven']);
        expect([...outcomes(judged.appraisal).values()]).toContain('failed');
      }
  });

  test.each<[string, readonly ForgedEvent[], number, readonly ForgedEvent[]]>([
    ['Windows closed', windows, 12, windows.filter(({ pcr }) => pcr === 12)],
    ['firmware closed', linuxBoot({ secureBoot: false }), 7, linuxBoot().filter(({ pcr }) => pcr === 7)],
  ])(
    'T16: that measured more into a PCR after %s it is accepted, and no event there means anything',
    async (_, before, pcr, after) => {
      const meant = async (settings: Case['settings']): Promise<boolean> => {
        const judged = await judge({ events: [...before, ...after], ...(settings && { settings }) });
        expect(judged.message).toBeUndefined();
        const events = judged.facts?.current.events.filter(({ PcrIndex }) => PcrIndex === pcr) ?? [];
        expect(events.length).toBeGreaterThan(after.length);
        return events.some((one) => 'ProcessedData' in one);
      };
      expect(await meant(undefined)).toBe(false);
      expect(await meant({ events: 'maa' })).toBe(true);
    },
  );

  test('claims of the client stand under names of their own', async () => {
    const customClaims = [
      { name: 'build', value: '7', value_type: 'Integer' },
      { name: 'lab', value: 'TRUE', value_type: 'bool' },
      { name: 'site', value: 'north', value_type: 'string' },
    ];
    const claims = claimsOf(await judge({ request: { customClaims } }));
    expect(claims.get('https://assay.example/claims/custom/build')).toBe(7n);
    expect(claims.get('https://assay.example/claims/custom/lab')).toBe(true);
    expect(claims.get('https://assay.example/claims/custom/site')).toBe('north');
  });
});

describe('checks that are degrees are on record, and in the claims', () => {
  const all = Object.entries(degrees).flatMap(([id, { claim, good, bad, noted }]) => [
    ...Object.entries<Case>(good).map(([what, one]) => ({ id, what, claim, one, holds: true, noted: ['passed'] })),
    ...Object.entries<Case>(bad).map(([what, one]) => ({ id, what, claim, one, holds: false, noted })),
  ]);
  test.each(all)('$id: $what', async ({ id, claim, one, holds, noted }) => {
    const judged = await judge(one);
    expect(judged.message).toBeUndefined();
    expect(claimsOf(judged).get(claim)).toBe(holds);
    expect(noted).toContain(outcomes(judged.appraisal).get(id));
  });
  test('a quote of Windows by another key says nothing', async () => {
    const judged = await judge({
      ...withTrustPoint(windows, (signature) => signature.map((byte, i) => (i === 9 ? byte ^ 1 : byte))),
    });
    expect(judged.message).toBeUndefined();
    expect(claimsOf(judged).has('x-assay-tpm-trust-point')).toBe(false);
    expect(outcomes(judged.appraisal).has('tpm.log.trust-point')).toBe(false);
  });
});

describe('what is true of few machines', () => {
  test('T23: P14: coordinates that begin with zeros, which a JWK must not leave out (RFC 7518 §6.2.1.2)', async () => {
    let key = generateKey('P-256');
    // The end of a SubjectPublicKeyInfo is x and y.
    while (publicSpki(key).at(-64) !== 0) key = generateKey('P-256');
    const world = { attestationKey: { key } };
    expect((await judge({ world })).message).toBeUndefined();
    const stripped = platform('aik_pub.x', (value) => base64url(fromBase64(String(value)).slice(1)));
    expect((await judge({ ...stripped, world })).message).toMatch(/has 31 bytes, expected 32 \(.*aik_pub\.x\)/);
    const longer = platform('aik_pub.x', (value) => base64url(concat(Uint8Array.of(0), fromBase64(String(value)))));
    expect((await judge({ ...longer, world })).refused).toBe('tpm.aik.pub');
  });

  test('T22: what the system measured and no log tells is named, and makes no claim', async () => {
    const beyond: ForgedEvent = { pcr: 10, type: eventType.ipl, data: utf8('a file') };
    const { log } = forgeLog(linuxBoot(), ['sha1', 'sha256']);
    const judged = await judge({
      events: [...linuxBoot(), beyond],
      ...platform('logs.0.log', () => base64url(log)),
    });
    expect(judged.message).toBeUndefined();
    const claims = claimsOf(judged);
    expect(claims.get('x-assay-tpm-unexplained-pcrs')).toEqual([10]);
    expect(
      JSON.parse(String(claims.get('events'))).Events.map(({ PcrIndex }: { PcrIndex: number }) => PcrIndex),
    ).not.toContain(10);
    expect(JSON.stringify(close(judged.appraisal.root))).toContain('beyond the logs: PCR 10 holds measurements');
  });
});

describe('every declared check refuses', () => {
  test.each(
    Object.entries(ids).flatMap(([id, cases]) => Object.entries(cases).map(([what, one]) => [id, what, one] as const)),
  )('%s: %s', async (id, _what, one) => {
    const { refused, message } = await judge(one);
    expect([refused, message]).toEqual([id, expect.any(String)]);
  });

  test('none is without a case', () => {
    const without = Object.entries(ids).flatMap(([id, cases]) => (Object.keys(cases).length === 0 ? [id] : []));
    expect(without).toEqual([]);
    expect([...Object.keys(ids), ...Object.keys(degrees)].sort()).toEqual(Object.keys(check).sort());
  });

  /** Whatever is asked before the first byte of a log. */
  const before = Object.entries(ids).slice(0, Object.keys(ids).indexOf('tpm.log.layout'));
  test('T34: what is cheap is asked first: with logs and lists that read not at all every refusal is the same', async () => {
    for (const [id, cases] of before)
      for (const [what, one] of Object.entries(cases)) {
        const { platform: change } = one.request ?? {};
        const unread = (object: JsonObject): JsonObject => ({
          ...(change?.(object) ?? object),
          logs: [
            { type: 'TCG', log: base64url(utf8('no log')) },
            { type: 'IMA', log: base64url(utf8('no list')) },
          ],
        });
        // What is wrong with the logs as such belongs to the shape.
        if (what === 'nine logs') continue;
        const { refused } = await judge({ ...one, request: { ...one.request, platform: unread } });
        expect([id, what, refused]).toEqual([id, what, id]);
      }
  });
});
