/** Evidence that other tools made and wrote to files, in the form that the service takes. */
import type { KeyObject } from 'node:crypto';
import { type Bytes, base64url, decode } from '@assay/core/bytes';
import { algorithmName, indicesOf, Quote } from '@assay/core/tcg';
import { TpmError } from './error.ts';
import type { PlatformEvidence } from './evidence.ts';
import type { PublicJwk } from './jwk.ts';
import type { LogKind } from './logs.ts';

/** A quote with all that it is judged by. */
export interface ExportedQuote {
  /** TPMS_ATTEST. */
  readonly attest: Bytes;
  /** TPMT_SIGNATURE. */
  readonly signature: Bytes;
  /** The attestation key's public half. */
  readonly key: KeyObject;
  /** Values by bank (`sha256`) and index. Those that are not quoted are left out. */
  readonly pcrs: ReadonlyMap<string, ReadonlyMap<number, Bytes>>;
  /** In the order in which they were measured. */
  readonly logs: readonly { readonly kind: LogKind; readonly content: Bytes }[];
  /** Certificate of the attestation key, DER. */
  readonly certificate?: Bytes | undefined;
}

/**
 * Puts the pieces together: the values in the order of the quote, as the protocol wants them.
 * @throws {Malformed} when the statement is no quote
 * @throws {TpmError} `Unfit` when a quoted value is missing
 */
export function exportedEvidence({ attest, signature, key, pcrs, logs, certificate }: ExportedQuote): PlatformEvidence {
  const { selection } = decode(Quote, attest).attested;
  return {
    logs: logs.map(({ kind, content }) => ({ type: kind, log: base64url(content) })),
    ...(certificate && { aik_cert: base64url(certificate) }),
    aik_pub: publicJwk(key),
    pcrs: selection.map((one) => ({
      algorithm: one.hash,
      values: indicesOf(one).map((index) => {
        const bank = algorithmName(one.hash);
        const digest = pcrs.get(bank)?.get(index);
        if (!digest)
          throw new TpmError(
            'Unfit',
            `the value of PCR ${index} of the bank ${bank} is missing, which the quote covers`,
          );
        return { index, digest: base64url(digest) };
      }),
    })),
    quote: base64url(attest),
    signature: base64url(signature),
  };
}

function publicJwk(key: KeyObject): PublicJwk {
  const { kty, n, e, crv, x, y } = key.export({ format: 'jwk' }) as Record<string, string>;
  return kty === 'RSA'
    ? { kty, n: n as string, e: e as string }
    : { kty: 'EC', crv: crv as string, x: x as string, y: y as string };
}
