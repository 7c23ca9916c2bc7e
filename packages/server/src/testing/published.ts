/**
 * A stand-in for Intel's collateral services, for tests and for users' own development: the answers of PCS v3 and v4, of
 * the caching service PCCS and of Azure's THIM, with their quirks. Pure: a question in, an answer out. It signs nothing:
 * what it publishes is made by whoever starts it.
 */
import { type Bytes, hex, toPem } from '@assay/core';

export type Speaks = 'pcs' | 'pccs-3.0' | 'pccs-3.1' | 'thim';

/** What one platform's collateral is made from; `forgeIntel` gives one. */
type Worlds = (changes: Changes) => {
  /** Bytes by the names of needs. */
  readonly collateral: ReadonlyMap<string, Bytes>;
  readonly certificates: { readonly root: Bytes; readonly issuer: Bytes; readonly signer: Bytes };
};

/** How a world shall differ from the usual one. */
export interface Changes {
  readonly evaluation?: number;
  readonly ca?: 'platform' | 'processor';
  readonly fmspc?: string;
  /** TCB info of version 2, as PCS v3 serves it. */
  readonly isVersion2?: true;
  /** Issued long ago. */
  readonly isStale?: true;
  /** Under another root. */
  readonly isForeign?: true;
  /** The certificate that signs TCB info and QE identity ended yesterday. */
  readonly isSignerEnded?: true;
  /** The root CRL names the certificate that signs TCB info and QE identity. */
  readonly isSignerRevoked?: true;
}

export interface PublishedOptions {
  readonly worlds: Worlds;
  readonly speaks: Speaks;
  /** Platforms that are known, 12 hexadecimal digits in lower case; all where it is left out. */
  readonly platforms?: readonly string[];
  /** The evaluation served as standard; the one above it is the early one, those below are retired. */
  readonly evaluation: number;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Bytes;
}

/** @param changes of everything that is served: how faults are made */
export type Answering = (url: URL, changes?: Changes) => Reply;

const text = (value: string): Bytes => new TextEncoder().encode(value);
const refusal = (status: number): Reply => ({ status, headers: {}, body: text('{}') });

export function publishing(options: PublishedOptions): Answering {
  return (url, changes = {}) => {
    if (url.pathname.endsWith('/IntelSGXRootCA.der')) return rootCrl(options, changes);
    const [, tee, version, path] = /\/(sgx|tdx)\/certification\/v([34])\/(.+)$/.exec(url.pathname) ?? [];
    if (tee === undefined || path === undefined || (tee === 'tdx' && version === '3')) return refusal(404);
    const { searchParams: query } = url;
    switch (path) {
      case 'tcb':
        return tcb(tee, version === '3', query, options, changes);
      case 'qe/identity': {
        const evaluation = evaluationOf(query, options);
        if (typeof evaluation !== 'number') return evaluation;
        return document(`intel/qe-identity-${tee}`, 'SGX-Enclave-Identity-Issuer-Chain', options, {
          evaluation,
          ...changes,
        });
      }
      case 'rootcacrl':
        return options.speaks === 'pcs' ? refusal(404) : rootCrl(options, changes);
      case 'pckcrl':
        return pckCrl(query, options, changes);
      default:
        return refusal(404);
    }
  };
}

function tcb(
  tee: string,
  isVersion2: boolean,
  query: URLSearchParams,
  options: PublishedOptions,
  changes: Changes,
): Reply {
  const fmspc = query.get('fmspc')?.toLowerCase() ?? '';
  if (!/^[0-9a-f]{12}$/.test(fmspc)) return refusal(400);
  if (options.platforms && !options.platforms.includes(fmspc))
    return refusal(options.speaks === 'pccs-3.1' ? 461 : 404);
  const evaluation = evaluationOf(query, options);
  if (typeof evaluation !== 'number') return evaluation;
  const header = isVersion2 || options.speaks === 'thim' ? 'SGX-TCB-Info-Issuer-Chain' : 'TCB-Info-Issuer-Chain';
  const own: Changes = { evaluation, fmspc, ...(isVersion2 && { isVersion2 }), ...changes };
  return document(`intel/tcb-info-${tee}-${own.fmspc}`, header, options, own);
}

