/**
 * Expectations of an SGX enclave: who it is, who signed it, how new it is, and what data it bound. Only claims of the
 * service itself (`x-ms-sgx-*`) are looked at, never those that a policy issues.
 */
import { createHash } from 'node:crypto';
import { claimNames, sgxClaimNames } from '../claims.ts';
import { type JsonObject, member } from '../json.ts';
import { type Problem, problem } from '../problem.ts';
import type { Expectation } from './expectation.ts';
import { listOf, type OneOf } from './one-of.ts';

/** At least one of `mrenclave` and `mrsigner` must be given: without them the enclave may be anybody's. */
export interface SgxExpectation {
  /** Measurement of the enclave's code: 64 hexadecimal digits. */
  readonly mrenclave?: OneOf<string>;
  /** SHA-256 of the public key that signed the enclave: 64 hexadecimal digits. One signer may sign many products. */
  readonly mrsigner?: OneOf<string>;
  readonly productId?: OneOf<number>;
  /** Lowest security version accepted. */
  readonly minimumSvn?: number;
  /** `true` accepts debuggable enclaves too, whose memory the host can read. Default false. */
  readonly debuggable?: boolean;
  /** Data that the enclave bound: its SHA-256 must stand in the first 32 bytes of the report data. */
  readonly runtimeData?: Uint8Array;
  /** Status of the platform, where the service tells it (claim `x-assay-tcb-status`): such as `UpToDate`. */
  readonly tcbStatuses?: OneOf<string>;
}

/**
 * @throws {TypeError} for an expectation that names nobody, or values that no token could have
 */
export function sgx(expected: SgxExpectation): Expectation {
  const identities = {
    mrenclave: measurements('mrenclave', expected.mrenclave),
    mrsigner: measurements('mrsigner', expected.mrsigner),
  };
  if (!identities.mrenclave && !identities.mrsigner)
    throw new TypeError('an SGX expectation needs mrenclave or mrsigner: without them it accepts any enclave');
  const productIds = numbers('productId', expected.productId);
  const minimumSvn = numbers('minimumSvn', expected.minimumSvn)?.[0];
  const statuses = listOf(expected.tcbStatuses);
  const bound = expected.runtimeData && createHash('sha256').update(expected.runtimeData).digest('hex');

  return {
    problems(claims) {
      const look = inspector(claims);
      look(claimNames.attestationType, 'sgx.type', 'the evidence is not of an SGX enclave', 'sgx', (v) => v === 'sgx');
      for (const name of ['mrenclave', 'mrsigner'] as const) {
        const want = identities[name];
        if (want) look(sgxClaimNames[name], `sgx.${name}`, `${name} is another`, want, oneOf(want));
      }
      if (productIds)
        look(sgxClaimNames.productId, 'sgx.product-id', 'the product id is another', productIds, oneOf(productIds));
      if (minimumSvn !== undefined) {
        const enough = (v: unknown): boolean => typeof v === 'number' && v >= minimumSvn;
        look(sgxClaimNames.svn, 'sgx.svn', 'the security version is too low', `at least ${minimumSvn}`, enough);
      }
      const debug = expected.debuggable ? oneOf([true, false]) : (v: unknown): boolean => v === false;
      look(sgxClaimNames.debuggable, 'sgx.debuggable', 'the enclave can be debugged', false, debug);
      if (bound !== undefined) {
        const binds = (v: unknown): boolean =>
          typeof v === 'string' && /^[0-9a-f]{128}$/.test(v) && v.startsWith(bound);
        const message = 'the enclave bound other data: the report data does not begin with its SHA-256';
        look(sgxClaimNames.reportData, 'sgx.runtime-data', message, bound, binds);
      }
      if (statuses)
        look(claimNames.tcbStatus, 'sgx.tcb-status', 'the platform has another status', statuses, oneOf(statuses));
      return look.problems;
    },
  };
}

interface Inspector {
  (name: string, code: `sgx.${string}`, message: string, expected: unknown, holds: (found: unknown) => boolean): void;
  readonly problems: readonly Problem[];
}

function inspector(claims: JsonObject): Inspector {
  const problems: Problem[] = [];
  const look = (
    name: string,
    code: `sgx.${string}`,
    message: string,
    expected: unknown,
    holds: (v: unknown) => boolean,
  ) => {
    const found = member(claims, name);
    if (holds(found)) return;
    problems.push(problem(code, found === undefined ? `the token has no claim «${name}»` : message, expected, found));
  };
  return Object.assign(look, { problems });
}

const oneOf =
  (wanted: readonly unknown[]) =>
  (found: unknown): boolean =>
    wanted.includes(found);

function measurements(name: string, value: OneOf<string> | undefined): readonly string[] | undefined {
  const list = listOf(value);
  if (list?.length === 0) throw new TypeError(`${name} is an empty list: it would refuse every enclave`);
  for (const item of list ?? [])
    if (!/^[0-9a-fA-F]{64}$/.test(item)) throw new TypeError(`${name} takes 64 hexadecimal digits, not «${item}»`);
  return list?.map((item) => item.toLowerCase());
}

function numbers(name: string, value: OneOf<number> | undefined): readonly number[] | undefined {
  const list = listOf(value);
  for (const item of list ?? [])
    if (!(Number.isInteger(item) && item >= 0 && item <= 0xffff))
      throw new TypeError(`${name} takes an integer from 0 to 65535, not ${item}`);
  return list;
}
