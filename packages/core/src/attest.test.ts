/** The flow with a toy type of evidence: the order of the doors, and what each way of ending leaves behind. */
import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { Appraisal, checks, type Finding, Refusal, type Section } from './appraisal.ts';
import { appraise, attest, type Grant, type Prepared, type World } from './attest.ts';
import { type Bytes, utf8 } from './bytes/index.ts';
import type { Claim, Json } from './claim.ts';
import type { AttestationType, Context, Need, Received, Verifier } from './contract.ts';
import { AttestError } from './errors.ts';
import { compile } from './policy/index.ts';
import { policyHash } from './token/index.ts';
import { forgetful } from './vouch.ts';

interface ToySettings {
  readonly limit: number;
}
const table = checks({
  'toy.genuine': ['EvidenceRefused', 'It is genuine'],
  'toy.young': ['BaselineUnmet', 'It is young'],
  'toy.small': ['BaselineUnmet', 'It is small'],
});
type Step = 'decode' | 'anchor' | 'verify' | 'baseline' | 'claims';

/** What happens, in order: steps by name, doors with what they were asked. */
interface Given {
  readonly fails?: Step | 'policy' | 'draft' | 'receive' | 'once' | 'collateral' | 'issue' | 'answer';
  readonly failure?: unknown;
  readonly received?: Partial<Received>;
  readonly answered?: Json;
  readonly spent?: boolean;
  readonly findings?: readonly Finding[];
  readonly policy?: string;
}
const permit = 'version=1.0;authorizationrules{=>permit();};issuancerules{};';
const need: Need = { name: 'toy/needed', proven: true };

function toy(given: Given) {
  const log: string[] = [];
  const grants: Grant[] = [];
  const seen: { settings: ToySettings[]; submissions: unknown[]; until: unknown[] } = {
    settings: [],
    submissions: [],
    until: [],
  };
  const step = (name: NonNullable<Given['fails']>): void => {
    log.push(name);
    if (given.fails === name) throw given.failure ?? new AttestError('Defect', name);
  };
  const pure = (name: Step, { settings }: Pick<Context<ToySettings>, 'settings'>): void => {
    seen.settings.push(settings);
    step(name);
  };
  const recorded = (name: Step, context: Context<ToySettings>): void => {
    context.appraisal.note(table['toy.genuine'], true, { detail: name });
    pure(name, context);
  };
  const verifier: Verifier<
    { readonly text: Bytes },
    { readonly needs: readonly Need[] },
    { readonly fact: number },
    ToySettings
  > = {
    checks: table,
    settings: { schema: Type.Object({}), defaults: { limit: 1 } },
    decode(submission, context) {
      seen.submissions.push(submission);
      recorded('decode', context);
      return { text: submission.evidence };
    },
    anchor(_evidence, context) {
      recorded('anchor', context);
      return { needs: [need] };
    },
    verify(_anchored, have, context) {
      recorded('verify', context);
      return { fact: have.get(need.name)?.length ?? -1 };
    },
    baseline(_facts, context) {
      pure('baseline', context);
      return given.findings ?? [{ check: table['toy.young'], ok: true }];
    },
    claims(facts, context): Claim[] {
      pure('claims', context);
      return [
        { name: 'x-toy-fact', value: facts.fact, to: 'both' },
        { name: 'x-toy-quiet', value: 1, to: 'token' },
      ];
    },
  };
  const type: AttestationType<
    { readonly text: Bytes },
    { readonly needs: readonly Need[] },
    { readonly fact: number },
    ToySettings
  > = {
    name: 'Toy',
    request: Type.Object({}),
    verifier,
    token: { lifetimeSeconds: 1, earlySeconds: 0, header: 'jku', order: 'sorted', policyClaims: 'both' },
    properties: {},
    serviceClaims: ['x-toy-fact', 'x-toy-quiet'],
    incomingClaims: [],
    receive(body) {
      step('receive');
      if (given.answered !== undefined) return { answer: given.answered };
      return { submission: { evidence: utf8(String(body)) }, ...given.received };
    },
    answer(token, { fact }) {
      step('answer');
      return { token, fact };
    },
  };
  const world: World<ToySettings> = {
    now: new Date('2026-03-01T00:00:00Z'),
    random: (length) => new Uint8Array(length),
    seal: (plain) => plain,
    unseal: (sealed) => sealed,
    issuer: 'https://assay.example',
    sealedBy: '00',
    async policy(draft): Promise<Prepared<ToySettings>> {
      step(draft === undefined ? 'policy' : 'draft');
      const text = draft ?? given.policy ?? permit;
      return {
        program: compile(text),
        hash: policyHash(text),
        settings: { limit: draft === undefined ? 5 : 6 },
        draft: draft !== undefined,
      };
    },
    async once(key, until) {
      step('once');
      seen.until.push([key, until]);
      return given.spent !== true;
    },
    async collateral(needs) {
      log.push(`needs ${needs.map(({ name }) => name).join()}`);
      step('collateral');
      return new Map([[need.name, utf8('abc')]]);
    },
    async issue(grant) {
      step('issue');
      grants.push(grant);
      return 'the token';
    },
  };
  const appraisal = new Appraisal();
  const context = {
    at: new Date('2026-03-01T00:00:00Z'),
    anchors: { id: 'roots', of: () => [] },
    appraisal,
    memo: forgetful,
  };
  const run = (): Promise<Json> => attest(type, 'the body', world, context);
  return { log, grants, seen, appraisal, run, verifier, world, context };
}

