/**
 * All settings of the service in one schema: it validates, fills in defaults, names the environment variables and flags,
 * and makes the reference page. A setting's path `listen.port` is `ASSAY_LISTEN_PORT` and `--listen-port`.
 */
import { type Static, type TSchema, Type } from 'typebox';

const section = <P extends Record<string, TSchema>>(properties: P) =>
  Type.Object(properties, { additionalProperties: false, default: {} });
const file = (description: string) => Type.String({ minLength: 1, file: true, description });

const address = (description: string) =>
  Type.String({
    pattern: '^https?://[^/?#@\\s]+(/[^?#\\s]*)?$',
    form: 'an http or https address without user, query and fragment',
    description,
  });

/** One source of collateral. */
const collateralSource = Type.Object(
  {
    kind: Type.Enum(['folder', 'pcs', 'pccs', 'thim'], {
      description: 'A folder, Intel’s service (PCS), Intel’s caching service (PCCS), or Azure’s (THIM)',
    }),
    name: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9-]{1,32}$',
        form: 'at most 32 small letters, digits and hyphens',
        description: 'What logs and metrics call it. Default: its kind',
      }),
    ),
    folder: Type.Optional(file('folder: where. Default: `collateral.folder`')),
    url: Type.Optional(address('Where the service is. Default: Intel’s or Azure’s own address')),
    apiVersion: Type.Optional(Type.Union([Type.Literal(3), Type.Literal(4)], { description: 'Default: 4' })),
    rootCrl: Type.Optional(address('pcs: where the root CRL is. Default: Intel’s own address')),
    region: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9 ]{1,32}$',
        form: 'at most 32 small letters, digits and blanks',
        description: 'thim: the region that an evaluation is asked for',
      }),
    ),
    crlsByUri: Type.Optional(
      Type.Boolean({ description: 'thim: ask for CRLs by address. Default: where Azure’s global caches are' }),
    ),
    frozen: Type.Optional(
      Type.Boolean({
        description: 'Take TCB info and QE identity past their nextUpdate, for baselines that Azure has frozen',
      }),
    ),
    ca: Type.Optional(file('Roots to trust for TLS, PEM, instead of the public ones')),
    proxy: Type.Optional(address('HTTP proxy to go through')),
    timeoutSeconds: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 300, description: 'Longest time for one answer. Default: 10' }),
    ),
    answerBytes: Type.Optional(
      Type.Integer({ minimum: 1024, maximum: 33_554_432, description: 'Longest answer. Default: 8388608' }),
    ),
  },
  { additionalProperties: false },
);

