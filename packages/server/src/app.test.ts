import { afterAll, beforeAll, expect, test } from 'vitest';
import { attesting, quoteOf, type Testbed, testbed } from './testbed.test.helper.ts';

let bed: Testbed;
beforeAll(async () => {
  bed = await testbed({
    flags: { 'cors-origins': 'https://page.example', 'preview-bearer-token': 'a-long-enough-secret' },
  });
});
afterAll(() => bed.close());

const genuine = { quote: quoteOf(0) };
/** Every failure has one shape. */
const expectError = (
  answer: { statusCode: number; json: () => unknown; headers: Record<string, unknown> },
  status: number,
  code: string,
) => {
  expect(answer.json()).toMatchObject({ error: { code, message: expect.any(String), innererror: { code } } });
  expect(answer.statusCode).toBe(status);
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(answer.headers['x-ms-error-code']).toBe(code);
};

test.each([
  ['', 'ApiVersionUnspecified'],
  ['?api-version=', 'ApiVersionUnspecified'],
  ['?api-version=2019-01-01', 'UnsupportedApiVersion'],
  ['?api-version=2020-10-01&api-version=2022-08-01', 'UnsupportedApiVersion'],
  ['?api-version[x]=2020-10-01', 'ApiVersionUnspecified'],
])('POST /attest/Fake%s: %s', async (query, code) => {
  expectError(await bed.app.inject(attesting(genuine, `/attest/Fake${query}`)), 400, code);
});

test.each(['2020-10-01', '2022-08-01', '2022-09-01-preview', '2023-04-01-preview', '2025-06-01', '2026-03-11-preview'])(
  'attestation by api-version %s',
  async (version) => {
    const answer = await bed.app.inject(attesting(genuine, `/attest/Fake?api-version=${version}`));
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-store');
  },
);

test.each(['/attest/fake', '/ATTEST/FAKE', '/attest/pretended'])(
  'types are known in any case and by alias: %s',
  async (path) => {
    expect((await bed.app.inject(attesting(genuine, `${path}?Api-Version=2020-10-01`))).statusCode).toBe(200);
  },
);

test.each(['/attest/Unknown', '/', '/policies', '/assay', '/attest/Fake/more'])('%s is no route', async (path) => {
  expectError(await bed.app.inject(attesting(genuine, path)), 404, 'NotFound');
  expectError(await bed.app.inject(path), 404, 'NotFound');
});

test.each(['..%2f..%2fkeys', '%2e%2e', `${'0'.repeat(31)}`, `${'0'.repeat(32)}`, '0'.repeat(300)])(
  'T40: the appraisal id %s names nothing',
  async (id) => {
    expectError(
      await bed.app.inject(`/assay/v1/appraisals/${id}`),
      id.length > 256 ? 400 : 404,
      id.length > 256 ? 'InvalidParameter' : 'NotFound',
    );
  },
);

test.each([
  ['GET', '/attest/Fake', 'POST'],
  ['PUT', '/attest/Fake', 'POST'],
  ['DELETE', '/certs', 'GET, HEAD'],
  ['POST', '/readyz', 'GET, HEAD'],
] as const)('%s %s is not a method of that route', async (method, url, allow) => {
  const answer = await bed.app.inject({ method, url });
  expectError(answer, 405, 'MethodNotAllowed');
  expect(answer.headers['allow']).toBe(allow);
});

test('a URL that cannot be decoded is refused in the wire’s shape', async () => {
  const answer = await bed.app.inject('/attest/%zz');
  expectError(answer, 400, 'InvalidParameter');
  expect(answer.headers['x-ms-request-id']).toBeDefined();
});

test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'multipart/form-data; boundary=x'])(
  'a body of %s is refused',
  async (type) => {
    const request = attesting(genuine);
    expectError(await bed.app.inject({ ...request, headers: { 'content-type': type } }), 415, 'UnsupportedMediaType');
  },
);

test.each(['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON', 'application/problem+json'])(
  'a body of %s is read',
  async (type) => {
    const request = attesting(genuine);
    expect((await bed.app.inject({ ...request, headers: { 'content-type': type } })).statusCode).toBe(200);
  },
);

test.each([{}, { 'content-type': '' }])('a body without a media type is taken for JSON: %j', async (headers) => {
  expect((await bed.app.inject({ ...attesting(genuine), headers })).statusCode).toBe(200);
});

test('what is not there says what is', async () => {
  expect((await bed.app.inject('/')).json().error.message).toMatch(/GET \/openapi\.json/);
  expect((await bed.app.inject(attesting(genuine, '/attest/Unknown'))).json().error.message).toMatch(/: it has Fake\./);
});

