/** An issuer for tests: keys, metadata and key set over node:http, as an attestation service publishes them. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export interface FakeKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  /** As published: a certificate and no numbers. */
  readonly entry: object;
}

export async function fakeKey(kid: string, alg = 'RS256', modulusLength = 2048): Promise<FakeKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true, modulusLength });
  const pem = await exportSPKI(publicKey);
  const spki = Buffer.from(pem.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64');
  return {
    kid,
    alg,
    privateKey,
    publicKey,
    entry: { kid, kty: alg.startsWith('E') ? 'EC' : 'RSA', x5c: [certificate(spki)] },
  };
}

/** A certificate with nothing in it but a key: nobody looks at the rest. */
function certificate(spki: Buffer): string {
  const der = (tag: number, ...parts: readonly Buffer[]): Buffer => {
    const content = Buffer.concat(parts);
    return Buffer.concat([Buffer.from([tag, 0x82, content.length >> 8, content.length & 255]), content]);
  };
  const empty = der(0x30);
  const tbs = der(
    0x30,
    der(0xa0, der(2, Buffer.from([2]))),
    der(2, Buffer.from([1])),
    empty,
    empty,
    empty,
    empty,
    spki,
  );
  return der(0x30, tbs, empty, der(3, Buffer.from([0]))).toString('base64');
}

export interface FakeIssuer {
  readonly issuer: string;
  /** Paths asked for so far. */
  readonly asked: string[];
  /** What is published; a string is sent as it is, a number is a status. */
  publish: { metadata: object | string | number; keys: object | string | number };
  readonly sign: (key: FakeKey, claims?: JWTPayload, header?: Record<string, unknown>) => Promise<string>;
  readonly close: () => Promise<void>;
}

export async function fakeIssuer(...keys: readonly FakeKey[]): Promise<FakeIssuer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const body = request.url === '/certs' ? fake.publish.keys : fake.publish.metadata;
    if (typeof body === 'number') response.writeHead(body, { location: '/elsewhere' }).end();
    else response.writeHead(200).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fake: FakeIssuer = {
    issuer,
    asked,
    publish: { metadata: { issuer, jwks_uri: `${issuer}/certs` }, keys: { keys: keys.map((key) => key.entry) } },
    sign(key, claims = {}, header = {}) {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({ iss: issuer, iat: now, nbf: now, exp: now + 28_800, ...claims })
        .setProtectedHeader({ alg: key.alg, jku: `${issuer}/certs`, kid: key.kid, typ: 'JWT', ...header })
        .sign(key.privateKey);
    },
    close: () => new Promise((done) => server.close(() => done())),
  };
  return fake;
}

/** A compact token put together by hand, signature and all. */
export const handmade = (header: string | object, payload: string | object, signature = 'AAAA'): string =>
  `${[header, payload].map((part) => Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')).join('.')}.${signature}`;
