/**
 * Policies: what evaluating the default one costs of a request, the Windows health policy over a real log beside the
 * bare JMESPath library, and how compiling grows with the text. Ratios are taken within one run, by turns.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  Appraisal,
  attest,
  type Claim,
  formatJson,
  generateKey,
  type Json,
  keyId,
  type Memo,
  type Prepared,
  policyHash,
  publicSpki,
  type Signer,
  signData,
  signed,
  timesOf,
  typeNamed,
  writeHeader,
  writePayload,
} from '@assay/core';
import { type QuoteSettings, quoteSettings } from '@assay/core/intel';
import { check, compile, evaluate, type Program, sgxDefaultPolicy } from '@assay/core/policy';
import { registerFunction, search, TreeInterpreter, TYPE_ANY, compile as treeOf } from '@jmespath-community/jmespath';
import { median, told } from './measure.ts';
import { subjects } from './subjects.ts';

const rounds = 15;
const vectors = process.env['ASSAY_VECTORS'] ?? fileURLToPath(new URL('../../../../shared/vectors', import.meta.url));

type Work = () => unknown;

/** Microseconds a call of each, by turns; a turn lasts some milliseconds. */
async function byTurns(works: readonly Work[]): Promise<readonly (readonly number[])[]> {
  const times = works.map((): number[] => []);
  const counts: number[] = [];
  for (const work of works) {
    const begin = performance.now();
    let done = 0;
    while (performance.now() - begin < 300) {
      await work();
      done++;
    }
    counts.push(Math.max(1, Math.round((done * 25) / 300)));
  }
  for (let round = 0; round < rounds; round++)
    for (const [i, work] of works.entries()) {
      const count = counts[i] ?? 1;
      const begin = performance.now();
      for (let call = 0; call < count; call++) await work();
      times[i]?.push(((performance.now() - begin) * 1000) / count);
    }
  return times;
}

const line = (name: string, times: readonly number[], note = ''): void =>
  console.log(`  ${name.padEnd(44)} ${told(times, 1, ' µs').padStart(34)}   ${note}`);

/** The default policy as a part of a whole request: everything but HTTP, with all that can be remembered remembered. */
async function ofARequest(): Promise<void> {
  const [subject] = subjects();
  const type = typeNamed('SgxEnclave');
  if (!subject || !type) return;
  const program = compile(sgxDefaultPolicy, { type: 'SgxEnclave' });
  const policy: Prepared<QuoteSettings> = {
    program,
    hash: policyHash(sgxDefaultPolicy),
    settings: quoteSettings.defaults,
    draft: false,
  };
  const key = generateKey('RSA-2048');
  const kid = keyId(publicSpki(key));
  const signer: Signer = { alg: 'RS256', kid, sign: async (input) => signData('rsa-pkcs1-sha256', key, input) };
  const kept = new Map<string, unknown>();
  const memo: Memo = (name, make) => {
    if (!kept.has(name)) kept.set(name, make());
    return kept.get(name) as ReturnType<typeof make>;
  };
  let claims: readonly Claim[] = [];
  const { at, anchor, collateral } = subject;
  const world = {
    now: at,
    random: (length: number) => new Uint8Array(length),
    seal: (plain: Uint8Array) => plain,
    unseal: () => undefined,
    policy: async () => policy,
    collateral: async () => collateral,
    once: async () => true,
    issue: (grant: {
      readonly claims: readonly Claim[];
      readonly ruling: { readonly issued: readonly { readonly name: string; readonly value: Json }[] };
    }) => {
      claims = grant.claims;
      const header = writeHeader(type.token, { alg: 'RS256', kid, issuer: 'https://assay.example', x5c: [] });
      const payload = writePayload(type.token, {
        times: timesOf(type.token, at.getTime()),
        issuer: 'https://assay.example',
        jti: '0'.repeat(64),
        policyHash: policy.hash,
        claims: grant.claims,
        issued: grant.ruling.issued,
        serviceClaims: type.serviceClaims,
      });
      return signed(header, payload, signer);
    },
  };
  const body = { quote: Buffer.from(subject.quote).toString('base64url') };
  const anchors = { id: 'bench', of: () => [anchor] };
  const request: Work = () => attest(type, body, world as never, { at, anchors, appraisal: new Appraisal(), memo });
  await request();
  const [whole = [], alone = []] = await byTurns([request, () => evaluate(program, claims)]);
  console.log(`\nDefault SGX policy, trace on (${subject.title}; memory warm, token signed with RS256, without HTTP)`);
  line('a request', whole);
  const share = (100 * median(alone)) / median(whole);
  line('of it: evaluating the policy', alone, `${share.toFixed(2)} % (target: at most 2 %)`);
}

