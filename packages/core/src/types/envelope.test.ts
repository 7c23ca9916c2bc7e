import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { base64, base64url, utf8 } from '../bytes/index.ts';
import type { Json } from '../claim.ts';
import type { Received } from '../contract.ts';
import { AttestError } from '../errors.ts';
import { parseJson } from '../json/index.ts';
import { readEnvelope } from './envelope.ts';
import { openEnclave } from './open-enclave.ts';
import { sgxEnclave } from './sgx-enclave.ts';

const read = (body: unknown): Received => readEnvelope(body as Json, 'quote');
const quote = base64url(utf8('a quote'));

function refusal(body: unknown): AttestError {
  try {
    read(body);
  } catch (error) {
    if (error instanceof AttestError) return error;
    throw error;
  }
  return expect.fail('was read');
}

describe('read', () => {
  test('evidence alone', () => {
    expect(read({ quote })).toEqual({ submission: { evidence: utf8('a quote') } });
  });

  test('everything that there is', () => {
    const body = {
      quote,
      runtimeData: { data: base64url(utf8('{}')), dataType: 'JSON' },
      initTimeData: { data: base64url(utf8('init')), dataType: 'Binary' },
      draftPolicyForAttestation: 'version=1.0;',
      nonce: 'n-1',
    };
    expect(read(body)).toEqual({
      submission: {
        evidence: utf8('a quote'),
        runtime: { bytes: utf8('{}'), kind: 'JSON' },
        init: { bytes: utf8('init'), kind: 'Binary' },
      },
      draft: 'version=1.0;',
      nonce: 'n-1',
    });
  });

  test('names of members in any case, others not looked at', () => {
    const body = { QUOTE: quote, RuntimeData: { DATA: 'YQ', datatype: 'JSON', more: 1 }, NONCE: 'n', unknown: [[]] };
    expect(read(body)).toEqual({
      submission: { evidence: utf8('a quote'), runtime: { bytes: utf8('a'), kind: 'JSON' } },
      nonce: 'n',
    });
  });

  test('null as absent', () => {
    const body = { quote, runtimeData: null, initTimeData: null, draftPolicyForAttestation: null, nonce: null };
    expect(read(body)).toEqual({ submission: { evidence: utf8('a quote') } });
  });

  test('both alphabets, padded or not', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        for (const spelling of [base64url(bytes), base64(bytes), base64(bytes).replaceAll('=', '')])
          expect(read({ quote: spelling }).submission.evidence).toEqual(bytes);
      }),
    );
  });

  test('T6: bound data without data are empty bytes that must be bound, not absent', () => {
    const empty = { bytes: new Uint8Array(), kind: 'Binary' };
    for (const runtimeData of [{}, { data: null }, { data: '' }, { data: '', dataType: null }])
      expect(read({ quote, runtimeData }).submission.runtime).toEqual(empty);
  });

  test('numbers as nonce, as some clients send them, without loss', () => {
    const nonces: [unknown, string][] = [
      [12, '12'],
      [-1, '-1'],
      [18446744073709551615n, '18446744073709551615'],
      ['', ''],
      ['n'.repeat(1024), 'n'.repeat(1024)],
    ];
    for (const [nonce, echoed] of nonces) expect(read({ quote, nonce }).nonce).toBe(echoed);
  });

  test('an empty draft is a draft', () => {
    expect(read({ quote, draftPolicyForAttestation: '' }).draft).toBe('');
  });
});

