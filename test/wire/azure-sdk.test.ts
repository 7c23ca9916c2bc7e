/**
 * Microsoft's own client, unmodified, against the service over TLS under its development CA: every recorded quote, with
 * its data as Binary and as JSON and without, drafts that allow and deny, wrong data; the client validates each token.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { type Served, serve } from '@assay/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withVectors } from '../setup/vectors.ts';
import { lenient, processors, standing } from './provider.ts';
import { type Evidence, evidenceOf } from './recordings.ts';

const script = fileURLToPath(new URL('azure-calls.mjs', import.meta.url));
const encoded = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const allow = 'version= 1.0;authorizationrules{=> permit();};issuancerules{=> issue(type="tried", value=true);};';
const deny = 'version= 1.0;authorizationrules{=> deny();};';

/** What the script is asked and answers; see there. */
interface Calls {
  readonly [name: string]: object;
}
interface Answers {
  readonly metadata: { readonly issuer: string; readonly jwks_uri: string };
  readonly signers: readonly { readonly keyId: string; readonly certificates: readonly string[] }[];
  // biome-ignore lint/suspicious/noExplicitAny: what the client made of the answers
  readonly results: Readonly<Record<string, any>>;
}

async function microsoft(endpoint: string, authority: string | undefined, calls: Calls): Promise<Answers> {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const child = spawn(process.execPath, [script, endpoint], {
    env: { ...env, ...(authority !== undefined && { NODE_EXTRA_CA_CERTS: authority }) },
  });
  child.stdin.end(JSON.stringify(calls));
  const [said, complaint] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (said === '') throw new Error(complaint);
  return JSON.parse(said);
}

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Data that are the text of a JSON object, as they are or but for NULs at their end. */
function objectOf(data: Uint8Array): object | undefined {
  try {
    return JSON.parse(Buffer.from(data).toString('utf8').replace(/\0+$/, ''));
  } catch {
    return undefined;
  }
}

/** All that is asked about one piece of evidence. */
function callsFor({ type, bytes, runtimeData, isGenuine }: Evidence): Calls {
  const evidence = encoded(bytes);
  const bare = { type, evidence };
  if (!isGenuine) return { bare };
  const other = encoded(Buffer.from('{"bogus": 10 }'));
  return {
    bare,
    'by a known client': { ...bare, isKnown: true },
    'draft that allows': { ...bare, draft: allow },
    'draft that denies': { ...bare, draft: deny },
    'draft that is none': { ...bare, draft: 'version= 1.0;authorizationrules{=> allow();};' },
    'wrong Binary': { ...bare, data: other },
    'wrong JSON': { ...bare, json: other },
    ...(runtimeData && {
      Binary: { ...bare, data: encoded(runtimeData) },
      JSON: { ...bare, json: encoded(runtimeData) },
    }),
  };
}

