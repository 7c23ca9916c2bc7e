/** What the suites of certification paths share: all chains that a pool of certificates allows, judged at one time. */
import { equal } from '../../packages/core/src/bytes/index.ts';
import { Malformed } from '../../packages/core/src/errors.ts';
import { type Certificate, type PathOptions, sameName, walkPath } from '../../packages/core/src/pki/index.ts';

/** Certificates in a chain, at most. */
const longest = 8;

/** Chains by name from a certificate up to a root, or as far as the pool goes; no certificate twice. */
export function chainsUp(
  leaf: Certificate,
  pool: readonly Certificate[],
  roots: readonly Certificate[],
  below: readonly Certificate[] = [],
): Certificate[][] {
  const chain = [...below, leaf];
  if (roots.includes(leaf)) return [chain];
  if (chain.length >= longest) return [];
  const issuers = [...roots, ...pool].filter(
    (issuer) => sameName(issuer.subject, leaf.issuer) && !chain.some((one) => equal(one.raw, issuer.raw)),
  );
  return issuers.length === 0 ? [chain] : issuers.flatMap((issuer) => chainsUp(issuer, pool, roots, chain));
}

export interface Verdict {
  readonly ok: boolean;
  /** `good`, `date`, a problem of the path, or the parser's message. */
  readonly why: string;
}

/** Whether any of the chains is good at that time; else what is wrong with the one that comes furthest. */
export function verdict(
  at: number,
  make: () => { chains: readonly (readonly Certificate[])[]; options: PathOptions },
): Verdict {
  try {
    const { chains, options } = make();
    const outcomes = chains.map((chain): Verdict => {
      const result = walkPath(chain, options);
      if (!result.ok) return { ok: false, why: result.problem };
      const inTime = [result, result.lists ?? result].every(({ from, until }) => from <= at && at <= until);
      return { ok: inTime, why: inTime ? 'good' : 'date' };
    });
    const wrongChain = ['signature', 'untrusted'];
    return (
      outcomes.find(({ ok }) => ok) ??
      outcomes.find(({ why }) => !wrongChain.includes(why)) ??
      outcomes[0] ?? { ok: false, why: 'no chain' }
    );
  } catch (error) {
    if (error instanceof Malformed) return { ok: false, why: error.message };
    throw error;
  }
}
