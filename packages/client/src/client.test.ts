import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { attestationClient, type ClientOptions } from './client.ts';
import { AttestationError } from './error.ts';
import { type ApiVersion, type AttestOptions, apiVersions } from './framing.ts';

interface Request {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
type Respond = (response: ServerResponse, request: Request) => void;

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Respond =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
    response.end(JSON.stringify(body));
  };
const token = 'eyJhbGciOiJSUzI1NiJ9.e30.AAAA';
const ok = json(200, { token }, { 'x-assay-appraisal-id': '00ff' });

let got: Request[];
/** Answers in turn; the last one stays. */
let answers: Respond[];
let server: ReturnType<typeof createServer>;
let endpoint: string;
let slept: number[];
beforeEach(async () => {
  [got, answers, slept] = [[], [ok], []];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const seen = { method: request.method, url: request.url, headers: request.headers, body };
    got.push(seen);
    const respond = answers.length > 1 ? answers.shift() : answers[0];
    respond?.(response, seen);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

const client = (options: Partial<ClientOptions> = {}) =>
  attestationClient({
    endpoint,
    allowInsecureConnection: true,
    ...options,
    retry: {
      sleep: async (ms) => {
        slept.push(ms);
      },
      random: () => 0,
      ...options.retry,
    },
  });
const quote = new Uint8Array([0xff, 0xef, 3, 4]);
const attest = (options?: Partial<ClientOptions>, wanted?: AttestOptions) =>
  client(options).attestSgxEnclave(quote, wanted);
async function failure(options?: Partial<ClientOptions>, wanted?: AttestOptions): Promise<AttestationError> {
  const error = await attest(options, wanted).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(AttestationError);
  return error as AttestationError;
}

describe('a request', () => {
  test('as the wire wants it, with everything in it', async () => {
    const runtimeData = { data: new Uint8Array([1]), kind: 'Binary' as const };
    const initTimeData = { data: new TextEncoder().encode('{}'), kind: 'JSON' as const };
    const wanted = { runtimeData, initTimeData, nonce: 'n', draftPolicy: 'version=1.0;' };
    await expect(attest({}, wanted)).resolves.toEqual({ token, appraisalId: '00ff' });
    expect(got[0]).toMatchObject({ method: 'POST', url: '/attest/SgxEnclave?api-version=2022-08-01' });
    expect(got[0]?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(got[0]?.body ?? '')).toEqual({
      quote: '_-8DBA',
      runtimeData: { data: 'AQ', dataType: 'Binary' },
      initTimeData: { data: 'e30', dataType: 'JSON' },
      draftPolicyForAttestation: 'version=1.0;',
      nonce: 'n',
    });
  });

  test('holds nothing that was not asked for', async () => {
    await client().attestOpenEnclave(quote);
    expect(got[0]?.url).toBe('/attest/OpenEnclave?api-version=2022-08-01');
    expect(JSON.parse(got[0]?.body ?? '')).toEqual({ report: '_-8DBA' });
    expect(got[0]?.headers.authorization).toBeUndefined();
  });

  test.each(apiVersions.filter((version) => version !== '2018-09-01-preview'))(
    'in api-version %s',
    async (apiVersion) => {
      await attest({ apiVersion });
      expect(got[0]?.url).toBe(`/attest/SgxEnclave?api-version=${apiVersion}`);
    },
  );

  test('in api-version 2018-09-01-preview, framed as then', async () => {
    answers = [json(200, token)];
    const old = client({ apiVersion: '2018-09-01-preview', token: async () => 'secret' });
    const runtimeData = { data: new Uint8Array([1]), kind: 'Binary' as const };
    await expect(old.attestSgxEnclave(quote, { runtimeData, draftPolicy: 'p' })).resolves.toMatchObject({ token });
    await old.attestOpenEnclave(quote);
    expect(got.map(({ url }) => url)).toEqual([
      '/attest/SgxEnclave?api-version=2018-09-01-preview',
      '/attest/Tee/OpenEnclave?api-version=2018-09-01-preview',
    ]);
    expect(JSON.parse(got[0]?.body ?? '')).toEqual({
      Quote: '_-8DBA',
      EnclaveHeldData: 'AQ',
      DraftPolicyForAttestation: 'p',
    });
    expect(got[0]?.headers.authorization).toBe('Bearer secret');
  });

  test.each<[ApiVersion, AttestOptions]>([
    ['2020-10-01', { nonce: 'n' }],
    ['2018-09-01-preview', { nonce: 'n' }],
    ['2018-09-01-preview', { initTimeData: { data: quote, kind: 'Binary' } }],
    ['2018-09-01-preview', { runtimeData: { data: quote, kind: 'JSON' } }],
  ])('that api-version %s cannot say is not sent without it', async (apiVersion, wanted) => {
    await expect(attest({ apiVersion }, wanted)).rejects.toBeInstanceOf(TypeError);
    expect(got).toEqual([]);
  });

  test('goes below the path of the endpoint, with a bearer token where there is one', async () => {
    await attest({ endpoint: `${endpoint}/providers/mine/`, token: 't' });
    expect(got[0]?.url).toBe('/providers/mine/attest/SgxEnclave?api-version=2022-08-01');
    expect(got[0]?.headers.authorization).toBe('Bearer t');
  });

  test('for a kept appraisal', async () => {
    answers = [json(200, { title: 'appraisal' })];
    await expect(client().getAppraisal('ab/..')).resolves.toEqual({ title: 'appraisal' });
    expect(got[0]).toMatchObject({ method: 'GET', url: '/assay/v1/appraisals/ab%2F..', body: '' });
  });
});

describe('a refusal', () => {
  const body = { error: { code: 'InvalidParameter', message: 'why', innererror: {}, 'x-assay-check': 'intel.tcb' } };

  test('carries what the service says', async () => {
    answers = [json(400, body, { 'x-assay-appraisal-id': '00ff', 'x-ms-request-id': '00-1-2-00' })];
    const error = await failure();
    expect(error).toMatchObject({
      name: 'AttestationError',
      code: 'InvalidParameter',
      message: 'why',
      status: 400,
      appraisalId: '00ff',
      check: 'intel.tcb',
      requestId: '00-1-2-00',
    });
    expect(got.length).toBe(1);
  });

  test('names the appraisal of the body where the header does not', async () => {
    answers = [json(400, { error: { code: 'c', message: 'm' }, 'x-assay-appraisal': 'aa' })];
    expect((await failure()).appraisalId).toBe('aa');
  });

  test('says when to come back', async () => {
    answers = [json(503, { error: { code: 'ServiceUnavailable', message: 'later' } }, { 'retry-after': '120' })];
    expect(await failure()).toMatchObject({ code: 'ServiceUnavailable', status: 503, retryAfterSeconds: 120 });
  });
});

describe('nonsense from the other side is the typed error too', () => {
  const raw =
    (status: number, headers: Record<string, string>, body: string | Uint8Array): Respond =>
    (response) => {
      response.writeHead(status, headers).end(body);
    };
  const type = { 'content-type': 'application/json' };
  test.each<[string, Respond, string]>([
    ['a page', raw(200, { 'content-type': 'text/html' }, '<html>'), 'AnswerInvalid'],
    ['no content type', raw(200, {}, '{"token":"a.b.c"}'), 'AnswerInvalid'],
    ['no JSON', raw(200, type, '{'), 'AnswerInvalid'],
    ['no UTF-8', raw(200, type, new Uint8Array([34, 0xff, 34])), 'AnswerInvalid'],
    ['no token', json(200, { tokens: 1 }), 'AnswerInvalid'],
    ['null', json(200, null), 'AnswerInvalid'],
    ['a token that is none', json(200, { token: 'no token' }), 'AnswerInvalid'],
    ['a token that is no text', json(200, { token: { a: 1 } }), 'AnswerInvalid'],
    ['the answer of another api-version', json(200, token), 'AnswerInvalid'],
    ['another success', json(201, { token }), 'AnswerInvalid'],
    ['an error without a body', raw(400, {}, ''), 'AnswerInvalid'],
    ['an error of another shape', json(400, { error: 'x' }), 'AnswerInvalid'],
    ['an error with odd members', json(400, { error: { code: 5, message: [] } }), 'AnswerInvalid'],
    ['a redirect', raw(307, { location: 'http://127.0.0.1:1/' }, ''), 'AnswerInvalid'],
    ['too much', raw(200, type, ' '.repeat(4 * 1024 * 1024 + 1)), 'AnswerInvalid'],
    ['a broken connection', (response) => response.destroy(), 'Unreachable'],
    [
      'a broken answer',
      (response) => response.writeHead(200, { 'content-length': '9' }).write('{', () => response.destroy()),
      'Unreachable',
    ],
  ])('%s', async (_, respond, code) => {
    answers = [respond];
    expect(await failure({ retry: { retries: 0 } })).toMatchObject({ code });
  });

  test('nobody there', async () => {
    server.close();
    const error = await failure();
    expect(error.code).toBe('Unreachable');
    expect(error.message).toMatch(/ECONNREFUSED/);
    expect(slept).toEqual([500, 1000, 2000]);
  });
});

describe('trying again', () => {
  const down = (status: number, headers: Record<string, string> = {}): Respond =>
    json(status, { error: { code: 'x', message: 'y' } }, headers);

  test.each([408, 500, 502, 504])('after %d, ever more slowly, three times', async (status) => {
    answers = [down(status)];
    expect(await failure()).toMatchObject({ status });
    expect(got.length).toBe(4);
    expect(slept).toEqual([500, 1000, 2000]);
  });

  test.each([400, 401, 403, 404, 413, 429, 501, 503, 505])('never after a bare %d', async (status) => {
    answers = [down(status)];
    expect(await failure()).toMatchObject({ status });
    expect(got.length).toBe(1);
  });

  test.each<[number, Record<string, string>, number]>([
    [429, { 'retry-after': '2' }, 2000],
    [503, { 'retry-after': '0' }, 0],
    [503, { 'retry-after-ms': '70', 'retry-after': '2' }, 70],
    [429, { 'x-ms-retry-after-ms': '5' }, 5],
    [429, { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 0],
  ])('after %d when the service says when: %j', async (status, headers, ms) => {
    answers = [down(status, headers), ok];
    await expect(attest()).resolves.toMatchObject({ token });
    expect(slept).toEqual([ms]);
  });

  test('not for longer than the caller wants to wait, nor for nonsense', async () => {
    answers = [down(503, { 'retry-after': '31' })];
    expect(await failure()).toMatchObject({ status: 503, retryAfterSeconds: 31 });
    answers = [down(503, { 'retry-after': 'soon' })];
    await failure();
    expect(got.length).toBe(2);
  });

  test('until it works', async () => {
    answers = [down(500), (response) => response.destroy(), ok];
    await expect(attest()).resolves.toMatchObject({ token });
    expect(got.length).toBe(3);
  });
});

describe('giving up', () => {
  test('when the time is over', async () => {
    answers = [() => {}];
    expect(await failure({ timeoutMs: 30 })).toMatchObject({ code: 'TimedOut' });
  });

  test('when the answer trickles', async () => {
    answers = [(response) => response.writeHead(200, { 'content-type': 'application/json' }).write('{')];
    expect(await failure({ timeoutMs: 30 })).toMatchObject({ code: 'TimedOut' });
  });

  test('when the caller says so, before, while asking and while waiting', async () => {
    const reason = new TypeError('enough');
    expect(await failure({}, { signal: AbortSignal.abort(reason) })).toMatchObject({ code: 'Aborted', cause: reason });
    expect(got).toEqual([]);
    const asking = new AbortController();
    answers = [() => asking.abort()];
    expect(await failure({}, { signal: asking.signal })).toMatchObject({ code: 'Aborted' });
    const waiting = new AbortController();
    answers = [json(500, {})];
    setTimeout(() => waiting.abort(), 30);
    const patient = attestationClient({
      endpoint,
      allowInsecureConnection: true,
      retry: { firstDelayMs: 20_000 },
    });
    await expect(patient.attestSgxEnclave(quote, { signal: waiting.signal })).rejects.toMatchObject({
      code: 'Aborted',
    });
  });
});

test.each(['', 'attest.example', 'ftp://x', 'http://x', 'https://u:p@x', 'https://x?a=1', 'https://x#a'])(
  'an endpoint that is none: %j',
  (bad) => {
    expect(() => attestationClient({ endpoint: bad })).toThrow(TypeError);
  },
);

test('two ways to say whom to trust', () => {
  expect(() => attestationClient({ endpoint: 'https://x', ca: 'pem', fetch: (() => {}) as never })).toThrow(TypeError);
});
