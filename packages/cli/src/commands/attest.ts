/** `assay attest`: evidence to a service, and its token back. Whether to believe the token is for `assay verify`. */
import { writeFile } from 'node:fs/promises';
import { type AttestationClient, AttestationError, type AttestOptions, attestationClient } from '@assay/client';
import { isObject, type Json, type JsonObject, reasonOf } from '@assay/core';
import { fromUtf8 } from '@assay/core/bytes';
import { CommandError, type Ending, withRemedy } from '../exit.ts';
import { evidenceBytes, readInput } from '../input.ts';
import { ownWords, remedyOf } from '../refusal.ts';
import { printTree } from '../tree.ts';
import { printJson, type Terminal, waitingFor } from '../ui.ts';

export interface AttestCommandOptions {
  readonly server: string;
  readonly runtimeData?: string;
  readonly runtimeDataType: 'Binary' | 'JSON';
  readonly nonce?: string;
  readonly draftPolicy?: string;
  readonly ca?: string;
  readonly allowHttp?: true;
  readonly appraisal?: true;
  readonly output?: string;
  readonly json?: true;
}

export async function attestCommand(
  kind: 'sgx' | 'openenclave',
  file: string,
  options: AttestCommandOptions,
  terminal: Terminal,
): Promise<Ending> {
  const read = (name: string): Promise<Uint8Array> => readInput(terminal, name);
  const evidence = evidenceBytes(await read(file), file);
  const wanted: AttestOptions = {
    ...(options.runtimeData !== undefined && {
      runtimeData: { data: await read(options.runtimeData), kind: options.runtimeDataType },
    }),
    ...(options.draftPolicy !== undefined && {
      draftPolicy: fromUtf8(await read(options.draftPolicy), options.draftPolicy),
    }),
    ...(options.nonce !== undefined && { nonce: options.nonce }),
  };
  const ca = options.ca === undefined ? undefined : fromUtf8(await read(options.ca), options.ca);
  const client = clientOf(options, ca);
  const send = kind === 'sgx' ? client.attestSgxEnclave : client.attestOpenEnclave;
  try {
    const { token, appraisalId } = await waitingFor(terminal, options.server, send(evidence, wanted));
    const appraisal = options.appraisal ? await fetchAppraisal(client, appraisalId) : undefined;
    await hand(token, appraisalId, appraisal, options, terminal);
    return 'passed';
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error;
    const appraisal = options.appraisal
      ? await fetchAppraisal(client, error.appraisalId).catch(() => undefined)
      : undefined;
    if (options.json) {
      printJson(terminal, { outcome: endingOf(error), error: detailsOf(error), ...(appraisal && { appraisal }) });
      return endingOf(error);
    }
    if (appraisal) printTree(terminal.err, appraisal);
    const { message, hints } = withRemedy(ownWords(error.message), remedyOf(error.check));
    throw new CommandError(endingOf(error), message, [...hints, ...hintsOn(error, options)], error);
  }
}

function clientOf({ server, allowHttp }: AttestCommandOptions, ca: string | undefined): AttestationClient {
  try {
    return attestationClient({
      // A person waits: a service that asks for more than this is reported instead.
      retry: { retries: 2, firstDelayMs: 500, longestDelayMs: 5000 },
      endpoint: server,
      allowInsecureConnection: allowHttp === true,
      ...(ca !== undefined && { ca }),
    });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new CommandError('usage', `--server: ${cause.message}`, [], cause);
  }
}

/** The appraisal that a service kept, in its closed form. */
export async function fetchAppraisal(
  client: Pick<AttestationClient, 'getAppraisal'>,
  id: string | undefined,
): Promise<JsonObject | undefined> {
  if (id === undefined) return undefined;
  const kept = (await client.getAppraisal(id)) as { readonly appraisal?: Json } | null;
  const appraisal = kept?.appraisal;
  return isObject(appraisal) ? appraisal : undefined;
}

async function hand(
  token: string,
  appraisalId: string | undefined,
  appraisal: JsonObject | undefined,
  { output, json }: AttestCommandOptions,
  terminal: Terminal,
): Promise<void> {
  if (output !== undefined)
    await writeFile(output, `${token}\n`).catch((cause: unknown) => {
      throw new CommandError('usage', `${output} cannot be written: ${reasonOf(cause)}`, [], cause);
    });
  if (json) {
    printJson(terminal, {
      outcome: 'accepted',
      token,
      ...(appraisalId !== undefined && { appraisalId }),
      ...(appraisal && { appraisal }),
    });
    return;
  }
  if (appraisal) printTree(terminal.err, appraisal);
  if (appraisalId !== undefined) terminal.err.line(terminal.err.paint.dim(`appraisal ${appraisalId}`));
  terminal.out.line(output ?? token);
}

/** What the service says by its status: refused evidence, or a service that cannot answer now. */
function endingOf({ code, status }: AttestationError): Exclude<Ending, 'passed'> {
  if (status === undefined) return 'unavailable';
  return status >= 500 || status === 429 || status === 408 || code === 'AnswerInvalid' ? 'unavailable' : 'refused';
}

function detailsOf({
  code,
  message,
  status,
  check,
  appraisalId,
  retryAfterSeconds,
}: AttestationError): Record<string, unknown> {
  return { code, message, status, check, appraisalId, retryAfterSeconds };
}

function hintsOn(
  { code, message, check, appraisalId, retryAfterSeconds }: AttestationError,
  { ca, appraisal }: AttestCommandOptions,
): readonly string[] {
  return [
    ...(code === 'Unreachable' && ca === undefined && /certificate|CA\b/i.test(message)
      ? ['--ca names the roots to trust: a service with a development CA prints its path']
      : []),
    ...(check === 'intel.pck.path'
      ? ['simulated evidence is for a service that believes its root: assay serve --insecure-anchors']
      : []),
    ...(retryAfterSeconds === undefined ? [] : [`the service asks to be tried again after ${retryAfterSeconds} s`]),
    ...(appraisalId === undefined || appraisal
      ? []
      : [`--appraisal shows every check; this one is kept as ${appraisalId}`]),
  ];
}