test.each(['PROPFIND', 'MKCOL', 'TRACE', 'PATCH'])('%s is no method of any route', async (method) => {
  const answer = await bed.app.inject({ url: '/certs', method: method as 'GET' });
  expectError(answer, 405, 'MethodNotAllowed');
  expect(answer.headers['allow']).toBe('GET, HEAD');
});

test.each(['gzip', 'br', 'deflate', 'gzip, identity'])(
  'T36: a body compressed by %s is refused before it is read',
  async (encoding) => {
    const request = attesting(genuine);
    expectError(
      await bed.app.inject({ ...request, headers: { ...request.headers, 'content-encoding': encoding } }),
      415,
      'UnsupportedMediaType',
    );
  },
);

test('T36: a body over the limit is refused', async () => {
  expectError(await bed.app.inject(attesting({ quote: 'A'.repeat(1_048_576) })), 413, 'PayloadTooLarge');
});

test('T36: a body that claims to be endless is refused by its length', async () => {
  const request = attesting(genuine);
  const answer = await bed.app.inject({ ...request, headers: { ...request.headers, 'content-length': '99999999999' } });
  expectError(answer, 413, 'PayloadTooLarge');
});

test('more headers than allowed are refused', async () => {
  const many = Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`x-${i}`, 'x']));
  expectError(await bed.app.inject({ url: '/certs', headers: many }), 431, 'RequestHeaderFieldsTooLarge');
});

test('the request id continues the caller’s trace, and nothing else of it', async () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const id = async (traceparent?: string) =>
    String(
      (await bed.app.inject({ url: '/certs', headers: traceparent === undefined ? {} : { traceparent } })).headers[
        'x-ms-request-id'
      ],
    );
  expect(await id(`00-${trace}-00f067aa0ba902b7-01`)).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-00$`));
  expect(await id(`00-${trace}-00f067aa0ba902b7-01`)).not.toContain('00f067aa0ba902b7');
  for (const bad of [
    `ff-${trace}-00f067aa0ba902b7-01`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${trace.toUpperCase()}-00f067aa0ba902b7-01`,
    'x',
    `00-${trace}-00f067aa0ba902b7-01\u00e9`,
  ]) {
    expect(await id(bad)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(await id(bad)).not.toContain(trace);
  }
  expect(await id()).not.toBe(await id());
});

test('Authorization is ignored where anyone may ask', async () => {
  const headers = { authorization: 'Bearer whatever' };
  for (const url of ['/certs', '/.well-known/openid-configuration'])
    expect((await bed.app.inject({ url, headers })).statusCode).toBe(200);
  const request = attesting(genuine);
  expect((await bed.app.inject({ ...request, headers: { ...request.headers, ...headers } })).statusCode).toBe(200);
});

test('certificates and metadata are as recorded', async () => {
  const certs = await bed.app.inject('/certs?api-version=2025-06-01');
  expect(certs.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(certs.body).toMatch(
    /^\{"keys":\[\{"x5c":\["[A-Za-z0-9+/=]+"\],"kid":"[A-Za-z0-9+/]{43}=","kty":"EC"\},\{"x5c":\["[A-Za-z0-9+/=]+"\],"kid":"[A-Za-z0-9_-]{27}","kty":"EC"\}\]\}$/,
  );
  expect((await bed.app.inject('/.well-known/openid-configuration')).json()).toEqual({
    response_types_supported: ['token', 'none'],
    id_token_signing_alg_values_supported: ['ES256'],
    revocation_endpoint: 'https://assay.example/revoke',
    issuer: 'https://assay.example',
    jwks_uri: 'https://assay.example/certs',
    claims_supported: expect.arrayContaining(['x-ms-sgx-mrenclave', 'tee']),
  });
});

test('health, readiness and baselines', async () => {
  const health = await bed.app.inject('/servicehealth?api-version=anything');
  expect([health.statusCode, health.body]).toEqual([204, '']);
  expect((await bed.app.inject('/healthz')).statusCode).toBe(200);
  expect((await bed.app.inject('/readyz')).json()).toEqual({
    status: 'ready',
    version: expect.any(String),
    insecure: [],
  });
  expect((await bed.app.inject('/tcbbaselines/fake?api-version=2022-09-01-preview')).json()).toEqual({
    tcbBaselines: [],
  });
  expectError(await bed.app.inject('/tcbbaselines/fake'), 400, 'ApiVersionUnspecified');
});

test('answers carry security headers; pages of other origins are not let in', async () => {
  const { headers } = await bed.app.inject({ url: '/certs', headers: { origin: 'https://other.example' } });
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining("default-src 'none'"),
  });
  expect(headers['access-control-allow-origin']).toBeUndefined();
  expect(headers['strict-transport-security']).toBeUndefined();
});

