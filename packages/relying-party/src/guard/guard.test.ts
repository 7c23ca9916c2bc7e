import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeIssuer, type FakeKey, fakeIssuer, fakeKey } from '../fake.test.support.ts';
import { member } from '../json.ts';
import { type TokenVerifier, tokenVerifier, type Verified, type VerifyOptions } from '../verifier.ts';
import { expressGuard } from './express.ts';
import { fastifyGuard } from './fastify.ts';
import { type HonoLikeContext, honoGuard } from './hono.ts';
import { authRequest } from './nginx.ts';

let key: FakeKey;
let fake: FakeIssuer;
let good: string;
let verifier: TokenVerifier;
const broken: TokenVerifier = { verify: () => Promise.reject(new RangeError('a defect')) };
const down = tokenVerifier({
  issuer: 'http://127.0.0.1:2',
  allowInsecureConnection: true,
  fetch: () => Promise.reject(new TypeError('secret.internal is down')),
});
let tokenOfDown: string;

beforeAll(async () => {
  key = await fakeKey('k', 'ES256');
  fake = await fakeIssuer(key);
  verifier = tokenVerifier({ issuer: fake.issuer, allowInsecureConnection: true });
  good = await fake.sign(key, { nonce: 'n', 'x-ms-sgx-mrenclave': 'ab', odd: 'a\r\nset-cookie: x', list: [1], svn: 3 });
  tokenOfDown = await fake.sign(key, { iss: 'http://127.0.0.1:2' });
});
afterAll(() => fake.close());

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}
/** What a guarded route answers: `ask(authorization)`. */
type Guarded = (
  use: TokenVerifier,
  demand?: () => VerifyOptions,
) => Promise<(authorization?: string) => Promise<Answer>>;

const sent = (authorization?: string): Record<string, string> => (authorization === undefined ? {} : { authorization });

async function listening(listener: RequestListener): Promise<(authorization?: string) => Promise<Answer>> {
  const server = createServer(listener);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  server.unref();
  const { port } = server.address() as AddressInfo;
  return async (authorization) => {
    const headers = { connection: 'close', ...sent(authorization) };
    const response = await fetch(`http://127.0.0.1:${port}/private`, { headers });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
}
const whoami = (attestation: Verified | undefined): string =>
  JSON.stringify(member(attestation?.claims ?? {}, 'nonce'));

const frameworks: readonly (readonly [string, Guarded, number])[] = [
  [
    'Fastify',
    async (use, demand) => {
      const app = fastify();
      app.addHook('onRequest', fastifyGuard(use, demand));
      app.get('/private', async (request) => whoami((request as { attestation?: Verified }).attestation));
      return async (authorization) => {
        const response = await app.inject({ url: '/private', headers: sent(authorization) });
        const headers = new Headers(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
        return { status: response.statusCode, headers, text: response.body };
      };
    },
    200,
  ],
  [
    'Express',
    async (use, demand) => {
      const guard = expressGuard<IncomingMessage>(use, demand);
      return listening((request, response) =>
        guard(request, response, (error) => {
          response.statusCode = error === undefined ? 200 : 500;
          response.end(whoami((request as { attestation?: Verified }).attestation));
        }),
      );
    },
    200,
  ],
  [
    'Hono',
    async (use, demand) => async (authorization) => {
      let attestation: Verified | undefined;
      const context: HonoLikeContext = {
        req: { header: (name) => (name.toLowerCase() === 'authorization' ? authorization : undefined) },
        set: (_, value) => {
          attestation = value;
        },
        json: (body, status, headers) => Response.json(body, { status, headers }),
      };
      const next = async (): Promise<void> => {};
      const answer = await honoGuard(use, demand)(context, next).catch(() => new Response('', { status: 500 }));
      const response = answer ?? new Response(whoami(attestation));
      return { status: response.status, headers: response.headers, text: await response.text() };
    },
    200,
  ],
  [
    'nginx auth_request',
    (use, demand) =>
      listening(
        authRequest<IncomingMessage>(use, {
          ...(demand && { demand }),
          show: {
            'x-enclave': 'x-ms-sgx-mrenclave',
            'x-svn': 'svn',
            'x-odd': 'odd',
            'x-list': 'list',
            'x-none': 'none',
          },
        }),
      ),
    204,
  ],
];

describe.each(frameworks)('%s', (name, guarded, passes) => {
  test('lets a genuine token through, and hands on what it says', async () => {
    const answer = await (await guarded(verifier))(`Bearer ${good}`);
    expect(answer.status).toBe(passes);
    if (passes === 200) expect(answer.text).toBe('"n"');
    else
      expect([...answer.headers].filter(([header]) => header.startsWith('x-'))).toEqual([
        ['x-enclave', 'ab'],
        ['x-svn', '3'],
      ]);
  });

  test.each([undefined, '', 'Basic eDp5', 'Bearer', 'Bearer a b'])('asks for a token: %j', async (authorization) => {
    const answer = await (await guarded(verifier))(authorization);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(JSON.parse(answer.text).error.code).toBe('TokenMissing');
  });

  test('refuses a token that is not as demanded, and says all that is wrong', async () => {
    const ask = await guarded(verifier, () => ({ nonce: 'other', now: new Date(0) }));
    const answer = await ask(`bearer ${good}`);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { error } = JSON.parse(answer.text);
    expect(error.problems.map(({ code }: { code: string }) => code)).toContain('claims.nonce');
  });

  test('says when the issuer cannot be asked, but not why', async () => {
    const answer = await (await guarded(down))(`Bearer ${tokenOfDown}`);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('30');
    expect(answer.text).toContain('KeysUnavailable');
    expect(answer.text).not.toContain('secret.internal');
  });

  test(`lets nothing through on a defect (${name})`, async () => {
    expect((await (await guarded(broken))(`Bearer ${good}`)).status).toBe(500);
    const demand = (): VerifyOptions => {
      throw new RangeError('a defect');
    };
    expect((await (await guarded(verifier, demand))(`Bearer ${good}`)).status).toBe(500);
  });
});
