/**
 * A published key set (RFC 7517). Azure Attestation's entries have only `kid`, `kty` and a certificate (`x5c`), which
 * the key is taken from; other issuers publish the numbers of the key. Entries that are of no use are left out.
 */
import { type CryptoKey, importJWK, importX509, type JWK } from 'jose';
import type { Chain } from './certificate.ts';
import type { Algorithm } from './header.ts';
import { isObject, type JsonObject, member } from './json.ts';
import { KeysUnavailable } from './problem.ts';

/** One published key. */
export interface PublishedKey {
  readonly kid: string;
  /** As they are published (`x5c`), the key's own first; none where the key is published by its numbers. */
  readonly certificates: Chain;
  /**
   * The key, ready to verify one algorithm with.
   * @returns nothing when it is not a key of that algorithm
   */
  readonly for: (algorithm: Algorithm) => Promise<CryptoKey | undefined>;
}

/** Most keys read of one set. Azure publishes about 20. */
const mostKeys = 256;

/**
 * @throws {KeysUnavailable} when there is no list of keys, or an absurdly long one
 */
export function publishedKeys(set: JsonObject, url: string): readonly PublishedKey[] {
  const keys = member(set, 'keys');
  if (!Array.isArray(keys) || keys.length > mostKeys)
    throw new KeysUnavailable(`${url} holds no list of at most ${mostKeys} keys`);
  return keys.flatMap((entry: unknown) => (isObject(entry) ? publishedKey(entry) : []));
}

function publishedKey(entry: JsonObject): PublishedKey[] {
  const kid = member(entry, 'kid');
  const use = member(entry, 'use');
  const only = member(entry, 'alg');
  const operations = member(entry, 'key_ops') ?? ['verify'];
  if (typeof kid !== 'string' || (use !== undefined && use !== 'sig')) return [];
  if (!Array.isArray(operations) || !operations.includes('verify')) return [];
  const imported = new Map<Algorithm, Promise<CryptoKey | undefined>>();
  return [
    {
      kid,
      certificates: chainOf(entry),
      for(algorithm) {
        if (only !== undefined && only !== algorithm) return Promise.resolve(undefined);
        const key = imported.get(algorithm) ?? load(entry, algorithm).catch(() => undefined);
        imported.set(algorithm, key);
        return key;
      },
    },
  ];
}

async function load(entry: JsonObject, algorithm: Algorithm): Promise<CryptoKey | undefined> {
  const key = await keyOf(entry, algorithm);
  if (key instanceof Uint8Array || key.type !== 'public') return undefined;
  const { modulusLength = fewestRsaBits } = key.algorithm as { readonly modulusLength?: number };
  return modulusLength < fewestRsaBits ? undefined : key;
}

/** Shorter RSA keys are not believed (RFC 7518 §3.3). Azure Attestation signed with 1024 bits until 2021. */
const fewestRsaBits = 2048;

function keyOf(entry: JsonObject, algorithm: Algorithm): Promise<CryptoKey | Uint8Array> {
  const [leaf] = chainOf(entry);
  if (leaf === undefined) return importJWK(entry as JWK, algorithm);
  // Only the key is of interest: what makes it trustworthy is the issuer who publishes it, not who signed the certificate.
  return importX509(`-----BEGIN CERTIFICATE-----\n${leaf}\n-----END CERTIFICATE-----\n`, algorithm);
}

function chainOf(entry: JsonObject): Chain {
  const chain = member(entry, 'x5c');
  return Array.isArray(chain) && chain.every((one) => typeof one === 'string') ? chain : [];
}
