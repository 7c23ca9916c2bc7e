/**
 * Byte equality: the service is asked what Azure Attestation was asked, by the same issuer at the same time, and says the
 * same. What cannot be the same is put in: the token's own identifier, the key's, and hashes of collateral of that day.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Folder, withVectors } from '../setup/vectors.ts';
import { builds, type Differences, newest, signedPolicies } from './builds.ts';
import { ask, lenient, processors, type Standing, standing } from './provider.ts';
import { type Recording, recordingsOf } from './recordings.ts';

/** By hash: the policies in force at the recorded providers. Drafts come with their requests. */
const policies: { readonly [hash: string]: string } = {
  ViVGS4BYl70X8eUrgryHg0TtbEk9WtIc6DtTBEFxaWc: 'wire-default-sgx-2022-11',
  bROrN897ZfWmWY2V0FLUlu3uwk5xatGnKYHn3zBbSlw: 'wire-default-sgx-2021-2022',
  'egjnANIzEpS2WgpE4Nk-QEwM69XRCgTs42_G0qLlbnk': 'wire-default-sgx-2020',
  lfVeHKkKisMmG_NLREtuz2UrU9xYi_fjYgmmTANE1f4: 'wire-java-minimal',
};

interface Token {
  /** JSON text. */
  readonly header: string;
  /** JSON text. */
  readonly payload: string;
  readonly signature: string;
}
function split(token: string): Token {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const text = (part: string): string => Buffer.from(part, 'base64url').toString('utf8');
  return { header: text(header), payload: text(payload), signature };
}

/** What a provider says that stands where and when the recorded one stood. */
async function ours(recording: Recording, { folder, configure }: Standing, vectors: Folder): Promise<Token> {
  const { iss, iat, 'x-ms-policy-hash': hash } = JSON.parse(split(recording.answer.token).payload);
  const policy = policies[hash];
  const path = join(folder, 'policy.txt');
  if (policy !== undefined) writeFileSync(path, vectors.bytes(`policies/${policy}.txt`));
  const config = configure(lenient, {
    'provider-public-url': iss,
    'provider-own-claims': 'false',
    ...(policy !== undefined && { 'provider-policies': JSON.stringify({ [recording.type]: path }) }),
  });
  // Tokens are dated back by two seconds, for clients whose clock is slow.
  const { status, body } = await ask(config, recording, { now: () => new Date((iat + 2) * 1000) });
  expect([status, body]).toEqual([200, { token: expect.any(String) }]);
  return withoutInsecure(split(body.token));
}

/** The pinned time is an insecure setting, and no token of ours leaves that out: it is all that Azure's have not. */
function withoutInsecure({ payload, ...more }: Token): Token {
  const claim = '"x-assay-insecure":["pinned-appraisal-time"],';
  expect(payload.split(claim)).toHaveLength(2);
  return { ...more, payload: payload.replace(claim, '') };
}

/** Puts in what cannot be the same, as text: every other byte stays. */
function putIn({ header, payload, signature }: Token, recorded: Token): Token {
  const [mine, theirs] = [JSON.parse(payload), JSON.parse(recorded.payload)];
  const replaced: (readonly [ours: string, theirs: string])[] = [[mine.jti, theirs.jti ?? mine.jti]];
  for (const [name, hash] of Object.entries<string>(mine['x-ms-sgx-collateral']))
    if (name !== 'quotehash')
      replaced.push([`"${name}":"${hash}"`, `"${name}":"${theirs['x-ms-sgx-collateral'][name]}"`]);
  return {
    header: header.replace(JSON.parse(header).kid, JSON.parse(recorded.header).kid),
    payload: replaced.reduce((text, [from, to]) => text.replaceAll(from, to), payload),
    signature,
  };
}

/** A token as an earlier build wrote it. */
function asBuilt({ header, payload, signature }: Token, { lacks, isSpaced }: Differences): Token {
  const members = Object.entries(JSON.parse(payload)).filter(([name]) => !lacks.includes(name));
  const text = isSpaced ? withSpaces : JSON.stringify;
  return { header: text(JSON.parse(header)), payload: text(Object.fromEntries(members)), signature };
}

/** The claim of a provider whose policy is signed, at its place. */
function withSigner({ header, payload, signature }: Token, recorded: Token): Token {
  const name = 'x-ms-policy-signer';
  const members = [...Object.entries(JSON.parse(payload)), [name, JSON.parse(recorded.payload)[name]] as const];
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return { header, payload: JSON.stringify(Object.fromEntries(members)), signature };
}

function withSpaces(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(withSpaces).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}: ${withSpaces(inner)}`);
  return `{${members.join(', ')}}`;
}

withVectors('byte equality with recorded tokens', '.', (vectors) => {
  const standings = new Map<string, Standing>();
  beforeAll(async () => {
    for (const fmspc of processors) standings.set(fmspc, await standing(vectors, fmspc));
  });
  afterAll(() => {
    for (const { remove } of standings.values()) remove();
  });
  const standingOf = ({ fmspc }: Recording): Standing => standings.get(fmspc) ?? expect.fail(`no standing ${fmspc}`);

  const accepted = recordingsOf(vectors).filter(({ status }) => status === 200);
  const ofNewest = accepted.filter(({ build }) => build === newest);
  const earlier = accepted.filter(({ build }) => build !== newest);

  function expectSame(made: Token, recorded: Token): void {
    expect(made.header).toBe(recorded.header);
    expect(made.payload).toBe(recorded.payload);
    // An unsecured token has an empty one.
    expect(made.signature === '').toBe(recorded.signature === '');
  }

  test('eight tokens of the newest build and 27 of earlier ones; every build is listed, and none in vain', () => {
    expect([ofNewest.length, earlier.length]).toEqual([8, 27]);
    expect(Object.keys(builds).sort()).toEqual([...new Set(accepted.map(({ build }) => build))].sort());
  });

  test.each(ofNewest.map((one) => [one.name, one] as const))('%s: every byte of header and payload', async (_, one) => {
    const recorded = split(one.answer.token);
    expectSame(putIn(await ours(one, standingOf(one), vectors), recorded), recorded);
  });

  test.each(earlier.map((one) => [`${one.name} (${one.build})`, one] as const))(
    '%s: but for the differences of its build',
    async (_, one) => {
      const recorded = split(one.answer.token);
      const made = putIn(await ours(one, standingOf(one), vectors), recorded);
      const whole = signedPolicies.includes(one.name) ? withSigner(made, recorded) : made;
      expectSame(asBuilt(whole, builds[one.build] ?? { lacks: [] }), recorded);
    },
  );
});