withVectors('Microsoft’s client against the service', '.', (vectors) => {
  const all = evidenceOf(vectors);
  let ended: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const end of ended) await end();
    ended = [];
  });
  async function started(fmspc: string, accept: readonly string[] | undefined): Promise<Served> {
    const { configure, remove } = await standing(vectors, fmspc);
    const served = await serve(configure(accept, { 'listen-port': '0' }));
    ended.push(async () => {
      await served.close();
      remove();
    });
    return served;
  }

  test('every piece of evidence is of a processor with collateral, and one is not genuine', () => {
    expect(all.length).toBe(16);
    expect(all.filter(({ fmspc }) => !processors.includes(fmspc))).toEqual([]);
    expect(all.filter(({ isGenuine }) => !isGenuine).map(({ name }) => name)).toEqual([
      'openapi-oe-example-NEGATIVE-badsig',
    ]);
  });

  test('does not talk to it without the development CA', async () => {
    const { issuer } = await started('00906ed50000', lenient);
    await expect(microsoft(issuer, undefined, {})).rejects.toThrow(/self.signed|unable to (get|verify)/);
  });

  describe.each(processors)('processors of FMSPC %s', (fmspc) => {
    const here = all.filter((one) => one.fmspc === fmspc);
    let issuer: string;
    let answers: Answers;
    beforeAll(async () => {
      const served = await started(fmspc, lenient);
      issuer = served.issuer;
      const calls = here.flatMap((one) =>
        Object.entries(callsFor(one)).map(([name, call]) => [`${one.name}, ${name}`, call] as const),
      );
      answers = await microsoft(issuer, served.authority, Object.fromEntries(calls));
    });
    const answer = ({ name }: Evidence, call: string) => answers.results[`${name}, ${call}`];

    test('metadata and signers', () => {
      expect(answers.metadata).toMatchObject({ issuer, jwks_uri: `${issuer}/certs` });
      // One key under two names: TPM tokens name it by its certificate.
      expect(answers.signers).toEqual(
        [/^[A-Za-z0-9+/]{43}=$/, /^[A-Za-z0-9_-]{27}$/].map((name) => ({
          keyId: expect.stringMatching(name),
          certificates: [expect.stringContaining('BEGIN CERT')],
        })),
      );
    });

    test.each(here.filter(({ isGenuine }) => isGenuine).map((one) => [one.name, one] as const))(
      '%s gets tokens',
      (_, one) => {
        const quoteHash = createHash('sha256').update(one.bytes).digest('hex');
        const signed = { issuer, algorithm: 'RS256', quoteHash, mrEnclave: expect.stringMatching(/^[0-9a-f]{64}$/) };
        const bare = answer(one, 'bare');
        expect(bare).toMatchObject({ ...signed, policyClaims: { tee: 'sgx', 'sgx-mrenclave': bare.mrEnclave } });
        expect([bare.held, bare.runTimeClaims]).toEqual([undefined, undefined]);
        expect(answer(one, 'by a known client')).toEqual(bare);
        expect(answer(one, 'draft that allows')).toEqual({ ...bare, algorithm: 'none', policyClaims: { tried: true } });
        if (!one.runtimeData) return;
        expect(answer(one, 'Binary')).toEqual({ ...bare, held: encoded(one.runtimeData) });
        const object = objectOf(one.runtimeData);
        if (object) expect(answer(one, 'JSON')).toEqual({ ...bare, runTimeClaims: object });
        else expect(answer(one, 'JSON').refused).toMatchObject({ status: 400, code: 'InvalidParameter' });
      },
    );

    test.each(here.filter(({ isGenuine }) => isGenuine).map((one) => [one.name, one] as const))(
      '%s is refused where it must be, and the client says why',
      (_, one) => {
        const denied = 'Policy Engine Exception: A Deny claim was issued, authorization failed.';
        const refusals = [
          ['draft that denies', 'PolicyEvaluationError', `Msg:[${denied}]`],
          ['draft that is none', 'PolicyParsingError', 'Invalid policy was specified'],
          ['wrong Binary', 'InvalidParameter', 'SuppliedRuntimeDataDigest does not match RuntimeData Digest in quote]'],
          ['wrong JSON', 'InvalidParameter', 'SuppliedRuntimeDataDigest does not match RuntimeData Digest in quote]'],
        ] as const;
        for (const [call, code, sentence] of refusals)
          expect(answer(one, call).refused).toEqual({ status: 400, code, message: expect.stringContaining(sentence) });
      },
    );

    test.each(here.filter(({ isGenuine }) => !isGenuine).map((one) => [one.name, one] as const))(
      '%s is refused: its signature does not hold',
      (_, one) => {
        const sentence = 'The specified quote was invalid due to an error in the quote collateral.';
        const { refused } = answer(one, 'bare');
        expect(refused).toMatchObject({ status: 400, code: 'InvalidParameter' });
        expect(refused.message).toContain(sentence);
        expect(refused.message).toContain('intel.quote.signed');
      },
    );

    test('the default baseline refuses all of them, and says which component is low', async () => {
      const served = await started(fmspc, undefined);
      const genuine = here.filter(({ isGenuine }) => isGenuine);
      const calls = genuine.map((one) => [one.name, { type: one.type, evidence: encoded(one.bytes) }] as const);
      const { results } = await microsoft(served.issuer, served.authority, Object.fromEntries(calls));
      for (const { name } of genuine) {
        const { refused } = results[name];
        expect(refused, name).toMatchObject({ status: 400, code: 'InvalidParameter' });
        expect(refused.message, name).toContain('does not meet the Azure baseline requirements');
        expect(refused.message, name).toContain('expected UpToDate, SWHardeningNeeded; found OutOfDate');
        expect(refused.message, name).toMatch(/for the best level .*(PCE|QE|component)/);
      }
    });
  });
});