/** Which evaluation is asked for: of THIM in a parameter of its own, base64. */
function evaluationOf(query: URLSearchParams, { speaks, evaluation }: PublishedOptions): number | Reply {
  const custom = Buffer.from(query.get('customParameter') ?? '', 'base64').toString();
  const asked =
    speaks === 'thim'
      ? /tcbEvaluationDataNumber=(\d+)/.exec(custom)?.[1]
      : (query.get('tcbEvaluationDataNumber') ?? undefined);
  if (asked === undefined) return evaluation + (speaks !== 'thim' && query.get('update') === 'early' ? 1 : 0);
  const number = Number(asked);
  if (number > evaluation + 1) return refusal(404);
  return number < evaluation && speaks !== 'thim' ? refusal(410) : number;
}

function document(name: string, header: string, { worlds, speaks }: PublishedOptions, changes: Changes): Reply {
  const { collateral, certificates } = worlds(changes);
  const body = collateral.get(name);
  if (!body) return refusal(404);
  const headers = { 'Content-Type': 'application/json', [header]: chain(certificates.signer, certificates.root) };
  return { status: 200, headers: spelt(headers, speaks), body };
}

/** Proxies and caches write names of headers as they like. */
const spelt = (headers: Record<string, string>, speaks: Speaks): Record<string, string> =>
  speaks.startsWith('pccs')
    ? Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
    : headers;

const chain = (...certificates: readonly Bytes[]): string =>
  encodeURIComponent(certificates.map((der) => toPem('CERTIFICATE', der)).join(''));

function rootCrl({ worlds, speaks }: PublishedOptions, changes: Changes): Reply {
  const der = worlds(changes).collateral.get('intel/crl-root');
  if (!der) return refusal(404);
  // PCCS serves the root CRL as text in all its versions.
  const body = speaks === 'pcs' ? der : speaks === 'thim' ? text(toPem('X509 CRL', der)) : text(hex(der));
  return { status: 200, headers: { 'Content-Type': 'application/pkix-crl' }, body };
}

function pckCrl(query: URLSearchParams, options: PublishedOptions, changes: Changes): Reply {
  const { worlds, speaks } = options;
  const uri = query.get('uri');
  if (uri?.endsWith('/IntelSGXRootCA.der') && speaks === 'thim') return rootCrl(options, changes);
  const ca = uri !== null && URL.canParse(uri) ? new URL(uri).searchParams.get('ca') : query.get('ca');
  if (ca !== 'platform' && ca !== 'processor') return refusal(400);
  const { collateral, certificates } = worlds({ ca, ...changes });
  const der = collateral.get(`intel/crl-${changes.ca ?? ca}`);
  if (!der) return refusal(404);
  const headers = { 'SGX-PCK-CRL-Issuer-Chain': chain(certificates.issuer, certificates.root) };
  const isText = speaks === 'thim' || query.get('encoding') === 'pem';
  const body = isText ? text(toPem('X509 CRL', der)) : speaks === 'pccs-3.0' ? text(hex(der)) : der;
  return { status: 200, headers: spelt(headers, speaks), body };
}

/** TCB info of version 3 as version 2 has it: without an id, and with numbered components. */
export function tcbInfoVersion2<B extends Readonly<Record<string, unknown>>>(body: B): B {
  const { id: _, tcbLevels, ...rest } = body as B & { readonly tcbLevels?: unknown; readonly id?: unknown };
  const levels = (Array.isArray(tcbLevels) ? tcbLevels : []) as {
    readonly tcb: { readonly sgxtcbcomponents: readonly { readonly svn: number }[]; readonly pcesvn: number };
  }[];
  const numbered = levels.map(({ tcb: { sgxtcbcomponents, pcesvn }, ...level }) => ({
    tcb: {
      ...Object.fromEntries(
        sgxtcbcomponents.map(({ svn }, i) => [`sgxtcbcomp${String(i + 1).padStart(2, '0')}svn`, svn]),
      ),
      pcesvn,
    },
    ...level,
  }));
  return { ...rest, version: 2, tcbLevels: numbered } as unknown as B;
}
