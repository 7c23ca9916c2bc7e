/**
 * The keys of one pinned issuer: found through its metadata (OpenID Connect Discovery 1.0 §4), kept for a while, asked
 * for again when a token names one that is not known, but not more often than the cool-down allows. Nothing that a
 * token says leads anywhere.
 */
import { type Fetch, getObject } from './http.ts';
import { member, shownJson } from './json.ts';
import { type PublishedKey, publishedKeys } from './jwks.ts';
import { KeysUnavailable } from './problem.ts';

export interface CacheOptions {
  /** How long fetched keys serve, in seconds. Default 600. */
  readonly maxAgeSeconds?: number;
  /** Shortest time between two fetches for the sake of unknown key ids, in seconds. Default 30. */
  readonly coolDownSeconds?: number;
}

export interface IssuerOptions {
  readonly issuer: string;
  readonly fetch: Fetch;
  readonly cache: CacheOptions;
  readonly timeoutMs: number;
  /** The clock that the cache lives by, in milliseconds from anywhere. */
  readonly clock: () => number;
}

/** @returns what answers with all keys of one id */
export function issuerKeys(options: IssuerOptions): (kid: string) => Promise<readonly PublishedKey[]> {
  const { cache, clock } = options;
  const { maxAgeSeconds = 600, coolDownSeconds = 30 } = cache;
  let held: readonly PublishedKey[] | undefined;
  let heldSince = 0;
  let lastAsked = 0;
  let flight: Promise<readonly PublishedKey[]> | undefined;

  async function ask(): Promise<readonly PublishedKey[]> {
    lastAsked = clock();
    try {
      held = await fetchKeys(options);
      heldSince = clock();
      return held;
    } finally {
      flight = undefined;
    }
  }

  /** All who ask at the same time share one fetch. */
  function refresh(): Promise<readonly PublishedKey[]> {
    flight ??= ask();
    return flight;
  }

  return async (kid) => {
    const fresh = held && clock() - heldSince < maxAgeSeconds * 1000 ? held : undefined;
    const known = (fresh ?? (await refresh())).filter((key) => key.kid === kid);
    if (known.length > 0 || !fresh || clock() - lastAsked < coolDownSeconds * 1000) return known;
    return (await refresh()).filter((key) => key.kid === kid);
  };
}

async function fetchKeys({ issuer, fetch, timeoutMs }: IssuerOptions): Promise<readonly PublishedKey[]> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const metadata = await getObject(fetch, address, timeoutMs);
  const named = member(metadata, 'issuer');
  if (named !== issuer)
    throw new KeysUnavailable(`${address} is the metadata of ${shownJson(named)}, expected ${issuer}`);
  const jwks = member(metadata, 'jwks_uri');
  if (typeof jwks !== 'string' || !URL.canParse(jwks) || new URL(jwks).origin !== new URL(issuer).origin)
    throw new KeysUnavailable(`${address} names ${shownJson(jwks)} as jwks_uri, expected an address at ${issuer}`);
  return publishedKeys(await getObject(fetch, jwks, timeoutMs), jwks);
}
