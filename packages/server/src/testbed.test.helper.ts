/** A service in a temporary folder with a made-up attestation type, for tests of everything around the verifiers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AnyType,
  type Appraisal,
  AttestError,
  checks,
  fromBase64,
  isObject,
  type Json,
  type Need,
} from '@assay/core';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { buildApp } from './app.ts';
import type { CollateralSource } from './collateral/source.ts';
import type { Config } from './config.ts';
import { type Deps, makeDeps, type Parts } from './deps.ts';
import { loadConfig } from './load-config.ts';

const fakeChecks = checks({
  'fake.genuine': ['EvidenceRefused', 'The evidence is genuine', { wire: 'OE_VERIFY_FAILED' }],
  'fake.plain': ['EvidenceRefused', 'The evidence is plain', { remedy: 'Send plain evidence' }],
  'fake.status': ['BaselineUnmet', 'The status is one that the provider accepts'],
  'fake.collateral': ['CollateralMissing', 'The collateral is at hand'],
});

/** Judges one byte of evidence: 0 is genuine, 1 is not, 2 is not plain, 3 breaks the verifier, 4 has a bad status. */
export function fakeType(more: Partial<AnyType> = {}, needs: readonly Need[] = []): AnyType {
  return {
    name: 'Fake',
    aliases: ['Pretended'],
    request: Type.Object({ quote: Type.String() }),
    token: { lifetimeSeconds: 28_800, earlySeconds: 0, header: 'jku', order: 'sorted', policyClaims: 'both' },
    properties: { 'x-fake-level': { kind: 'String', sets: 'level' } },
    serviceClaims: ['x-fake-byte'],
    tcbBaselines: () => [],
    receive(body: Json) {
      const get = (name: string): Json | undefined => (isObject(body) ? body[name] : undefined);
      const [quote, draft, nonce] = [get('quote'), get('draftPolicyForAttestation'), get('nonce')];
      if (typeof quote !== 'string')
        throw new AttestError('RequestMalformed', 'quote is missing', { where: { path: 'quote' } });
      return {
        submission: { evidence: fromBase64(quote) },
        ...(typeof draft === 'string' && { draft }),
        ...(typeof nonce === 'string' && { nonce }),
      };
    },
    answer: (token: string) => ({ token }),
    verifier: {
      checks: fakeChecks,
      settings: {
        schema: Type.Object({ level: Type.Enum(['low', 'high']) }, { additionalProperties: false }),
        defaults: { level: 'low' },
      },
      decode: ({ evidence }) => evidence,
      anchor: (evidence) => ({ evidence, needs }),
      verify({ evidence }, have, context) {
        const appraisal: Appraisal = context.appraisal;
        const byte = evidence[0];
        appraisal.require(fakeChecks['fake.collateral'], have.size === needs.length);
        appraisal.require(fakeChecks['fake.genuine'], byte !== 1, { observed: evidence });
        appraisal.require(fakeChecks['fake.plain'], byte !== 2, { observed: byte });
        if (byte === 3) throw new TypeError(`a defect that quotes evidence: ${String.fromCharCode(...evidence)}`);
        return { byte };
      },
      baseline: ({ byte }) => [{ check: fakeChecks['fake.status'], ok: byte !== 4, observed: byte }],
      claims: ({ byte }, { settings }) => [
        { name: 'x-fake-byte', value: byte, to: 'both' },
        { name: 'x-assay-level', value: settings.level, to: 'token' },
      ],
    },
    ...more,
  } as AnyType;
}

export const permitAll =
  'version= 1.0;authorizationrules{=> permit();};issuancerules{c:[type=="x-fake-byte"] => issue(type="byte", value=c.value);};';

export interface Testbed {
  readonly app: FastifyInstance;
  readonly deps: Deps;
  readonly folder: string;
  /** Lines of the log so far. */
  readonly log: () => string;
  /** Puts a file into the folder. */
  readonly close: () => Promise<void>;
}

export interface Bedding extends Parts {
  /** Settings by flag. */
  readonly flags?: Readonly<Record<string, string>>;
  readonly policy?: string;
}

/** A folder, and a configuration in it. */
export function bedding({ flags = {}, policy = permitAll }: Bedding = {}): {
  readonly folder: string;
  readonly config: Config;
} {
  const folder = mkdtempSync(join(tmpdir(), 'assay-server-'));
  writeFileSync(join(folder, 'policy.txt'), policy);
  const config = loadConfig({
    flags: {
      'data-folder': join(folder, 'data'),
      'provider-policies': JSON.stringify({ Fake: join(folder, 'policy.txt') }),
      'provider-public-url': 'https://assay.example',
      'signing-algorithm': 'ES256',
      ...flags,
    },
  });
  return { folder, config };
}

export async function testbed(given: Bedding = {}): Promise<Testbed> {
  const { folder, config } = bedding(given);
  let lines = '';
  const deps = makeDeps(config, {
    types: [fakeType()],
    logTo: {
      write(line) {
        lines += line;
      },
    },
    ...given,
  });
  const app = await buildApp(deps, undefined);
  deps.phase.current = 'ready';
  return {
    app,
    deps,
    folder,
    log: () => lines,
    async close() {
      await app.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const noCollateral: CollateralSource = { collateral: async () => new Map(), certificates: async () => [] };

/** base64url of bytes. */
export const quoteOf = (...bytes: number[]): string => Buffer.from(bytes).toString('base64url');

const attestUrl = '/attest/Fake?api-version=2020-10-01';

/** A request to attest, for `inject`. */
export const attesting = (body: unknown, url = attestUrl) => ({
  method: 'POST' as const,
  url,
  headers: { 'content-type': 'application/json' },
  payload: typeof body === 'string' ? body : JSON.stringify(body),
});

export const decoded = (
  token: string,
): { readonly header: Record<string, unknown>; readonly claims: Record<string, unknown> } => {
  const [header = '', claims = ''] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString('utf8'));
  return { header: JSON.parse(header), claims: JSON.parse(claims) };
};
