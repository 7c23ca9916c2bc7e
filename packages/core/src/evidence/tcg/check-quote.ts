/** Whether a quote holds, told part by part: for tools. The protocol's verifier asks for more, and stops at the first no. */
import { type Bytes, decode, equal } from '../../bytes/index.ts';
import type { PublicKey } from '../../crypto/index.ts';
import { algorithm, algorithmName, bankOf } from './algorithms.ts';
import { Quote } from './attest.ts';
import { type PcrValues, pcrDigest, selectedPcrs } from './pcrs.ts';
import { Signature } from './signature.ts';
import { signatureProblem } from './verify-signature.ts';

export interface CheckedQuote {
  readonly quote: Quote;
  /** `RSASSA/sha256` */
  readonly scheme: string;
  readonly signature: boolean;
  /** What is wrong with the signature. */
  readonly problem?: string;
  /** Whether the values are those quoted; null where none were given. */
  readonly pcrDigest: boolean | null;
  readonly extraData: boolean | null;
  /** Banks in the order of the selection, with their PCRs. */
  readonly selection: readonly (readonly [bank: string, indices: readonly number[]])[];
  /** Values that were given and are not quoted: `sha256:7`. */
  readonly ignored: readonly string[];
}

const schemeNames: ReadonlyMap<number, string> = new Map([
  [algorithm.rsaSsa, 'RSASSA'],
  [algorithm.rsaPss, 'RSAPSS'],
  [algorithm.ecdsa, 'ECDSA'],
]);

/**
 * @param attest TPMS_ATTEST
 * @param signatureBytes TPMT_SIGNATURE
 * @throws {Malformed} when either does not read
 */
export function checkQuote(
  attest: Bytes,
  signatureBytes: Bytes,
  key: PublicKey,
  given: { readonly pcrs?: PcrValues | undefined; readonly extraData?: Bytes | undefined } = {},
): CheckedQuote {
  const quote = decode(Quote, attest);
  const signature = decode(Signature, signatureBytes);
  const problem = signatureProblem(signature, key, attest);
  const hash = bankOf(signature.value.hash);
  const { selection } = quote.attested;
  const selected = selectedPcrs(selection);
  const { pcrs, extraData } = given;
  const found = pcrs && hash && pcrDigest(selection, pcrs, hash);
  const wanted = new Set(selected.map(({ bank, index }) => `${bank}:${index}`));
  return {
    quote,
    scheme: `${schemeNames.get(signature.scheme) ?? algorithmName(signature.scheme)}/${algorithmName(signature.value.hash)}`,
    signature: problem === undefined,
    ...(problem !== undefined && { problem }),
    pcrDigest: pcrs ? found !== undefined && equal(found, quote.attested.pcrDigest) : null,
    extraData: extraData ? equal(extraData, quote.extraData) : null,
    selection: selection.map(({ hash: id }) => {
      const bank = algorithmName(id);
      return [bank, selected.flatMap((one) => (one.bank === bank ? [one.index] : []))] as const;
    }),
    ignored: [...(pcrs ?? [])].flatMap(([bank, values]) =>
      [...values.keys()].map((index) => `${bank}:${index}`).filter((name) => !wanted.has(name)),
    ),
  };
}
