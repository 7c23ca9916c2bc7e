import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { attestationClient, type ClientOptions } from './client.ts';
import { AttestationError } from './error.ts';
import { type ApiVersion, type AttestOptions, apiVersions } from './framing.ts';
import type { TpmCollector } from './tpm/collector.ts';
import { TpmError } from './tpm/error.ts';
import type { Challenge } from './tpm/request.ts';

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

describe('the two rounds of a TPM', () => {
  const frame = (inner: object) => ({ data: Buffer.from(JSON.stringify(inner)).toString('base64url') });
  const inner = (body: string) => JSON.parse(Buffer.from(JSON.parse(body).data, 'base64url').toString());
  const first = { challenge: 'lRETv8Wq6FLGWN_EqCYAbg', service_context: 'c2VhbGVk' };
  const challenged = json(200, frame({ payload: first }));
  const reported = json(200, frame({ payload: { report: token } }), { 'x-assay-appraisal-id': '00ff' });
  let seen: Challenge[];
  const collector: TpmCollector = {
    collect: async (challenge) => {
      seen.push(challenge);
      return 'a.b.c';
    },
  };
  beforeEach(() => {
    seen = [];
  });
  const attestTpm = (options: Partial<ClientOptions> = {}, wanted?: { readonly signal?: AbortSignal }) =>
    client(options).attestTpm(collector, wanted);
  const failed = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => expect.fail('went well'),
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(AttestationError);
    return error as AttestationError;
  };

  test.each([
    ['in the payload', challenged, reported],
    ['bare, as documents show them', json(200, frame(first)), json(200, frame({ report: token }))],
    ['in both places', challenged, json(200, frame({ payload: { report: token }, report: 'x' }))],
  ])('answers %s', async (_, one, two) => {
    answers = [one, two];
    expect(await attestTpm({ token: 't' })).toMatchObject({ token });
    expect(seen).toEqual([
      {
        challenge: new Uint8Array(Buffer.from(first.challenge, 'base64url')),
        serviceContext: first.service_context,
      },
    ]);
    expect(got.map(({ method, url, body }) => [method, url, inner(body)])).toEqual([
      ['POST', '/attest/Tpm?api-version=2022-08-01', { payload: { type: 'aikcert' } }],
      ['POST', '/attest/Tpm?api-version=2022-08-01', { payload: { request: 'a.b.c' } }],
    ]);
    expect(got.map(({ headers }) => headers.authorization)).toEqual(['Bearer t', 'Bearer t']);
    // Azure's own first request, byte for byte.
    expect(got[0]?.body).toBe('{"data":"eyJwYXlsb2FkIjp7InR5cGUiOiJhaWtjZXJ0In19"}');
  });

  test('names the appraisal', async () => {
    answers = [challenged, reported];
    expect(await attestTpm()).toEqual({ token, appraisalId: '00ff' });
  });

  test.each<[string, readonly Respond[], object, number]>([
    [
      'a refusal in the first round',
      [json(400, { error: { code: 'Bad request', message: 'no policy' } })],
      { code: 'Bad request', message: 'no policy', status: 400 },
      1,
    ],
    [
      'one in the second',
      [challenged, json(400, { error: { code: 'InvalidOperation', message: 'used' } })],
      { code: 'InvalidOperation' },
      2,
    ],
    ['no frame', [json(200, { payload: first })], { code: 'AnswerInvalid' }, 1],
    ['a frame that is no JSON', [json(200, { data: 'e30x' })], { code: 'AnswerInvalid' }, 1],
    ['a frame that is no base64url', [json(200, { data: '{}' })], { code: 'AnswerInvalid' }, 1],
    ['no challenge', [json(200, frame({ payload: { service_context: 'x' } }))], { code: 'AnswerInvalid' }, 1],
    [
      'a challenge that is none',
      [json(200, frame({ payload: { ...first, challenge: '!' } }))],
      { code: 'AnswerInvalid' },
      1,
    ],
    ['an empty challenge', [json(200, frame({ payload: { ...first, challenge: '' } }))], { code: 'AnswerInvalid' }, 1],
    [
      'a challenge longer than a TPM signs',
      [json(200, frame({ payload: { ...first, challenge: 'A'.repeat(88) } }))],
      { code: 'AnswerInvalid' },
      1,
    ],
    ['no context', [json(200, frame({ payload: { challenge: first.challenge } }))], { code: 'AnswerInvalid' }, 1],
    ['no report', [challenged, json(200, frame({ payload: {} }))], { code: 'AnswerInvalid' }, 2],
    [
      'a report that is no token',
      [challenged, json(200, frame({ payload: { report: 'x' } }))],
      { code: 'AnswerInvalid' },
      2,
    ],
  ])('%s', async (_, all, error, rounds) => {
    answers = [...all];
    expect(await failed(attestTpm())).toMatchObject(error);
    expect(got.length).toBe(rounds);
  });

  test('start anew after a passing failure, for a challenge is good once', async () => {
    const other = { ...first, challenge: 'AAAAAAAAAAAAAAAAAAAAAA' };
    const down = json(500, { error: { code: 'x', message: 'y' } });
    answers = [down, challenged, down, json(200, frame({ payload: other })), reported];
    expect(await attestTpm()).toMatchObject({ token });
    expect(got.map(({ body }) => inner(body).payload.type ?? 'request')).toEqual([
      ...['aikcert', 'aikcert', 'request', 'aikcert', 'request'],
    ]);
    expect(seen.map(({ challenge }) => challenge[0])).toEqual([0x95, 0]);
    expect(slept).toEqual([500, 1000]);
  });

  test('end with what goes wrong on the machine, once', async () => {
    answers = [challenged];
    const error = new TpmError('Denied', 'no permission');
    const collecting = client().attestTpm({ collect: () => Promise.reject(error) });
    expect(await failed(collecting)).toBe(error);
    expect(got.length).toBe(1);
  });

  test('do not wait for a TPM longer than for everything else', async () => {
    answers = [challenged];
    const collecting = client({ timeoutMs: 50 }).attestTpm({ collect: () => new Promise(() => {}) });
    expect(await failed(collecting)).toMatchObject({ code: 'TimedOut' });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 20);
    const given = client().attestTpm({ collect: () => new Promise(() => {}) }, { signal: stop.signal });
    expect(await failed(given)).toMatchObject({ code: 'Aborted' });
  });

  test('are unknown to the oldest api-version', async () => {
    await expect(attestTpm({ apiVersion: '2018-09-01-preview' })).rejects.toThrow(TypeError);
    expect(got).toEqual([]);
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
