/**
 * How each kind of source wants to be asked, and where its answers carry the chain that signs them: Intel's Provisioning
 * Certification Service (PCS) v3 and v4, Intel's caching service (PCCS), and Azure's (THIM). URLs are made of the
 * configured address and checked parts alone.
 */
import { AttestError, type Bytes, utf8 } from '@assay/core';
import type { Published } from '@assay/core/intel';
import type { Answer } from './door.ts';
import { CollateralFailure } from './failure.ts';

export type Protocol = 'pcs' | 'pccs' | 'thim';

/** Which of several evaluations in force is asked for: Intel's default, the newest one, or one by its number. */
export type Channel = 'standard' | 'early' | number;

export interface DialectOptions {
  readonly protocol: Protocol;
  /** Where the source is; Intel's and Azure's own addresses unless told. */
  readonly url?: string;
  readonly apiVersion: 3 | 4;
  readonly update: Channel;
  /** PCS: where the root CRL is published, as it is not part of the service. */
  readonly rootCrl?: string;
  /** THIM: the region that a fixed evaluation is asked for. */
  readonly region?: string;
  /** THIM: CRLs are asked for by the address that certificates name. So do Azure's global caches. */
  readonly crlsByUri?: boolean;
}

/** @returns undefined for what such a source does not have */
export type Dialect = (published: Published) => URL | undefined;

const intelService = 'https://api.trustedservices.intel.com';
const intelRootCrl = 'https://certificates.trustedservices.intel.com/IntelSGXRootCA.der';
const azureService = 'https://global.acccache.azure.net';

/** @throws {AttestError} ConfigurationInvalid for what the protocol cannot ask for */
export function dialectOf(options: DialectOptions): Dialect {
  const { protocol, apiVersion, update, url = protocol === 'thim' ? azureService : intelService } = options;
  requireKnown(protocol, apiVersion, update);
  const base = url.replace(/\/$/, '');
  const certification = (tee: 'sgx' | 'tdx', path: string, query: Record<string, string> = {}): URL =>
    withQuery(`${base}/${tee}/certification/v${apiVersion}/${path}`, { ...query, ...constant(options, base) });
  return (published) => {
    if (published.kind !== 'crl') {
      const { tee } = published;
      if (tee === 'tdx' && apiVersion === 3) return undefined;
      return published.kind === 'tcb-info'
        ? certification(tee, 'tcb', { fmspc: published.fmspc, ...channel(options) })
        : certification(tee, 'qe/identity', channel(options));
    }
    if (isByUri(options, base)) return certification('sgx', 'pckcrl', { uri: crlAddress(published.of, apiVersion) });
    if (published.of !== 'root') return certification('sgx', 'pckcrl', { ca: published.of, encoding: 'der' });
    return protocol === 'pcs' ? new URL(rootCrlAddress(options, base)) : certification('sgx', 'rootcacrl');
  };
}

function requireKnown(protocol: Protocol, apiVersion: 3 | 4, update: Channel): void {
  const wrong =
    apiVersion === 3 && typeof update === 'number'
      ? 'version 3 knows no evaluation numbers'
      : protocol === 'thim' && update === 'early'
        ? 'thim has no early channel: give an evaluation number'
        : undefined;
  if (wrong !== undefined) throw new AttestError('ConfigurationInvalid', `A source of collateral is wrong: ${wrong}`);
}

function channel({ protocol, update, region }: DialectOptions): Record<string, string> {
  if (protocol !== 'thim') return typeof update === 'number' ? { tcbEvaluationDataNumber: String(update) } : { update };
  if (typeof update !== 'number') return {};
  const wanted = `tcbEvaluationDataNumber=${update}${region === undefined ? '' : `;region=${region}`}`;
  return { customParameter: Buffer.from(wanted).toString('base64') };
}

/** What Azure's global caches want to be told by everyone. */
const constant = ({ protocol }: DialectOptions, base: string): Record<string, string> =>
  protocol === 'thim' && isGlobalCache(base)
    ? { clientid: 'production_client', 'api-version': '2018-10-01-preview' }
    : {};

const isGlobalCache = (base: string): boolean => new URL(base).hostname.endsWith('.acccache.azure.net');
const isByUri = ({ protocol, crlsByUri }: DialectOptions, base: string): boolean =>
  protocol === 'thim' && (crlsByUri ?? isGlobalCache(base));

/** The addresses in Intel's certificates, as constants: the certificates of evidence are not asked. */
const crlAddress = (of: 'root' | 'platform' | 'processor', apiVersion: 3 | 4): string =>
  of === 'root' ? intelRootCrl : `${intelService}/sgx/certification/v${apiVersion}/pckcrl?ca=${of}&encoding=der`;

const rootCrlAddress = ({ rootCrl }: DialectOptions, base: string): string =>
  rootCrl ?? (base === intelService ? intelRootCrl : `${base}/IntelSGXRootCA.der`);

function withQuery(address: string, query: Record<string, string>): URL {
  const url = new URL(address);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

/** Names of the header with the issuer chain, the likeliest first. Names of headers have no case. */
const chainHeaders = {
  'tcb-info': ['tcb-info-issuer-chain', 'sgx-tcb-info-issuer-chain'],
  'qe-identity': ['sgx-enclave-identity-issuer-chain'],
  crl: ['sgx-pck-crl-issuer-chain'],
} as const satisfies { readonly [kind in Published['kind']]: readonly string[] };

/** Longest chain of two certificates, in characters of the header. */
const longestChain = 16_384;

/**
 * The issuer chain that came with an answer: PEM, percent-encoded by most sources.
 * @returns undefined when the answer carries none
 * @throws {CollateralFailure} for a chain that is too long or cannot be decoded
 */
export function issuersIn({ header }: Pick<Answer, 'header'>, kind: Published['kind']): Bytes | undefined {
  const value = chainHeaders[kind].map(header).find((one) => one !== undefined && one !== '');
  if (value === undefined) return undefined;
  if (value.length > longestChain) throw new CollateralFailure('issuers', 'the issuer chain is too long');
  try {
    return utf8(decodeURIComponent(value));
  } catch (cause) {
    throw new CollateralFailure('issuers', 'the issuer chain is not percent-encoded text', { cause });
  }
}
