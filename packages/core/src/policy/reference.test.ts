/** The evaluator against the reference, on random policies and claims. ASSAY_EXHAUSTIVE=1: 100,000 pairs. */
import { expect, test } from 'vitest';
import { AttestError } from '../errors.ts';
import { compile, evaluate, type Program } from './index.ts';
import { dice, randomPair } from './random-policy.test.support.ts';
import { type Fact, isTrouble, judge, type Outcome, type Plain } from './reference.test.support.ts';

const exact = (value: unknown): Plain => (typeof value === 'number' ? BigInt(value) : (value as Plain));

function compiled(text: string): Program | undefined {
  try {
    return compile(text, { type: 'SgxEnclave' });
  } catch (error) {
    // Constants that are wrong refuse the upload; random ones often are.
    if (error instanceof AttestError && error.code === 'PolicyMalformed') return undefined;
    throw error;
  }
}

const wanted = process.env['ASSAY_EXHAUSTIVE'] ? 100_000 : 1_000;

test(`${wanted} random policies and claims: the same ruling, claims and properties`, { timeout: 900_000 }, () => {
  const seed = Number(process.env['ASSAY_SEED'] ?? Date.now() % 2 ** 32);
  console.log(`policies against the reference: seed ${seed} (ASSAY_SEED=${seed} repeats it)`);
  const random = dice(seed);
  const seen = { permit: 0, deny: 0, error: 0, issued: 0 };
  for (let pairs = 0; pairs < wanted; ) {
    const { text, claims } = randomPair(random);
    const program = compiled(text);
    if (!program) continue;
    pairs++;
    const facts = claims.map(
      ({ name, value, issuer = 'AttestationService', readOnly = false }): Fact => ({
        type: name,
        value: exact(value),
        issuer,
        readOnly,
      }),
    );
    let expected: Outcome;
    try {
      expected = judge(program.tree, facts);
    } catch (error) {
      if (isTrouble(error)) expect.fail(`seed ${seed}: compiled, but its configuration rules fail:\n${text}`);
      throw error;
    }
    const ruling = evaluate(program, claims);
    const issued = ruling.issued.map(({ name, value }) => [name, [value].flat().map(exact)] as const);
    const got: Outcome = {
      decision: ruling.decision,
      ...(ruling.decision === 'deny' && { why: ruling.why }),
      issued: new Map(issued),
      properties: new Map(Object.entries(ruling.properties).map(([name, value]) => [name, exact(value)])),
    };
    expect(
      got,
      `seed ${seed}, pair ${pairs}:\n${text}\n${JSON.stringify(facts, (_, each) => (typeof each === 'bigint' ? String(each) : each))}`,
    ).toEqual(expected);
    seen[ruling.decision]++;
    if (issued.length > 0) seen.issued++;
  }
  // All outcomes occur, or the pairs tell little.
  for (const [outcome, count] of Object.entries(seen)) expect(count, outcome).toBeGreaterThan(wanted / 50);
});
