/** Recorded requests to Azure Attestation and its answers, each as one that can be made again. */
import { createHash } from 'node:crypto';
import type { Folder } from '../setup/vectors.ts';

export interface Recording {
  /** `attest-sgxenclave 4` */
  readonly name: string;
  readonly type: 'SgxEnclave' | 'OpenEnclave';
  readonly build: string;
  /** Kind of processor that made the quote. */
  readonly fmspc: string;
  /** The request's body: as recorded, or what the answer says of it where the recorder kept no request. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly status: number;
  /** The answer's body. */
  // biome-ignore lint/suspicious/noExplicitAny: outside data
  readonly answer: any;
}

/** Evidence as it was sent. */
export interface Evidence {
  readonly name: string;
  readonly type: Recording['type'];
  readonly fmspc: string;
  readonly bytes: Uint8Array;
  /** Data that it binds, where they were kept. */
  readonly runtimeData?: Uint8Array;
  /** Whether every signature in it holds. */
  readonly isGenuine: boolean;
}

const memberOf = { SgxEnclave: 'quote', OpenEnclave: 'report' } as const;
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** @param vectors the folder of all vectors */
export function evidenceOf(vectors: Folder): readonly Evidence[] {
  const index: readonly {
    readonly name: string;
    readonly submittedForm: string;
    readonly fmspc: string;
    readonly runtimeDataMatchesReportData: boolean | null;
    readonly allSignaturesVerify: boolean;
  }[] = vectors.json('sdk-recordings/quotes/index.json');
  return index.map(({ name, submittedForm, fmspc, runtimeDataMatchesReportData, allSignaturesVerify }) => {
    const type = submittedForm.startsWith('OpenEnclave') ? 'OpenEnclave' : 'SgxEnclave';
    const file = (of: string): Uint8Array => vectors.bytes(`sdk-recordings/quotes/${name}/${of}.bin`);
    return {
      name,
      type,
      fmspc,
      bytes: file(type === 'OpenEnclave' ? 'oe-report' : 'quote'),
      ...(runtimeDataMatchesReportData && { runtimeData: file('runtimedata') }),
      isGenuine: allSignaturesVerify,
    };
  });
}

/**
 * Every recorded request with a quote.
 * @param vectors the folder of all vectors
 */
export function recordingsOf(vectors: Folder): readonly Recording[] {
  return (['SgxEnclave', 'OpenEnclave'] as const).flatMap((type) => {
    const name = `attest-${type.toLowerCase()}`;
    // biome-ignore lint/suspicious/noExplicitAny: outside data
    const entries: readonly any[] = vectors.json(`sdk-recordings/exchanges/${name}.json`);
    return entries.map((entry, i): Recording => {
      const { status, headers, body: answer } = entry.response;
      const body = entry.request.body ?? remade(entry, entries, type, vectors);
      const submitted = new Uint8Array(Buffer.from(body[memberOf[type]], 'base64url'));
      return {
        name: `${name} ${i}`,
        type,
        build: headers['x-ms-maa-service-version'],
        fmspc: evidenceBy(sha256(submitted), vectors).fmspc,
        body,
        status,
        answer,
      };
    });
  });
}

/** The request that an answer must have been given to. */
// biome-ignore lint/suspicious/noExplicitAny: outside data
function remade(entry: any, entries: readonly any[], type: Recording['type'], vectors: Folder): Recording['body'] {
  const { status } = entry.response;
  const twin = entries.find(
    ({ recording, request, response }) =>
      recording === entry.recording && response.status === status && request.body !== null,
  );
  if (status !== 200) return twin.request.body;
  const { header, claims } = entry.responseJwt;
  const { bytes, runtimeData } = evidenceBy(claims['x-ms-sgx-collateral'].quotehash, vectors);
  const held = claims['x-ms-sgx-ehd'];
  return {
    [memberOf[type]]: base64url(bytes),
    ...(held !== undefined && { runtimeData: { data: held, dataType: 'Binary' } }),
    ...('x-ms-runtime' in claims && {
      runtimeData: { data: base64url(runtimeData ?? new Uint8Array()), dataType: 'JSON' },
    }),
    ...(header.alg === 'none' && { draftPolicyForAttestation: vectors.text('policies/cpp-draft-permit.txt') }),
  };
}

function evidenceBy(hash: string, vectors: Folder): Evidence {
  const found = evidenceOf(vectors).find(({ bytes }) => sha256(bytes) === hash);
  if (!found) throw new Error(`no recorded evidence has the SHA-256 ${hash}`);
  return found;
}