/** The queries that a policy names (not those that it makes while it runs), and the documents that it runs them over. */
function queriesOf(
  program: Program,
  claims: readonly Claim[],
): readonly (readonly [document: string, query: string])[] {
  const seen: [string, string][] = [];
  const queries = new Map(program.queries);
  for (const [text, query] of program.queries)
    queries.set(text, (json, steps) => {
      seen.push([formatJson(json, { sorted: true }), text]);
      return query(json, steps);
    });
  evaluate({ ...program, queries }, claims);
  return seen;
}

async function besideTheLibrary(folder: string): Promise<void> {
  const text = readFileSync(join(folder, 'policies/windows-healthattestation-csp.txt'), 'utf8');
  const events = readFileSync(join(folder, 'tokens/tpm-2025-01-28-events-claim.json'), 'utf8');
  const claims: readonly Claim[] = [
    { name: 'aikValidated', value: true, to: 'policy' },
    { name: 'tpmVersion', value: 2, to: 'policy' },
    { name: 'events', value: events, to: 'policy' },
  ];
  const program = compile(text, { type: 'Tpm' });
  const fold = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value);
  const anything = { types: [TYPE_ANY] };
  registerFunction('equals_ignore_case', (given) => fold(given[0]) === fold(given[1]), [anything, anything]);
  const pairs = queriesOf(program, claims);
  const documents = [...new Set(pairs.map(([document]) => document))];
  const compiled = pairs.map(([document, query]) => [document, treeOf(query)] as const);
  const [ours = [], called = [], once = []] = await byTurns([
    () => evaluate(program, claims),
    () => pairs.map(([document, query]) => JSON.stringify(search(JSON.parse(document), query))),
    () => {
      const parsed = new Map(documents.map((document) => [document, JSON.parse(document)]));
      return compiled.map(([document, tree]) => JSON.stringify(TreeInterpreter.search(tree, parsed.get(document))));
    },
  ]);
  console.log(
    `\nWindows health policy over a real log of ${events.length} characters (${pairs.length} queries, ${documents.length} documents)`,
  );
  line('assay: the whole evaluation, integers exact', ours);
  line(
    'bare library, a call for each query',
    called,
    `assay × ${(median(ours) / median(called)).toFixed(2)} (target: at most 1.2)`,
  );
  line(
    'bare library, all parsed and compiled once',
    once,
    `assay × ${(median(ours) / median(once)).toFixed(2)} (integers beyond 2^53 rounded)`,
  );
}

/** Compiling and checking by the size of the text: the rules of a section, some of them or many times. */
async function byLength(folder: string | undefined): Promise<void> {
  const whole = folder && readFileSync(join(folder, 'policies/windows-healthattestation-csp.txt'), 'utf8');
  const rule =
    '    c:[type=="a", value>=1] && ![type=="b", issuer=="AttestationService"] => issue(type="c", value=JsonToClaimValue(JmesPath(c.value, "a.b[?c == `1`].d")));\n';
  const made = (characters: number): string =>
    `version=1.2;\nauthorizationrules\n{\n    => permit();\n};\nissuancerules\n{\n${rule.repeat(Math.round(characters / rule.length))}};\n`;
  const texts = [...(whole ? [whole] : []), ...[3_500, 7_000, 14_000, 28_000, 56_000, 112_000].map(made)];
  const times = await byTurns(texts.flatMap((text) => [() => compile(text), () => check(text, { type: 'Tpm' })]));
  console.log(
    '\nCompiling, and all checks with their warnings, by length (target: at most 5 ms for the policy of 14 KB)',
  );
  for (const [i, text] of texts.entries()) {
    const [compiling, checking] = [median(times[2 * i] ?? []) / 1000, median(times[2 * i + 1] ?? []) / 1000];
    const name = whole && i === 0 ? 'Windows health policy' : 'made';
    const per = (milliseconds: number): string =>
      `${((milliseconds * 1000) / (text.length / 1024)).toFixed(0).padStart(4)} µs a KB`;
    console.log(
      `  ${name.padEnd(22)} ${String(text.length).padStart(7)} characters   compile ${compiling.toFixed(2).padStart(6)} ms ${per(compiling)}   check ${checking.toFixed(2).padStart(6)} ms ${per(checking)}`,
    );
  }
}

const folder = existsSync(join(vectors, 'policies')) ? vectors : undefined;
await ofARequest();
if (folder) await besideTheLibrary(folder);
else console.log('\nRecorded policies are absent (set ASSAY_VECTORS): the library is not measured.');
await byLength(folder);
