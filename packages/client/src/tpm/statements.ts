/** What a TPM signs: the values of its PCRs, the presence of a key, and digests from outside. */
import { type Bytes, decode } from '@assay/core/bytes';
import {
  algorithm,
  type Bank,
  bankOf,
  commands,
  type Public,
  Quote,
  type Selection,
  type Signature,
} from '@assay/core/tcg';
import { TpmError } from './error.ts';
import type { TpmKey } from './keys.ts';
import { areQuoted, type BankValues, readPcrs } from './pcrs.ts';
import type { Tpm } from './tpm.ts';

/** A statement with its signature. */
export interface Statement {
  /** TPMS_ATTEST. */
  readonly attest: Bytes;
  /** TPMT_SIGNATURE. */
  readonly signature: Bytes;
}

/** A quote, and the values it covers: the banks in the quote's order. */
export interface QuotedPcrs extends Statement {
  readonly pcrs: readonly BankValues[];
}

/** The key's own scheme. */
const byKey = { scheme: algorithm.none, hash: undefined };
/** TPMT_TK_HASHCHECK of nothing: the TPM did not hash what it signs. */
const notHashedHere = { tag: 0x8024, hierarchy: 0x4000_0007, digest: new Uint8Array(0) };
/** How often a quote is made anew because PCRs were extended before they were read. */
const tries = 5;

/** @param extraData a challenge, at most 64 bytes @throws {TpmError} */
export async function quote(
  tpm: Tpm,
  key: TpmKey,
  selection: readonly Selection[],
  extraData: Bytes,
): Promise<Statement> {
  const { value } = await tpm.call(commands.quote, { extraData, scheme: byKey, selection }, [key.handle]);
  return { attest: value.attest, signature: value.signature.raw };
}

/**
 * A quote together with the very values that it covers.
 * @throws {TpmError} `Unfit` when the PCRs do not hold still, or the TPM quotes others than were asked for
 */
export async function quotePcrs(
  tpm: Tpm,
  key: TpmKey,
  selection: readonly Selection[],
  extraData: Bytes,
): Promise<QuotedPcrs> {
  const hash = schemeHash(key.area);
  for (let tried = 0; tried < tries; tried++) {
    const statement = await quote(tpm, key, selection, extraData);
    const { attested } = quoteIn(statement);
    // What was quoted decides, not what was asked for: banks that are off are quoted as if nothing had been selected.
    const pcrs = await readPcrs(tpm, attested.selection);
    if (pcrs.every((bank) => bank.values.length === 0)) throw new TpmError('Unfit', 'the TPM quoted no PCR at all');
    if (areQuoted(pcrs, attested.pcrDigest, hash)) return { ...statement, pcrs };
  }
  throw new TpmError('Unfit', `the PCRs changed between quoting and reading, ${tries} times over`);
}

function quoteIn({ attest }: Statement): Quote {
  try {
    return decode(Quote, attest);
  } catch (cause) {
    throw new TpmError('Nonsense', 'TPM2_Quote: the TPM signed something that is no quote', {
      command: commands.quote.name,
      cause,
    });
  }
}

/** The hash of the scheme that a key signs with. @throws {TpmError} `Unfit` when it has none of its own */
function schemeHash(area: Public): Bank {
  const hash = 'scheme' in area && area.scheme.hash !== undefined ? bankOf(area.scheme.hash) : undefined;
  if (!hash) throw new TpmError('Unfit', 'the attestation key has no scheme of its own');
  return hash;
}

/** That an object is in the same TPM as the key that says so. @param extraData a challenge @throws {TpmError} */
export async function certify(tpm: Tpm, object: TpmKey, key: TpmKey, extraData: Bytes): Promise<Statement> {
  const { value } = await tpm.call(commands.certify, { extraData, scheme: byKey }, [object.handle, key.handle]);
  return { attest: value.attest, signature: value.signature.raw };
}

/**
 * A signature over a digest that was made outside.
 * @throws {TpmError} `TICKET` for restricted keys
 */
export async function signDigest(tpm: Tpm, key: TpmKey, digest: Bytes): Promise<Signature> {
  const { value } = await tpm.call(commands.sign, { digest, scheme: byKey, validation: notHashedHere }, [key.handle]);
  return value.signature.value;
}