export const Configuration = section({
  provider: section({
    name: Type.String({
      pattern: '^[A-Za-z0-9-]{3,24}$',
      form: '3 to 24 letters, digits and hyphens',
      default: 'assay',
      description: 'What this provider is called',
    }),
    publicUrl: Type.Optional(
      Type.String({
        pattern: '^https?://[^/?#@\\s]+(/[^?#\\s]*[^/?#\\s])?$',
        form: 'an http or https address without a slash at its end',
        description:
          'The issuer in tokens and metadata, without a slash at its end. Default: https://localhost and the port',
      }),
    ),
    policies: Type.Record(Type.String(), file('A file with the text of a policy'), {
      default: {},
      description: 'Policy files by attestation type; a type that is not named has its default policy',
    }),
    baselines: Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), {
      default: {},
      description: 'Settings of the security baseline by attestation type',
    }),
    ownClaims: Type.Boolean({
      default: true,
      description:
        'Whether tokens carry claims x-assay-*; without them they are byte for byte those of the wire. x-assay-insecure stays wherever an insecure setting is on',
    }),
    exposeChecks: Type.Boolean({ default: true, description: 'Whether error answers name the check that failed' }),
  }),
  listen: section({
    host: Type.String({ minLength: 1, default: '127.0.0.1', description: 'Address to listen on' }),
    port: Type.Integer({
      minimum: 0,
      maximum: 65_535,
      default: 8443,
      description: 'Port to listen on; 0: any free one',
    }),
    trustedProxies: Type.Array(Type.String(), {
      default: [],
      description:
        'Proxies in front, by address or range (10.0.0.0/8): logs and limits take clients from their X-Forwarded-For',
    }),
  }),
  workers: Type.Integer({
    minimum: 1,
    maximum: 64,
    default: 1,
    description: 'Processes on the one port; each has limits and memory of its own',
  }),
  tls: section({
    certificate: Type.Optional(
      file('TLS certificate and its chain, PEM. Default: made on first start under a development CA'),
    ),
    key: Type.Optional(file('Its private key, PEM')),
    terminated: Type.Boolean({
      default: false,
      description: 'TLS ends at a proxy in front: serve plain HTTP to it. Needs provider.publicUrl with https',
    }),
  }),
  data: section({
    folder: Type.String({
      minLength: 1,
      file: true,
      default: 'assay-data',
      description: 'Where keys and certificates are kept',
    }),
  }),
  collateral: section({
    folder: Type.Optional(file('Folder of vendors’ collateral. Default: `collateral` in the data folder')),
    sources: Type.Array(collateralSource, {
      maxItems: 16,
      default: [],
      description: 'Where collateral comes from, asked in order: see the guide. Default: the folder alone',
    }),
    update: Type.String({
      pattern: '^(standard|early|[0-9]{1,5})$',
      form: 'standard, early, or a number',
      default: 'standard',
      description: 'Which TCB evaluation sources are asked for: standard, early, or one by its number',
    }),
    refreshHours: Type.Number({
      minimum: 0.1,
      maximum: 8760,
      default: 24,
      description: 'How old what was fetched may get before it is asked for again; sooner where its end comes sooner',
    }),
    unknownSeconds: Type.Number({
      minimum: 0,
      maximum: 86_400,
      default: 600,
      description: 'How long a source that does not know a platform is not asked for it again',
    }),
  }),
  signing: section({
    algorithm: Type.Enum(['RS256', 'PS256', 'ES256', 'ES384'], {
      default: 'RS256',
      description: 'How tokens are signed',
    }),
  }),
  tpm: section({
    authentication: Type.Enum(['Enabled', 'Disabled'], {
      default: 'Enabled',
      description: 'Whether POST /attest/Tpm demands a bearer token',
    }),
    bearerToken: Type.Optional(
      Type.String({
        minLength: 16,
        secret: true,
        description: 'The token that it demands. Default: it refuses everyone while authentication is enabled',
      }),
    ),
    roots: Type.Array(file('Root certificate or public key, PEM'), {
      default: [],
      description:
        'Roots of attestation key CAs that are believed beside Microsoft’s; certificates complete chains, too',
    }),
    revocationLists: Type.Array(file('CRL, DER or PEM'), {
      default: [],
      description: 'Revocation lists of attestation key CAs and the roots above them',
    }),
    referenceLogs: Type.Optional(
      file(
        'Folder of reference logs: what a log that does not explain its quote is compared with. Default: `reference-logs` in the data folder',
      ),
    ),
  }),
  preview: section({
    bearerToken: Type.Optional(
      Type.String({
        minLength: 16,
        secret: true,
        description: 'What the routes of 2018-09-01-preview demand. Default: they refuse everyone',
      }),
    ),
  }),
  limits: section({
    bodyBytes: Type.Integer({ minimum: 1024, default: 1_048_576, description: 'Longest request body' }),
    longBodyBytes: Type.Integer({
      minimum: 1024,
      default: 6_291_456,
      description: 'Longest request body of types whose evidence is long: Tpm',
    }),
    requestSeconds: Type.Number({
      exclusiveMinimum: 0,
      default: 30,
      description: 'Longest time that a request may take to arrive',
    }),
    headers: Type.Integer({ minimum: 8, default: 64, description: 'Most request headers' }),
    headerBytes: Type.Integer({ minimum: 1024, default: 32_768, description: 'Most bytes of request headers' }),
    connections: Type.Integer({
      minimum: 1,
      default: 2048,
      description: 'Most connections at a time; each may have a body of its own on the way',
    }),
    inFlight: Type.Integer({
      minimum: 1,
      default: 256,
      description: 'Most attestations at a time; more are answered 503',
    }),
    loopDelayMilliseconds: Type.Number({
      minimum: 0,
      default: 1000,
      description: 'Attestations are answered 503 while the event loop is later than this on average; 0: never',
    }),
    clientRequestsPerSecond: Type.Number({
      minimum: 0,
      default: 0,
      description:
        'Attestations a second and client address, with bursts of ten seconds’ worth; more are answered 429. 0: no limit',
    }),
    drainSeconds: Type.Number({
      minimum: 0,
      default: 20,
      description: 'How long a stopping service waits for requests under way',
    }),
    noticeSeconds: Type.Number({
      minimum: 0,
      default: 0,
      description: 'How long a stopping service still takes new connections, so that load balancers notice /readyz',
    }),
  }),
  memory: section({
    proofs: Type.Integer({
      minimum: 0,
      default: 4096,
      description: 'Most results of cryptography that are remembered; 0: none',
    }),
    proofBytes: Type.Integer({ minimum: 1, default: 134_217_728, description: 'Their size, about' }),
    appraisals: Type.Integer({ minimum: 1, default: 1024, description: 'Most appraisals that can be fetched by id' }),
    appraisalBytes: Type.Integer({ minimum: 1024, default: 67_108_864, description: 'Their size' }),
  }),
  cors: section({
    origins: Type.Array(Type.String({ pattern: '^https?://[^/]+$', form: 'an origin such as https://page.example' }), {
      default: [],
      description: 'Origins of web pages that may call anonymous routes',
    }),
  }),
  log: section({
    level: Type.Enum(['silent', 'error', 'warn', 'info', 'debug'], { default: 'info', description: 'What is logged' }),
  }),
  insecure: section({
    anchors: Type.Array(file('Root certificate or public key, PEM'), {
      default: [],
      description: 'Development roots that are believed beside the vendors’. Never in production',
    }),
    appraisalTime: Type.Optional(
      Type.String({
        pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,3})?Z$',
        form: 'a time such as 2025-03-28T12:00:00Z',
        description: 'Evidence and collateral are judged as of this time, for recorded evidence. Never in production',
      }),
    ),
    plainHttp: Type.Boolean({ default: false, description: 'Serve without TLS, to everyone. Never in production' }),
  }),
});

export type Config = Static<typeof Configuration>;
