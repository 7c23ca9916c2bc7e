/**
 * One configured source that is asked over the network. An answer is what core vouches for and the clock lets be used, or
 * a failure with its reason: nothing else comes out of here.
 */
import { type Bytes, type NeedName, Refusal } from '@assay/core';
import {
  nameOfPublished,
  type Published,
  type VouchedItem,
  type VouchingGround,
  vouchCollateral,
} from '@assay/core/intel';
import { type DialectOptions, dialectOf, issuersIn } from './dialect.ts';
import { doorTo, type Reach } from './door.ts';
import { CollateralFailure, failureOf } from './failure.ts';
import { type PatienceOptions, patience } from './patience.ts';

export interface RemoteOptions extends DialectOptions, Reach, PatienceOptions {
  /** What logs and metrics call it. */
  readonly name: string;
  /** TCB info and QE identity that are past their nextUpdate are taken: Azure serves baselines that were frozen. */
  readonly frozen?: boolean;
}

/** What a remote source gave, and core vouched for. */
interface Fetched {
  readonly vouched: VouchedItem;
  /** Exactly as served. */
  readonly bytes: Bytes;
  /** The chain that signs it, PEM; absent for the root CRL. */
  readonly issuers: Bytes | undefined;
}

export interface Remote {
  readonly name: string;
  /**
   * Asks the source, unless it cannot be asked now or does not have such things.
   * @param held issuers at hand, for answers that come without
   * @returns undefined when it was not asked
   * @throws {CollateralFailure}
   */
  readonly ask: (
    published: Published,
    ground: VouchingGround,
    held: (name: NeedName, bytes: Bytes) => Bytes | undefined,
  ) => Promise<Fetched | undefined>;
  readonly close: () => void;
}

/** @throws {AttestError} ConfigurationInvalid */
export function remote(options: RemoteOptions): Remote {
  const { name, update, frozen = false, now } = options;
  const addressOf = dialectOf(options);
  const door = doorTo(options, now);
  const { allows, succeeded, failed } = patience(options);

  async function answerTo(published: Published, url: URL, ground: VouchingGround, held: HeldIssuers): Promise<Fetched> {
    const answer = await door.get(url);
    const bytes = answer.body;
    const isRootCrl = published.kind === 'crl' && published.of === 'root';
    const issuers = isRootCrl
      ? undefined
      : (issuersIn(answer, published.kind) ?? held(nameOfPublished(published), bytes));
    if (!isRootCrl && !issuers) throw new CollateralFailure('no-issuers', 'it comes without its issuer chain');
    const vouched = vouch(published, bytes, issuers, ground);
    const { evaluation, usable, chainUntil } = vouched;
    if (evaluation !== undefined && typeof update === 'number' && evaluation !== update)
      throw new CollateralFailure('evaluation', `it is of evaluation ${evaluation}, asked for ${update}`);
    const time = now().getTime();
    if (usable.from > time) throw new CollateralFailure('not-begun', `it begins at ${textOf(usable.from)}`);
    // Its own end may be passed over, never that of the certificates that sign it.
    const end = frozen && published.kind !== 'crl' ? chainUntil : usable.until;
    if (end < time) throw new CollateralFailure('stale', `it ended at ${textOf(end)}`);
    return { vouched, bytes, issuers };
  }

  return {
    name,
    async ask(published, ground, held) {
      const item = nameOfPublished(published);
      const url = addressOf(published);
      if (!url || !allows(item)) return undefined;
      try {
        const fetched = await answerTo(published, url, ground, held);
        succeeded(item);
        return fetched;
      } catch (error) {
        // Whatever it was: who was allowed to ask reports how it went.
        const failure = error instanceof CollateralFailure ? error : undefined;
        failed(item, failure ?? { says: 'wrong', waitMilliseconds: undefined });
        throw error;
      }
    },
    close: door.close,
  };
}

type HeldIssuers = Parameters<Remote['ask']>[2];

function vouch(published: Published, bytes: Bytes, issuers: Bytes | undefined, ground: VouchingGround): VouchedItem {
  try {
    return vouchCollateral(published, bytes, issuers ?? new Uint8Array(), ground);
  } catch (error) {
    throw error instanceof Refusal ? failureOf(error) : error;
  }
}

const textOf = (time: number): string => new Date(time).toISOString().replace('.000Z', 'Z');
