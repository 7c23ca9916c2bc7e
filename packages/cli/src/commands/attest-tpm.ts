/**
 * `assay attest tpm`: evidence that was made elsewhere. Either a whole request of the second round, or the challenge of
 * the first one together with a quote that answers it, piece by piece, as other tools export them.
 */
import { exportedEvidence, requestOver, TpmError } from '@assay/client';
import { fromUtf8 } from '@assay/core/bytes';
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
  readonly key?: string;
  readonly pcrs?: string;
  readonly tcgLog?: string;
  readonly imaLog?: string;
  readonly aikCertificate?: string;
  readonly requestKey?: string;
}

export async function attestTpmCommand(file: string, options: AttestTpmOptions, terminal: Terminal): Promise<Ending> {
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
  if (!challenge) {
    if (options.attest !== undefined)
      throw new CommandError(
        'usage',
        `${file} is no file of assay tpm challenge: a quote needs the challenge it answers`,
      );
    const request = fromUtf8(requestIn(content), file);
    if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(request)) return request;
    throw new CommandError('refused', `${file} holds no request of the TPM protocol`, [
      'expected the second round’s request (a compact JWS), in its frame or alone, or a file of assay tpm challenge',
    ]);
  }
  const given = (flag: 'attest' | 'signature' | 'key' | 'pcrs' | 'requestKey'): string => {
    const name = options[flag];
    if (name !== undefined) return name;
    const spelt = flag === 'requestKey' ? 'request-key' : flag;
    throw new CommandError('usage', `a challenge is answered by a quote in pieces: --${spelt} is missing`, [
      'assay tpm quote writes --attest, --signature, --key and --pcrs; --request-key signs the request',
    ]);
  };
  const read = async (name: string): Promise<Uint8Array> => readInput(terminal, name);
  const binary = async (name: string): Promise<Uint8Array> => evidenceBytes(await read(name), name);
  const requestKey = await requestKeyIn(given('requestKey'), terminal);
  if ('public' in requestKey)
    throw new CommandError('usage', '--request-key: a key of a TPM signs inside it, which assay tpm attest does');
  try {
    const evidence = exportedEvidence({
      attest: await binary(given('attest')),
      signature: await binary(given('signature')),
      key: nodeKey(publicKeyIn(await read(given('key')), given('key'))),
      pcrs: pcrsIn(await read(given('pcrs')), given('pcrs')),
      logs: [
        ...(options.tcgLog === undefined ? [] : [{ kind: 'TCG' as const, content: await read(options.tcgLog) }]),
        ...(options.imaLog === undefined ? [] : [{ kind: 'IMA' as const, content: await read(options.imaLog) }]),
      ],
      certificate:
        options.aikCertificate === undefined ? undefined : await certificateIn(options.aikCertificate, terminal),
    });
    return await requestOver(evidence, requestKey, challenge, contentsOf(options));
  } catch (cause) {
    if (cause instanceof TypeError) throw new CommandError('usage', cause.message, [], cause);
    if (cause instanceof TpmError) throw new CommandError('refused', cause.message, [], cause);
    throw cause;
  }
}
