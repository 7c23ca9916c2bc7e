/**
 * What the service wants to know about a machine: a fresh quote with the values it covers, the logs that explain them,
 * and the attestation key (Azure Attestation, TPM protocol, `attReqV2`: `current_attestation`).
 */
import { type Bytes, base64url } from '@assay/core/bytes';
import { algorithm } from '@assay/core/tcg';
import { jwkOf, type PublicJwk } from './jwk.ts';
import type { TpmKey } from './keys.ts';
import { type LogKind, readLog } from './logs.ts';
import { type PcrChoice, selectionsFor } from './pcrs.ts';
import { quotePcrs } from './statements.ts';
import type { Tpm } from './tpm.ts';

/** A log: in hand, or where it is to be read after quoting. */
export type LogSource =
  | { readonly kind: LogKind; readonly path?: string }
  | { readonly kind: LogKind; readonly content: Bytes };

/** As it stands on the wire. Kept before hibernation, it can be sent later as `bootAttestation`. */
export interface PlatformEvidence {
  readonly logs: readonly { readonly type: LogKind; readonly log: string }[];
  readonly aik_cert?: string;
  readonly aik_pub: PublicJwk;
  readonly pcrs: readonly {
    readonly algorithm: number;
    readonly values: readonly { readonly index: number; readonly digest: string }[];
  }[];
  readonly quote: string;
  readonly signature: string;
}

export interface PlatformOptions {
  /** Default: all PCRs of the bank SHA-256. */
  readonly pcrs?: readonly PcrChoice[];
  /** In the order in which they were measured. Default: the log of the boot, where Linux shows it. */
  readonly logs?: readonly LogSource[];
  /** Certificate of the attestation key, DER. */
  readonly certificate?: Bytes | undefined;
}

/**
 * @param extraData what the quote is to carry
 * @throws {TpmError}
 */
export async function platformEvidence(
  tpm: Tpm,
  key: TpmKey,
  extraData: Bytes,
  { pcrs = [{ bank: 'sha256' }], logs = [{ kind: 'TCG' }], certificate }: PlatformOptions = {},
): Promise<PlatformEvidence> {
  const quoted = await quotePcrs(tpm, key, await selectionsFor(tpm, pcrs), extraData);
  // Logs that grow may be longer than the quote, never shorter.
  const read: { type: LogKind; log: string }[] = [];
  for (const source of logs) {
    const content = 'content' in source ? source.content : await readLog(source.kind, source.path);
    read.push({ type: source.kind, log: base64url(content) });
  }
  return {
    logs: read,
    ...(certificate && { aik_cert: base64url(certificate) }),
    aik_pub: jwkOf(key.area),
    pcrs: quoted.pcrs.map(({ bank, values }) => ({
      algorithm: algorithm[bank],
      values: values.map(({ index, digest }) => ({ index, digest: base64url(digest) })),
    })),
    quote: base64url(quoted.attest),
    signature: base64url(quoted.signature),
  };
}