test('pages of a configured origin may call the anonymous routes and no others', async () => {
  const headers = { origin: 'https://page.example', 'access-control-request-method': 'POST' };
  const preflight = await bed.app.inject({ method: 'OPTIONS', url: '/attest/Fake', headers });
  expect([preflight.statusCode, preflight.headers['access-control-allow-origin']]).toEqual([
    204,
    'https://page.example',
  ]);
  const closed = await bed.app.inject({ method: 'OPTIONS', url: '/metrics', headers });
  expectError(closed, 405, 'MethodNotAllowed');
  const other = await bed.app.inject({
    method: 'OPTIONS',
    url: '/certs',
    headers: { ...headers, origin: 'https://other.example' },
  });
  expect(other.headers['access-control-allow-origin']).toBeUndefined();
});

const preview = (body: unknown, path = '/attest/Fake', token?: string) => {
  const request = attesting(body, `${path}?api-version=2018-09-01-preview`);
  return bed.app.inject({
    ...request,
    headers: { ...request.headers, ...(token !== undefined && { authorization: token }) },
  });
};

test.each(['/attest/Fake', '/attest/Tee/Fake', '/attest/tee/fake'])(
  '2018-09-01-preview: %s answers a JSON string',
  async (path) => {
    const answer = await preview({ Quote: quoteOf(0), EnclaveHeldData: 'AA' }, path, 'Bearer a-long-enough-secret');
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  },
);

test.each([undefined, 'Bearer', 'Bearer wrong', 'Basic YTpi', 'bearer a-long-enough-secre'])(
  '2018-09-01-preview: %s is not let in',
  async (token) => {
    const answer = await preview({ Quote: quoteOf(0) }, '/attest/Fake', token);
    expectError(answer, 401, 'Unauthorized');
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="https://assay.example"');
  },
);

test('2018-09-01-preview: other versions have no such path, and other members no meaning', async () => {
  const token = 'Bearer a-long-enough-secret';
  const current = attesting({ Quote: quoteOf(0) }, '/attest/Tee/Fake?api-version=2020-10-01');
  expectError(
    await bed.app.inject({ ...current, headers: { ...current.headers, authorization: token } }),
    400,
    'UnsupportedApiVersion',
  );
  const twice = await preview({ Quote: quoteOf(0), quote: quoteOf(0) }, '/attest/Fake', token);
  expect(twice.json().error.message).toMatch(/«Quote».*«quote»/);
  expectError(await preview({ report: quoteOf(0) }, '/attest/Fake', token), 400, 'InvalidParameter');
  expectError(await preview([], '/attest/Fake', token), 400, 'InvalidParameter');
});

test('the OpenAPI document has every route', async () => {
  const document = (await bed.app.inject('/openapi.json')).json();
  expect(document.openapi).toBe('3.1.0');
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(['/attest/Fake', '/certs', '/readyz', '/assay/v1/appraisals/{id}', '/openapi.json']),
  );
  expect(document.paths['/attest/Fake'].post.requestBody.content['application/json'].schema.properties).toHaveProperty(
    'quote',
  );
});

test('T39: what comes from outside never reaches the log as it came', async () => {
  const poison = 'fake-entry\n{"level":"info","msg":"forged"}\u001b[31m';
  const encoded = encodeURIComponent(poison);
  await bed.app.inject(`/assay/v1/appraisals/${encoded}`);
  await bed.app.inject(`/${encoded}`);
  await bed.app.inject(attesting({ quote: poison, [poison]: poison }, `/attest/Fake?api-version=${encoded}`));
  await bed.app.inject({
    ...attesting(`{"quote":"${poison}"`),
    headers: { 'user-agent': 'forged', authorization: 'Bearer forged', 'x-ms-client-request-id': 'forged' },
  });
  const lines = bed.log().trimEnd().split('\n');
  for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  expect(bed.log()).not.toContain('forged');
  expect(bed.log()).not.toContain('fake-entry');
  expect(bed.log()).not.toContain('\u001b');
});

test('T45: neither evidence nor tokens nor secrets are logged', async () => {
  const quote = Buffer.from('\u0000a very recognisable quote').toString('base64url');
  const { token } = (await bed.app.inject(attesting({ quote, nonce: 'recognisable-nonce' }))).json();
  await preview({ Quote: quote }, '/attest/Fake', 'Bearer a-long-enough-secret');
  for (const secret of [quote, token, token.split('.')[2], 'recognisable', 'a-long-enough-secret'])
    expect(bed.log()).not.toContain(secret);
});
