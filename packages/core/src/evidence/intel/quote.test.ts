import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, decode, encode, type Field, fromHex, hex, utf8 } from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import { forgeIntel, type Wanted } from './forge.ts';
import { decodeQuote, QuoteLayout } from './quote.ts';
import { OeReport } from './report.ts';

const forged = forgeIntel({ at: new Date('2026-03-01T12:00:00Z') });
const kinds: readonly (Wanted & { readonly body: number })[] = [
  { version: 3, body: 384 },
  { version: 4, body: 384 },
  { version: 5, body: 384 },
  { tee: 'tdx', version: 4, body: 584 },
  { tee: 'tdx', version: 5, bodyType: 2, body: 584 },
  { tee: 'tdx', version: 5, bodyType: 3, body: 648 },
  { tee: 'tdx', version: 5, bodyType: 4, body: 885 },
];
const quotes = kinds.map((kind) => forged.quote(kind));

/** Decodes, or gives the refusal; anything else that is thrown comes through. */
function attempt(input: Bytes): Malformed | undefined {
  try {
    decodeQuote(input);
    return undefined;
  } catch (error) {
    if (error instanceof Malformed) return error;
    throw error;
  }
}
const refusal = (input: Bytes): Malformed => attempt(input) ?? expect.fail('was decoded');

describe.each(kinds.map((kind, i) => ({ ...kind, quote: quotes[i] ?? new Uint8Array() })))(
  'version $version, TEE $tee, body of $body bytes',
  ({ version, tee = 'sgx', body, quote }) => {
    test('is written as it was read', () => {
      expect(hex(encode(QuoteLayout, decode(QuoteLayout, quote)))).toBe(hex(quote));
      const untidy = concat(quote, Uint8Array.of(1, 2, 3));
      expect(hex(encode(QuoteLayout, decode(QuoteLayout, untidy)))).toBe(hex(untidy));
    });

    test('reads to the same, whatever the version', () => {
      const read = decodeQuote(quote);
      expect([read.version, read.body.tee]).toEqual([version, tee]);
      expect(read.signed).toEqual(quote.subarray(0, 48 + (version === 5 ? 6 : 0) + (body ?? 0)));
      expect(read.qe.raw.length).toBe(384);
      expect(read.certification).toEqual({ type: 5, data: utf8(forged.chain) });
    });

    test('the trace covers every byte once', () => {
      const trace: Field[] = [];
      decodeQuote(quote, trace);
      const leaves = trace.filter(({ path }) => !trace.some((other) => other.path.startsWith(`${path}.`)));
      const lengths = leaves.map(({ length }) => length);
      // Between the innermost fields stand only the lengths of structures: body (version 5), auth data, outer data.
      const prefixes = (version === 5 ? 4 : 0) + 4 + (version === 3 ? 0 : 4);
      expect(lengths.reduce((sum, length) => sum + length, 0) + prefixes).toBe(quote.length);
    });
  },
);

test.each([0, 1, 2, 3, 6])('T36: kind %i cut at any length is refused as malformed, by path and byte', (kind) => {
  const quote = quotes[kind] ?? new Uint8Array();
  for (let length = 0; length < quote.length; length++) {
    const { path, offset = -1 } = refusal(quote.subarray(0, length));
    if (path === '' || offset < 0 || offset > length) expect.fail(`${length} bytes: «${path}» at ${offset}`);
  }
});

test('T5: any change of a few bytes gives a quote or a refusal, and nothing else is thrown', () => {
  const change = fc.record({ at: fc.nat(), to: fc.nat(255), near: fc.boolean() });
  fc.assert(
    fc.property(
      fc.nat(quotes.length - 1),
      fc.array(change, { maxLength: 4 }),
      fc.integer({ min: -40, max: 40 }),
      (which, changes, tail) => {
        const quote = Uint8Array.from(quotes[which] ?? []);
        // Half of the changes hit the header, the body's descriptor or the head of the auth data.
        for (const { at, to, near } of changes) quote[near ? at % 64 : at % quote.length] = to;
        const input = tail < 0 ? quote.subarray(0, tail) : concat(quote, new Uint8Array(tail));
        const error = attempt(input);
        if (error) expect(error.offset).toBeLessThanOrEqual(input.length);
      },
    ),
    { numRuns: 2000 },
  );
});

