/** What all commands that send evidence have in common: the client, the token handed over, and refusals in words. */
import { type AttestationClient, AttestationError, type Attested, attestationClient } from '@assay/client';
import { isObject, type Json, type JsonObject } from '@assay/core';
import { fromUtf8 } from '@assay/core/bytes';
import { checkRows } from './checks.ts';
import { CommandError, type Ending, withRemedy } from './exit.ts';
import { readInput } from './input.ts';
import { requireWritable, writeOutput } from './output.ts';
import { ownWords, remedyOf } from './refusal.ts';
import { inWords } from './tpm/machine.ts';
import { printTree } from './tree.ts';
import { asLine, printJson, type Terminal, waitingFor } from './ui.ts';

export interface ServerOptions {
  readonly server: string;
  readonly ca?: string;
  readonly allowHttp?: true;
  /** File with the bearer token. */
  readonly bearerFile?: string;
}

export interface SendOptions extends ServerOptions {
  readonly appraisal?: true;
  readonly output?: string;
  readonly json?: true;
}

/** @throws {CommandError} usage */
export async function clientFor(options: ServerOptions, terminal: Terminal): Promise<AttestationClient> {
  const { server, allowHttp } = options;
  const ca = options.ca === undefined ? undefined : fromUtf8(await readInput(terminal, options.ca), options.ca);
  const token = await bearerOf(options, terminal);
  try {
    return attestationClient({
      // A person waits: a service that asks for more than this is reported instead.
      retry: { retries: 2, firstDelayMs: 500, longestDelayMs: 5000 },
      endpoint: server,
      allowInsecureConnection: allowHttp === true,
      ...(ca !== undefined && { ca }),
      ...(token !== undefined && { token }),
    });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    const isPlain = server.startsWith('http://');
    throw new CommandError(
      'usage',
      `--server: ${cause.message}`,
      isPlain ? ['--allow-http takes it all the same, for development'] : [],
      cause,
    );
  }
}

/** Never on the command line, where every user of the machine can read it. */
async function bearerOf({ bearerFile }: ServerOptions, terminal: Terminal): Promise<string | undefined> {
  const [text, from] =
    bearerFile === undefined
      ? [terminal.env['ASSAY_BEARER_TOKEN'], 'ASSAY_BEARER_TOKEN']
      : [fromUtf8(await readInput(terminal, bearerFile), bearerFile), bearerFile];
  if (text === undefined || (bearerFile === undefined && text === '')) return undefined;
  if (!/^[\x21-\x7e]+$/.test(text.trim()))
    throw new CommandError('usage', `${from} holds no bearer token: expected one line of letters without blanks`);
  return text.trim();
}

/**
 * Sends evidence, and hands the token over.
 * @param send one call of the client
 * @param advice what a command of its own has to say about a refusal
 */
export async function tokenFor(
  options: SendOptions,
  terminal: Terminal,
  send: (client: AttestationClient) => Promise<Attested>,
  advice: (error: AttestationError) => readonly string[] = () => [],
): Promise<Ending> {
  const client = await clientFor(options, terminal);
  if (options.output !== undefined) await requireWritable(options.output);
  try {
    const { token, appraisalId } = await inWords(waitingFor(terminal, options.server, send(client)));
    const appraisal = options.appraisal ? await fetchAppraisal(client, appraisalId) : undefined;
    await hand(token, appraisalId, appraisal, options, terminal);
    return 'passed';
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error;
    const ending = endingOf(error);
    const appraisal = options.appraisal
      ? await fetchAppraisal(client, error.appraisalId).catch(() => undefined)
      : undefined;
    if (options.json) {
      printJson(terminal, { outcome: ending, error: detailsOf(error), ...(appraisal && { appraisal }) });
      return ending;
    }
    if (appraisal) printTree(terminal.err, appraisal);
    const ruled = await rulingOn(error, appraisal, client);
    const { message, hints } = withRemedy(ownWords(error.message), remedyOf(error.check));
    throw new CommandError(ending, ruled ?? message, [...hints, ...advice(error), ...hintsOn(error, options)], error);
  }
}

/** What the policy found: the wire says no more than that nobody permitted. */
async function rulingOn(
  { check, appraisalId }: AttestationError,
  shown: JsonObject | undefined,
  client: Pick<AttestationClient, 'getAppraisal'>,
): Promise<string | undefined> {
  if (check !== 'attest.policy') return undefined;
  const appraisal = shown ?? (await fetchAppraisal(client, appraisalId).catch(() => undefined));
  const observed = appraisal && checkRows(appraisal).find(({ id }) => id === check)?.observed;
  return typeof observed === 'string' ? `the policy does not permit this evidence: ${asLine(observed)}` : undefined;
}

/** An answer that is no token. @throws {CommandError} for refusals, and where there is no answer */
export async function sent<T>(call: Promise<T>, options: ServerOptions, terminal: Terminal): Promise<T> {
  try {
    return await waitingFor(terminal, options.server, call);
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error;
    throw new CommandError(endingOf(error), ownWords(error.message), hintsOn(error, options), error);
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
  { output, json }: SendOptions,
  terminal: Terminal,
): Promise<void> {
  if (output !== undefined) await writeOutput(output, `${token}\n`);
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
  { code, message, check, status, appraisalId, retryAfterSeconds }: AttestationError,
  { ca, appraisal, bearerFile }: SendOptions,
): readonly string[] {
  return [
    ...(code === 'Unreachable' && ca === undefined && /certificate|CA\b/i.test(message)
      ? ['--ca names the roots to trust: a service with a development CA prints its path']
      : []),
    ...(status === 401 && bearerFile === undefined
      ? ['--bearer-file names a file with the token that the service asks for; ASSAY_BEARER_TOKEN holds it as well']
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