async function refusal(run: () => Promise<unknown>): Promise<Refusal> {
  try {
    await run();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  return expect.fail('was not refused');
}
const flat = ({ entries }: Section): string[] =>
  entries.flatMap((entry) =>
    'entries' in entry
      ? flat(entry)
      : 'data' in entry
        ? [`data ${entry.title}`]
        : [`${entry.check.id} ${entry.outcome}${entry.detail === undefined ? '' : ` ${entry.detail}`}`],
  );
const steps = (...names: string[]): string[] => names.map((name) => `toy.genuine passed ${name}`);

test('the whole way, in order', async () => {
  const { run, log, grants, appraisal } = toy({});
  expect(await run()).toEqual({ token: 'the token', fact: 3 });
  expect(log.join(' · ')).toBe(
    'policy · receive · decode · anchor · needs toy/needed · collateral · verify · baseline · claims · issue · answer',
  );
  expect(flat(appraisal.root)).toEqual([
    ...steps('decode', 'anchor', 'verify'),
    'toy.young passed',
    'data policy',
    'attest.policy passed A Permit claim was issued.',
  ]);
  expect(grants[0]?.claims.map(({ name }) => name)).toEqual(['x-toy-fact', 'x-toy-quiet']);
  expect(grants[0]?.policy.draft).toBe(false);
});

test('appraise is the part of it between the doors', async () => {
  const { verifier, world, context, log } = toy({ findings: [{ check: table['toy.small'], ok: false }] });
  const submission = { evidence: utf8('kept') };
  const { facts, demands } = await appraise(verifier, submission, world, { ...context, settings: { limit: 1 } });
  expect([facts, demands]).toEqual([{ fact: 3 }, [{ check: table['toy.small'], ok: false }]]);
  expect(log).toEqual(['decode', 'anchor', 'needs toy/needed', 'collateral', 'verify', 'baseline']);
});

test('a type without a policy fails in its first round, before its body is read', async () => {
  const { run, log } = toy({
    fails: 'policy',
    failure: new AttestError('OperationInvalid', 'no policy'),
    answered: 'round',
  });
  await expect(run()).rejects.toThrow('no policy');
  expect(log).toEqual(['policy']);
});

test('a round without evidence is answered at once', async () => {
  const { run, log, appraisal } = toy({ answered: { challenge: 'c' } });
  expect(await run()).toEqual({ challenge: 'c' });
  expect(log).toEqual(['policy', 'receive']);
  expect(appraisal.root.entries).toEqual([]);
});

test('a draft takes the place of the policy and marks what is granted', async () => {
  const draft = 'version=1.0;authorizationrules{=>permit();};issuancerules{=>issue(type="from", value="draft");};';
  const { run, log, grants, seen } = toy({ received: { draft }, policy: 'version=1.0;authorizationrules{=>deny();};' });
  await run();
  expect(log.slice(0, 4)).toEqual(['policy', 'receive', 'draft', 'decode']);
  expect(grants[0]?.policy).toMatchObject({ draft: true, program: { text: draft } });
  expect(grants[0]?.ruling.issued).toEqual([{ name: 'from', value: 'draft' }]);
  expect(new Set(seen.settings.map(({ limit }) => limit))).toEqual(new Set([6]));
});

test('the settings are those of the policy, not of whoever calls', async () => {
  const { run, seen } = toy({});
  await run();
  expect(new Set(seen.settings.map(({ limit }) => limit))).toEqual(new Set([5]));
});

test('a context is spent before anything is verified, and refused when it was spent', async () => {
  const once = { key: utf8('key'), until: new Date('2026-03-01T01:00:00Z') };
  const good = toy({ received: { once } });
  await good.run();
  expect(good.log.slice(0, 4)).toEqual(['policy', 'receive', 'once', 'decode']);
  expect(good.seen.until).toEqual([[once.key, once.until]]);
  expect(flat(good.appraisal.root)[0]).toBe('attest.once passed');

  const spent = toy({ received: { once }, spent: true });
  const thrown = await refusal(spent.run);
  expect([thrown.check.id, thrown.code]).toEqual(['attest.once', 'OperationInvalid']);
  expect(spent.log).toEqual(['policy', 'receive', 'once']);
  expect(flat(spent.appraisal.root)).toEqual(['attest.once failed']);

  const failed = toy({ received: { once }, fails: 'decode' });
  await expect(failed.run()).rejects.toThrow();
  expect(failed.log).toContain('once');
});

test('every finding of the baseline is on record before the first unmet one refuses', async () => {
  const findings = [
    { check: table['toy.young'], ok: false, observed: 9 },
    { check: table['toy.small'], ok: true },
    { check: table['toy.small'], ok: false },
  ];
  const { run, log, appraisal } = toy({ findings });
  const thrown = await refusal(run);
  expect([thrown.check.id, thrown.seen.observed]).toEqual(['toy.young', 9]);
  expect(flat(appraisal.root).slice(3)).toEqual(['toy.young failed', 'toy.small passed', 'toy.small failed']);
  expect(log.at(-1)).toBe('baseline');
});

const failing =
  'version=1.2;authorizationrules{=>permit();};issuancerules{c:[type=="x-toy-fact"]=>issue(type="y", value=NegateBool(c.value));};';
test.each([
  ['a denial', 'version=1.0;authorizationrules{=>deny();};', 'A Deny claim was issued, authorization failed.'],
  [
    'no permission',
    'version=1.0;authorizationrules{[type=="x-toy-fact", value==4]=>permit();};',
    'No Permit claim was issued in the authorizationrules section, authorization failed.',
  ],
  ['an error', failing, 'NegateBool'],
])('%s of the policy gives no token; its trace is on record', async (_name, policy, why) => {
  const { run, log, appraisal } = toy({ policy });
  const thrown = await refusal(run);
  expect([thrown.check.id, thrown.code]).toEqual(['attest.policy', 'PolicyDenied']);
  expect(thrown.message).toContain(why);
  expect(flat(appraisal.root).at(-2)).toBe('data policy');
  expect(flat(appraisal.root).at(-1)).toContain('attest.policy failed');
  expect(log.at(-1)).toBe('claims');
});

test('T6: the nonce is an echo in the token, never a fact: no policy sees it', async () => {
  const sees = 'version=1.0;authorizationrules{[type=="nonce"]=>deny();=>permit();};issuancerules{};';
  const { run, grants } = toy({ received: { nonce: 'n-1' }, policy: sees });
  await run();
  expect(grants[0]?.claims).toContainEqual({ name: 'nonce', value: 'n-1', to: 'token' });
  const none = toy({});
  await none.run();
  expect(none.grants[0]?.claims.some(({ name }) => name === 'nonce')).toBe(false);
});

const verified = steps('decode', 'anchor', 'verify');
test.each([
  ['policy', []],
  ['receive', []],
  ['once', []],
  ['draft', ['attest.once passed']],
  ['decode', ['attest.once passed', ...steps('decode')]],
  ['anchor', ['attest.once passed', ...steps('decode', 'anchor')]],
  ['collateral', ['attest.once passed', ...steps('decode', 'anchor')]],
  ['verify', ['attest.once passed', ...verified]],
  ['baseline', ['attest.once passed', ...verified]],
  ['claims', ['attest.once passed', ...verified, 'toy.young passed']],
  ['issue', undefined],
  ['answer', undefined],
] as const)('T31: whatever %s throws comes through, and what was recorded so far stays', async (fails, left) => {
  for (const failure of [
    new TypeError('a defect'),
    new AttestError('EvidenceRefused', 'refused'),
    'not even an error',
  ]) {
    const once = { key: utf8('key'), until: new Date('2026-03-01T01:00:00Z') };
    const { run, log, grants, appraisal } = toy({ fails, failure, received: { once, draft: permit } });
    await expect(run()).rejects.toBe(failure);
    expect(log.at(-1)).toBe(fails);
    if (fails !== 'answer') expect(grants).toEqual([]);
    const recorded = flat(appraisal.root);
    if (left) expect(recorded).toEqual(left);
    else expect(recorded.slice(-2)).toEqual(['data policy', 'attest.policy passed A Permit claim was issued.']);
  }
});

test('the submission reaches the verifier as it was received', async () => {
  const runtime = { bytes: utf8('{}'), kind: 'JSON' } as const;
  const submission = { evidence: utf8('e'), runtime, challenge: utf8('c') };
  const { run, seen } = toy({ received: { submission } });
  await run();
  expect(seen.submissions).toEqual([submission]);
});