test('T5: any bytes give a refusal, and nothing else is thrown', () => {
  const headed = fc.uint8Array({ maxLength: 1200 }).map((tail) => concat((quotes[0] ?? tail).subarray(0, 48), tail));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 1200 }), headed), (input) => {
      refusal(input);
    }),
    { numRuns: 1000 },
  );
});

describe('what a quote must say', () => {
  const [v3, v4, v5, td4, td10, td15] = quotes as [Bytes, Bytes, Bytes, Bytes, Bytes, Bytes];
  const set = (quote: Bytes, at: number, ...values: readonly number[]): Bytes => {
    const changed = Uint8Array.from(quote);
    changed.set(values, at);
    return changed;
  };
  const authOf = (quote: Bytes): number => decodeQuote(quote).signed.length;
  test.each<[string, Bytes, string, string]>([
    ['version 2', set(v3, 0, 2), 'signed.header.version', 'is 2, must be one of 3, 4, 5'],
    ['version 6', set(v3, 0, 6), 'signed.header.version', 'is 6, must be one of 3, 4, 5'],
    ['version 3 in the other byte order', set(v3, 0, 0, 3), 'signed.header.version', 'is 768, must be one of 3, 4, 5'],
    ['EPID', set(v3, 2, 1), 'signed.header.attestationKeyType', 'is 1, must be 2'],
    ['P-384', set(v3, 2, 3), 'signed.header.attestationKeyType', 'is 3, must be 2'],
    ['another TEE', set(td4, 4, 0x82), 'signed.header.teeType', 'is 130, must be one of 0, 129'],
    ['a reserved byte of version 3', set(v3, 7, 1), 'signed.header.teeType', 'is 16777216, must be one of 0, 129'],
    [
      'another vendor',
      set(v3, 12, 0),
      'signed.header.vendorId',
      'is 009a7233f79c4ca9940a0db3957f0607, must be 939a7233f79c4ca9940a0db3957f0607',
    ],
    [
      'a TD in version 3',
      set(v3, 4, 0x81),
      'signed.body',
      'quote version and TEE type 3/129 is not known (known: 3/0, 4/0, 4/129, 5/0, 5/129)',
    ],
    [
      'an SGX body in a TD’s quote',
      set(td10, 48, 1),
      'signed.body.report',
      'body type 1 is not known (known: 2, 3, 4)',
    ],
    ['a TD’s body in an SGX quote', set(v5, 48, 2), 'signed.body.report', 'body type 2 is not known (known: 1)'],
    ['an unknown body', set(td15, 48, 5), 'signed.body.report', 'body type 5 is not known (known: 2, 3, 4)'],
    ['a body longer than its type', set(td10, 50, ...fromHex('49020000')), 'signed.body.report', '1 bytes left over'],
    [
      'a body shorter than its type',
      set(td10, 50, ...fromHex('47020000')),
      'signed.body.report.reportData',
      'need 64 bytes, 63 left',
    ],
    ['TDX 1.0 said to be 1.5', set(td10, 48, 3), 'signed.body.report.teeTcbSvn2', 'need 16 bytes, 0 left'],
    ['TDX 1.5 said to be 1.0', set(td15, 48, 2), 'signed.body.report', '64 bytes left over'],
    [
      'a body of 4 GiB',
      set(td15, 50, 255, 255, 255, 255),
      'signed.body.report',
      `need 4294967295 bytes, ${td15.length - 54} left`,
    ],
    [
      'auth data of 4 GiB',
      set(v3, authOf(v3), 255, 255, 255, 255),
      'auth',
      `need 4294967295 bytes, ${v3.length - authOf(v3) - 4} left`,
    ],
    ['no auth data', set(v3, authOf(v3), 0, 0, 0, 0), 'auth.signature', 'need 64 bytes, 0 left'],
    ['another outer certification', set(v4, authOf(v4) + 132, 5), 'auth.outerType', 'is 5, must be 6'],
    [
      'outer data of 4 GiB',
      set(v4, authOf(v4) + 134, 255, 255, 255, 255),
      'auth.outer',
      `need 4294967295 bytes, ${v4.length - authOf(v4) - 138} left`,
    ],
    [
      'outer data cut short',
      set(v4, authOf(v4) + 134, 0, 2, 0, 0),
      'auth.outer.certification',
      expect.any(String) as never,
    ],
    [
      'QE data longer than the quote',
      set(v3, authOf(v3) + 4 + 128 + 384 + 64, 255, 255),
      'auth.qeAuthData',
      expect.any(String) as never,
    ],
  ])('%s', (_name, input, path, problem) => {
    const { path: at, problem: why } = refusal(input);
    expect([at, why]).toEqual([path, problem]);
  });

  test.each([0, 6, 7, 65_535])('certification data of type %i are refused', (certificationType) => {
    for (const version of [3, 4, 5] as const)
      expect(refusal(forged.quote({ version, certificationType })).problem).toMatch(/must be one of 1, 2, 3, 4, 5$/);
  });

  test.each([1, 2, 3, 4])('certification data of type %i stay bytes', (certificationType) => {
    const certification = Uint8Array.of(1, 2, 3);
    const { certification: read } = decodeQuote(forged.quote({ certificationType, certification }));
    expect(read).toEqual({ type: certificationType, data: certification });
  });

  test.each([0, 1, 31, 33, 1000, 65_535])('%i bytes of the quoting enclave’s own are taken', (length) => {
    for (const version of [3, 4, 5] as const) {
      const qeAuthData = new Uint8Array(length).fill(7);
      expect(decodeQuote(forged.quote({ version, qeAuthData })).qe.authData).toEqual(qeAuthData);
    }
  });
});