describe('refused, naming the member', () => {
  const bound = 'must be a JSON object';
  test.each<[unknown, string, string]>([
    [null, 'The request body', bound],
    ['text', 'The request body', bound],
    [1, 'The request body', bound],
    [true, 'The request body', bound],
    [[], 'The request body', bound],
    [{}, 'quote', 'is missing: expected base64url text'],
    [{ report: quote }, 'quote', 'is missing: expected base64url text'],
    [{ quote: null }, 'quote', 'is missing: expected base64url text'],
    [{ quote: 1 }, 'quote', 'must be a string of base64url text'],
    [{ quote: {} }, 'quote', 'must be a string of base64url text'],
    [{ quote: [quote] }, 'quote', 'must be a string of base64url text'],
    [{ quote, runtimeData: 'YQ' }, 'runtimeData', bound],
    [{ quote, runtimeData: [] }, 'runtimeData', bound],
    [{ quote, initTimeData: 1 }, 'initTimeData', bound],
    [{ quote, runtimeData: { data: 1 } }, 'runtimeData.data', 'must be a string of base64url text'],
    [{ quote, runtimeData: { data: '', dataType: 'json' } }, 'runtimeData.dataType', 'must be «Binary» or «JSON»'],
    [{ quote, initTimeData: { dataType: 'Text' } }, 'initTimeData.dataType', 'must be «Binary» or «JSON»'],
    [{ quote, initTimeData: { dataType: 1 } }, 'initTimeData.dataType', 'must be «Binary» or «JSON»'],
    [{ quote, draftPolicyForAttestation: 1 }, 'draftPolicyForAttestation', 'must be a string of policy text'],
    [{ quote, draftPolicyForAttestation: {} }, 'draftPolicyForAttestation', 'must be a string of policy text'],
    [{ quote, nonce: {} }, 'nonce', 'must be a string'],
    [{ quote, nonce: true }, 'nonce', 'must be a string'],
    [{ quote, nonce: 1.5 }, 'nonce', 'must be a string'],
    [{ quote, nonce: 'n'.repeat(1025) }, 'nonce', 'has 1025 characters, at most 1024'],
  ])('%j', (body, path, problem) => {
    const { code, message, where } = refusal(body);
    expect([code, message, where]).toEqual(['RequestMalformed', `${path} ${problem}`, { path }]);
  });

  test('T42: a member in two spellings, both named', () => {
    expect(refusal({ quote, Quote: quote })).toMatchObject({
      code: 'RequestMalformed',
      message: 'Quote is given twice: as «quote» and as «Quote»',
    });
    expect(refusal({ quote, runtimeData: { data: 'YQ', DATA: 'Yg' } }).message).toBe(
      'runtimeData.DATA is given twice: as «data» and as «DATA»',
    );
    // Also where one of them is null: which of the two counts is not for us to guess.
    expect(refusal({ quote, Quote: null }).code).toBe('RequestMalformed');
  });

  test('T42: a member called __proto__ is a member like any other', () => {
    const body = parseJson(utf8(`{"__proto__": {"quote": "${quote}"}}`));
    expect(refusal(body).message).toContain('quote is missing');
    expect(refusal({ __proto__: { quote } }).message).toContain('quote is missing');
  });

  test('T39: names and characters of the client are made printable and short', () => {
    const name = `\u001b[2J\n${'x'.repeat(5000)}`;
    const { message, where } = refusal({ quote, [name]: 1, [name.toUpperCase()]: 2 });
    for (const text of [message, where?.path ?? '']) {
      expect(text).not.toMatch(/\p{Cc}/u);
      expect(text.length).toBeLessThan(400);
    }
    expect(refusal({ quote: 'AA\nA' }).message).toContain("Unknown base64 character: 10 ('U+000A')");
    expect(refusal({ quote: 'AA\u202eA' }).message).toContain("Unknown base64 character: 8238 ('U+202E')");
  });
});

describe('base64 that is none', () => {
  test('is answered with the recorded sentence, and with its place', () => {
    const { code, message, where } = refusal({ quote: 'AAA)' });
    expect(message).toBe("Unknown base64 character: 41 (')'). quote at byte 3: is not a base64 character");
    expect([code, where]).toEqual(['OperationInvalid', { path: 'quote', offset: 3 }]);
  });

  test.each([
    ['A', 'quote at byte 1: ends within a byte', 1],
    ['AB', 'quote at byte 2: has bits set after the last byte', 2],
    ['AA=', 'quote at byte 2: has padding that does not complete a group of four', 2],
    ['AAAA)', "Unknown base64 character: 41 (')'). quote at byte 4: is not a base64 character", 4],
    ['AA A', "Unknown base64 character: 32 (' '). quote at byte 2: is not a base64 character", 2],
    ['AAé', "Unknown base64 character: 233 ('U+00E9'). quote at byte 2: is not a base64 character", 2],
  ])('%j', (text, message, offset) => {
    expect(refusal({ quote: text })).toMatchObject({
      code: 'OperationInvalid',
      message,
      where: { path: 'quote', offset },
    });
  });

  test('is told apart by member', () => {
    expect(refusal({ quote, runtimeData: { data: ')' } }).where).toEqual({ path: 'runtimeData.data', offset: 0 });
    expect(refusal({ quote, initTimeData: { data: 'A)AA' } }).where).toEqual({ path: 'initTimeData.data', offset: 1 });
  });
});

test('T5: any JSON is read or refused, and nothing else is thrown', () => {
  const name = fc.constantFrom(
    'quote',
    'Quote',
    'runtimeData',
    'initTimeData',
    'nonce',
    'draftPolicyForAttestation',
    'data',
    'dataType',
  );
  const { body } = fc.letrec<{ body: unknown }>((tie) => ({
    body: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, true, 1, 1.5, 2n ** 70n, '', 'YQ', 'Y)', 'JSON'),
      fc.dictionary(name, tie('body')),
      fc.array(tie('body'), { maxLength: 2 }),
    ),
  }));
  fc.assert(
    fc.property(body, (value) => {
      try {
        read(value);
      } catch (error) {
        expect(error).toBeInstanceOf(AttestError);
        expect(['RequestMalformed', 'OperationInvalid']).toContain((error as AttestError).code);
      }
    }),
    { numRuns: 500 },
  );
});

test('each type takes its evidence from its own member', () => {
  const desk = {
    now: new Date(0),
    issuer: '',
    sealedBy: '',
    random: () => utf8(''),
    seal: () => utf8(''),
    unseal: () => undefined,
  };
  const evidence = utf8('a quote');
  expect(sgxEnclave.receive({ quote }, desk)).toEqual({ submission: { evidence } });
  expect(openEnclave.receive({ report: quote }, desk)).toEqual({ submission: { evidence } });
  expect(() => openEnclave.receive({ quote }, desk)).toThrow('report is missing');
  expect(sgxEnclave.answer('t', undefined as never, desk)).toEqual({ token: 't' });
});
