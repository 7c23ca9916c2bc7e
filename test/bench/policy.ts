/**
 * Policies: what evaluating the default one costs of a request, the Windows health policy over a real log beside the
 * bare JMESPath library, and how compiling grows with the text. Ratios are taken within one run, by turns.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Claim } from '@assay/core';
import { quoteSettings } from '@assay/core/intel';
import { check, compile, evaluate, sgxDefaultPolicy } from '@assay/core/policy';
import { queriesOf, search, TreeInterpreter, treeOf } from './library.ts';
import { byTurns, line, median, type Work } from './measure.ts';
import { serviceFor } from './request.ts';
import { subjects, vectors } from './subjects.ts';

/** The default policy as a part of a whole request: everything but HTTP, with all that can be remembered remembered. */
async function ofARequest(): Promise<void> {
  const [subject] = subjects();
  if (!subject) return;
  const { at, anchor, collateral, quote, title } = subject;
  const program = compile(sgxDefaultPolicy, { type: 'SgxEnclave' });
  const service = serviceFor({
    type: 'SgxEnclave',
    program,
    settings: quoteSettings.defaults,
    anchors: [anchor],
    collateral,
    at,
  });
  const body = { quote: Buffer.from(quote).toString('base64url') };
  const request: Work = () => service.attest(body);
  await request();
  const { claims } = service.granted();
  const [whole = [], alone = []] = await byTurns([request, () => evaluate(program, claims)]);
  console.log(`\nDefault SGX policy, trace on (${title}; memory warm, token signed with RS256, without HTTP)`);
  line('a request', whole);
  const share = (100 * median(alone)) / median(whole);
  line('of it: evaluating the policy', alone, `${share.toFixed(2)} % (target: at most 2 %)`);
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