describe('what a quote may have after its end', () => {
  test('padding behind the auth data, and bytes behind the outer certification data, change nothing that is read', () => {
    for (const quote of quotes) {
      const plain = decodeQuote(quote);
      expect(decodeQuote(concat(quote, new Uint8Array(100).fill(9)))).toEqual(plain);
      const at = plain.signed.length;
      const length = new DataView(quote.buffer, quote.byteOffset).getUint32(at, true);
      const longer = concat(quote, Uint8Array.of(1, 2, 3));
      new DataView(longer.buffer).setUint32(at, length + 3, true);
      expect(decodeQuote(longer)).toEqual(plain);
    }
  });
});

describe('OpenEnclave’s wrapper', () => {
  const wrapped = encode(OeReport, { version: 1, type: 2, quote: Uint8Array.of(1, 2, 3) });
  const attemptReport = (input: Bytes): string => {
    try {
      decode(OeReport, input);
    } catch (error) {
      if (error instanceof Malformed) return error.message;
      throw error;
    }
    return 'read';
  };

  test('is 16 bytes and then exactly one quote', () => {
    expect(hex(wrapped)).toBe('01000000020000000300000000000000010203');
    expect(attemptReport(wrapped)).toBe('read');
    for (let length = 0; length < wrapped.length; length++)
      expect(attemptReport(wrapped.subarray(0, length))).toContain('need');
    expect(attemptReport(concat(wrapped, Uint8Array.of(0)))).toBe('value at byte 19: 1 bytes left over');
  });

  test.each([
    [0, 2, 'version at byte 0: is 2, must be 1'],
    [4, 1, 'type at byte 4: is 1, must be 2'],
    [8, 4, 'quote at byte 16: need 4 bytes, 3 left'],
    [12, 1, 'quote at byte 8: is 4294967299, longer than any report'],
  ])('byte %i as %i', (at, value, message) => {
    const changed = Uint8Array.from(wrapped);
    changed[at] = value;
    expect(attemptReport(changed)).toBe(message);
  });
});
