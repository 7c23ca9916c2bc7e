/** Client and relying party against a server whose certificate comes from a private CA. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { attestationClient } from '@assay/client';
import {
  alternativeNames,
  basicConstraints,
  exportPkcs8,
  generateKey,
  issueCertificate,
  keyUsage,
  type NewExtension,
  type PrivateKey,
  publicSpki,
  toPem,
} from '@assay/core';
import { tokenVerifier } from '@assay/relying-party';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

type Named = readonly [name: string, key: PrivateKey];

const year = 31_536_000_000;
function certificate([issuer, ca]: Named, [subject, key]: Named, extensions: readonly NewExtension[]): string {
  const der = issueCertificate({
    subject: [['CN', subject]],
    issuer: [['CN', issuer]],
    serial: 1,
    notBefore: Date.now() - year,
    notAfter: Date.now() + year,
    spki: publicSpki(key),
    extensions,
    signer: { scheme: 'ecdsa-sha256', key: ca },
  });
  return toPem('CERTIFICATE', der);
}

const caOf = (ca: Named): string => certificate(ca, ca, [basicConstraints({ ca: true }), keyUsage(['keyCertSign'])]);

let endpoint: string;
let trusted: string;
let foreign: string;
let server: ReturnType<typeof createServer>;
beforeAll(async () => {
  const root: Named = ['Private CA', generateKey('P-256')];
  const key = generateKey('P-256');
  [trusted, foreign] = [caOf(root), caOf(['Another CA', generateKey('P-256')])];
  const here = alternativeNames([{ ip: new Uint8Array([127, 0, 0, 1]) }]);
  const tls = { key: toPem('PRIVATE KEY', exportPkcs8(key)), cert: certificate(root, ['server', key], [here]) };
  server = createServer(tls, (request, response) => {
    const moved = request.url?.startsWith('/moved');
    response.writeHead(moved ? 302 : 200, { 'content-type': 'application/json', location: '/attest/SgxEnclave' });
    response.end(request.method === 'POST' ? '{"token":"e30.e30.AA"}' : '{"issuer":"somebody else"}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe('the client', () => {
  const quote = new Uint8Array(4);
  const attest = (options: object, path = '') =>
    attestationClient({ endpoint: endpoint + path, ...options }).attestSgxEnclave(quote);

  test('talks to it when it is given the CA', async () => {
    await expect(attest({ ca: trusted })).resolves.toMatchObject({ token: 'e30.e30.AA' });
    await expect(attest({ ca: [foreign, trusted] })).resolves.toMatchObject({ token: 'e30.e30.AA' });
  });

  test('does not talk to it otherwise, at once, and says what would help', async () => {
    for (const options of [{}, { ca: foreign }])
      await expect(attest(options)).rejects.toMatchObject({
        code: 'Unreachable',
        message: expect.stringMatching(/certificate.*NODE_EXTRA_CA_CERTS/),
      });
  });

  test('follows no redirect', async () => {
    await expect(attest({ ca: trusted }, '/moved')).rejects.toMatchObject({ code: 'AnswerInvalid', status: 302 });
  });

  test('gives up in time', async () => {
    const signal = AbortSignal.abort();
    const client = attestationClient({ endpoint, ca: trusted });
    await expect(client.attestSgxEnclave(quote, { signal })).rejects.toMatchObject({ code: 'Aborted' });
  });
});

describe('the relying party', () => {
  const verify = (options: object) => {
    const payload = Buffer.from(JSON.stringify({ iss: endpoint })).toString('base64url');
    const header = Buffer.from(JSON.stringify({ alg: 'RS256', kid: 'k' })).toString('base64url');
    return tokenVerifier({ issuer: endpoint, ...options }).verify(`${header}.${payload}.AA`);
  };

  test('reads the metadata when it is given the CA', async () => {
    await expect(verify({ ca: trusted })).rejects.toThrow(/metadata of "somebody else"/);
  });

  test('does not otherwise', async () => {
    await expect(verify({})).rejects.toThrow(/no answer.*certificate.*NODE_EXTRA_CA_CERTS/);
    await expect(verify({ ca: foreign })).rejects.toThrow(/no answer.*certificate.*NODE_EXTRA_CA_CERTS/);
  });
});
