/**
 * `assay attest tpm`: evidence that was made elsewhere. Either a whole request of the second round, or the challenge of
 * the first one together with a quote that answers it, piece by piece, as other tools export them.
 */
import type { KeyObject } from 'node:crypto';
import { type ExportedQuote, exportedEvidence, requestOver, TpmError } from '@assay/client';
import { type Bytes, Malformed } from '@assay/core';
import { decode, fromUtf8 } from '@assay/core/bytes';
import { algorithmName, claimedPcrs, PlatformClaim } from '@assay/core/tpm';
import { refuseOptions } from '../attest-options.ts';
import { CommandError, type Ending } from '../exit.ts';
import { evidenceBytes, readInput } from '../input.ts';
import { type SendOptions, tokenFor } from '../sending.ts';
import { type ContentsOptions, contentsOf } from '../tpm/contents.ts';
import { certificateIn, nodeKey, pcrsIn, publicKeyIn, requestKeyIn } from '../tpm/keys.ts';
import { challengeIn, requestIn } from '../tpm/request-file.ts';
import type { Terminal } from '../ui.ts';
import { adviceOn } from './tpm-attest.ts';

export interface AttestTpmOptions extends SendOptions, ContentsOptions {
  readonly attest?: string;
  readonly signature?: string;
  readonly pcrs?: string;
  readonly platformClaim?: string;
  readonly key?: string;
  readonly tcgLog?: string;
  readonly imaLog?: string;
  readonly aikCertificate?: string;
  readonly requestKey?: string;
}

export async function attestTpmCommand(file: string, options: AttestTpmOptions, terminal: Terminal): Promise<Ending> {
  refuseOptions('quotes', options, 'is for quotes of SGX: the TPM protocol has no place for it');
  const request = await requestFrom(file, options, terminal);
  return tokenFor(
    options,
    terminal,
    (client) => client.attestTpmRequest(request),
    (error) => adviceOn(error, options),
  );
}

async function requestFrom(file: string, options: AttestTpmOptions, terminal: Terminal): Promise<string> {
  const content = await readInput(terminal, file);
  const challenge = challengeIn(content, file);
  if (!challenge) return wholeRequest(content, file, options);
  try {
    const evidence = exportedEvidence(await piecesOf(options, terminal));
    const key = await signerOf(options, terminal);
    return await requestOver(evidence, key, challenge, contentsOf(options));
  } catch (cause) {
    if (cause instanceof TypeError) throw new CommandError('usage', cause.message, [], cause);
    if (cause instanceof TpmError) throw new CommandError('refused', cause.message, [], cause);
    throw cause;
  }
}

function wholeRequest(content: Bytes, file: string, options: AttestTpmOptions): string {
  const request = fromUtf8(requestIn(content), file);
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(request))
    throw new CommandError('refused', `${file} holds no request of the TPM protocol, and no challenge`, [
      'expected the second round’s request (a compact JWS), in its frame or alone, or a file of assay tpm challenge',
    ]);
  refuseOptions('request', options, `goes with a challenge: ${file} is a request that is signed already`);
  return request;
}

/** The quote that answers the challenge, out of the files that the command line names. */
async function piecesOf(options: AttestTpmOptions, terminal: Terminal): Promise<ExportedQuote> {
  const read = async (name: string): Promise<Bytes> => readInput(terminal, name);
  const { key, aikCertificate, tcgLog, imaLog } = options;
  const statement = await statementOf(options, terminal);
  const certificate = aikCertificate === undefined ? undefined : await certificateIn(aikCertificate, terminal);
  // A certificate has its key inside.
  const [keyFile, keyName] =
    key === undefined && certificate ? [certificate, aikCertificate ?? ''] : [undefined, required(key, '--key')];
  return {
    ...statement,
    key: nodeKey(publicKeyIn(keyFile ?? (await read(keyName)), keyName)),
    logs: [
      ...(tcgLog === undefined ? [] : [{ kind: 'TCG' as const, content: await read(tcgLog) }]),
      ...(imaLog === undefined ? [] : [{ kind: 'IMA' as const, content: await read(imaLog) }]),
    ],
    certificate,
  };
}

async function statementOf(
  { attest, signature, pcrs, platformClaim }: AttestTpmOptions,
  terminal: Terminal,
): Promise<Pick<ExportedQuote, 'attest' | 'signature' | 'pcrs'>> {
  const binary = async (name: string): Promise<Bytes> => evidenceBytes(await readInput(terminal, name), name);
  if (platformClaim !== undefined) {
    if (attest !== undefined || signature !== undefined || pcrs !== undefined)
      throw new CommandError('usage', '--platform-claim holds what --attest, --signature and --pcrs give');
    return claimed(await binary(platformClaim), platformClaim);
  }
  const values = required(pcrs, '--pcrs');
  return {
    attest: await binary(required(attest, '--attest')),
    signature: await binary(required(signature, '--signature')),
    pcrs: pcrsIn(await readInput(terminal, values), values),
  };
}

/** Windows' own wrapper, which NCryptCreateClaim gives. */
function claimed(file: Bytes, name: string): Pick<ExportedQuote, 'attest' | 'signature' | 'pcrs'> {
  try {
    const claim = decode(PlatformClaim, file);
    const pcrs = new Map([[algorithmName(claim.bank), claimedPcrs(claim, name)]]);
    return { attest: claim.quote, signature: claim.signature, pcrs };
  } catch (cause) {
    if (!(cause instanceof Malformed)) throw cause;
    throw new CommandError('refused', `${name} is no platform claim (TPLA): ${cause.message}`, [], cause);
  }
}

async function signerOf({ requestKey }: AttestTpmOptions, terminal: Terminal): Promise<KeyObject> {
  const key = await requestKeyIn(required(requestKey, '--request-key'), terminal);
  if (!('public' in key)) return key;
  throw new CommandError('usage', '--request-key: a key of a TPM signs inside it, which assay tpm attest does');
}

function required(value: string | undefined, flag: string): string {
  if (value !== undefined) return value;
  throw new CommandError('usage', `a challenge is answered by a quote in pieces: ${flag} is missing`, [
    'assay tpm quote writes what --attest, --signature, --key and --pcrs take; --request-key signs the request',
  ]);
}
