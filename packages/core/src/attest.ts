/**
 * The whole service on one page. It receives evidence from enclaves and platforms, evaluates it against the security
 * baseline and a configurable policy, and upon success issues a token. Everything is synchronous and pure but the
 * doors of `World`; time, randomness, anchors and memory are handed in, so any verdict can be made again later.
 */
import { type Appraisal, checks, type Finding } from './appraisal.ts';
import type { Bytes } from './bytes/index.ts';
import type { Claim, Json } from './claim.ts';
import type {
  Anchored,
  AnyType,
  AttestationType,
  Collateral,
  Context,
  Desk,
  Need,
  Submission,
  Verifier,
} from './contract.ts';
import { evaluate, type Program, type Ruling } from './policy/index.ts';

/** A policy compiled, and the verifier's settings after its configuration rules. */
export interface Prepared<S> {
  readonly program: Program;
  /** As in the claim `x-ms-policy-hash`. */
  readonly hash: string;
  readonly settings: S;
  readonly draft: boolean;
}

/** What a token is made of, once everything else has been decided. */
export interface Grant {
  readonly type: Pick<AnyType, 'token' | 'serviceClaims'>;
  readonly claims: readonly Claim[];
  readonly ruling: Ruling;
  /** A draft's token is unsecured. */
  readonly policy: Pick<Prepared<unknown>, 'hash' | 'draft'>;
}

/** The Desk, and the four doors to the world. The server's are real; the command line's are a folder and no key. */
export interface World<S> extends Desk {
  /** The stored policy, or the draft in its place. Compiled and checked once per policy version. */
  readonly policy: (draft: string | undefined) => Promise<Prepared<S>>;
  readonly collateral: (needs: readonly Need[]) => Promise<Collateral>;
  /** Spends a key; false when it was spent before. */
  readonly once: (key: Bytes, until: Date) => Promise<boolean>;
  readonly issue: (grant: Grant) => Promise<string>;
}

const gate = checks({
  'attest.once': [
    'OperationInvalid',
    'This service context has not been used before',
    {
      remedy:
        'Begin again with the first round. Where a client repeated its request by itself, the first answer to it says what was wrong',
    },
  ],
  'attest.policy': ['PolicyDenied', 'The policy permits this evidence'],
});
export const attestChecks = gate;

/** Bytes → facts, and how they stand to the baseline. Also the offline mode, second opinions, and every later re-run. */
export async function appraise<E, A extends Anchored, F, S>(
  verifier: Verifier<E, A, F, S>,
  submission: Submission,
  world: Pick<World<S>, 'collateral'>,
  context: Context<S>,
): Promise<{ readonly facts: F; readonly demands: readonly Finding[] }> {
  const evidence = verifier.decode(submission, context);
  const anchored = verifier.anchor(evidence, context);
  const collateral = await world.collateral(anchored.needs);
  const facts = verifier.verify(anchored, collateral, context);
  return { facts, demands: verifier.baseline(facts, context) };
}

/**
 * Records how the policy came to its ruling.
 * @throws {Refusal} unless it permits
 */
export function requirePermit({ trace, decision, explanation, why }: Ruling, appraisal: Appraisal): void {
  appraisal.attach('policy', trace);
  appraisal.require(gate['attest.policy'], decision === 'permit', { observed: explanation, detail: why });
}

/** One request, whole: the wire's body in, the wire's answer out. */
export async function attest<E, A extends Anchored, F, S>(
  type: AttestationType<E, A, F, S>,
  body: Json,
  world: World<S>,
  given: Omit<Context<S>, 'settings'>,
): Promise<Json> {
  const stored = await world.policy(undefined);
  const received = type.receive(body, world);
  if ('answer' in received) return received.answer;
  if (received.once)
    given.appraisal.require(gate['attest.once'], await world.once(received.once.key, received.once.until));

  const policy = received.draft === undefined ? stored : await world.policy(received.draft);
  const context: Context<S> = { ...given, settings: policy.settings };
  const { facts, demands } = await appraise(type.verifier, received.submission, world, context);
  context.appraisal.demand(demands);
  const claims = type.verifier.claims(facts, context);
  const ruling = evaluate(policy.program, claims);
  requirePermit(ruling, context.appraisal);

  const token = await world.issue({ type, claims: [...claims, ...echo(received.nonce)], ruling, policy });
  return type.answer(token, facts, world);
}

/** The nonce is an echo for the client, never a fact. */
const echo = (nonce: string | undefined): Claim[] =>
  nonce === undefined ? [] : [{ name: 'nonce', value: nonce, to: 'token' }];
