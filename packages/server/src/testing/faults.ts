/** Everything that a source of collateral can do wrong, one name for each: what a fetcher must refuse or sit out. */
import type { Answering, Changes, Reply } from './published.ts';

/** What the other side of the network does with an answer. */
export interface Behaviour {
  readonly reply: Reply;
  /** Milliseconds before the first byte. */
  readonly waits?: number;
  /** The connection ends after so many bytes of the body, of which more were promised. */
  readonly cutAfter?: number;
  /** The body is followed by so many zero bytes. */
  readonly padding?: number;
}

type Fault = (url: URL, answer: Answering) => Behaviour;

const changed =
  (change: (reply: Reply) => Reply): Fault =>
  (url, answer) => ({ reply: change(answer(url)) });
const status = (code: number, headers: Reply['headers'] = {}): Fault =>
  changed(() => ({ status: code, headers, body: new TextEncoder().encode('{}') }));
const inWorld =
  (changes: Changes): Fault =>
  (url, answer) => ({ reply: answer(url, changes) });

/** Flips a bit of the last part of an answer: the signature, whatever its form. */
function flipped(reply: Reply): Reply {
  const body = Uint8Array.from(reply.body);
  const text = new TextDecoder('latin1').decode(body);
  // The last digit of a signature in hexadecimal, or of a CRL's; in PEM a digit of the last whole line; in DER the last byte.
  const isPem = text.startsWith('-----');
  const at = isPem
    ? text.lastIndexOf('\n-----') - 8
    : text.startsWith('{')
      ? text.lastIndexOf('"') - 1
      : body.length - 1;
  const isText = isPem || /^[{0-9a-f]/.test(text);
  const before = body[at] ?? 0;
  body[at] = isText ? (before === 0x31 ? 0x32 : 0x31) : before ^ 1;
  return { ...reply, body };
}

export const faults = {
  /** A bit of the signature is another. */
  'wrong-signature': changed(flipped),
  /** Signed by a root that nobody pinned. */
  foreign: inWorld({ isForeign: true }),
  /** Ended long ago. */
  stale: inWorld({ isStale: true }),
  /** The root CRL says that what signs documents is revoked, and they come all the same. */
  'signer-revoked': inWorld({ isSignerRevoked: true }),
  /** Signed by a certificate that has ended. */
  'signer-ended': inWorld({ isSignerEnded: true }),
  /** About another platform. */
  'other-platform': inWorld({ fmspc: 'ffffffffffff' }),
  /** Of the other PCK CA. */
  'other-ca': (url, answer) => ({
    reply: answer(url, { ca: url.searchParams.get('ca') === 'platform' ? 'processor' : 'platform' }),
  }),
  /** Without the header that carries the chain. */
  'no-issuers': changed(({ headers, ...reply }) => ({
    ...reply,
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !/issuer-chain/i.test(name))),
  })),
  /** A chain that is none. */
  'bad-issuers': changed(({ headers, ...reply }) => ({
    ...reply,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, /issuer-chain/i.test(name) ? '%E0%A4%A' : value]),
    ),
  })),
  /** A page for people. */
  html: changed((reply) => ({ ...reply, body: new TextEncoder().encode('<html><body>Sign in</body></html>') })),
  empty: changed((reply) => ({ ...reply, body: new Uint8Array() })),
  /** Read and written again by someone in between. */
  reformatted: changed((reply) => {
    const text = new TextDecoder('latin1').decode(reply.body);
    return text.startsWith('{')
      ? { ...reply, body: new TextEncoder().encode(JSON.stringify(JSON.parse(text), null, 1)) }
      : flipped(reply);
  }),
  slow: (url, answer) => ({ reply: answer(url), waits: 60_000 }),
  truncated: (url, answer) => {
    const reply = answer(url);
    return { reply, cutAfter: Math.floor(reply.body.length / 2) };
  },
  huge: (url, answer) => ({ reply: answer(url), padding: 64 * 1024 * 1024 }),
  'too-many-requests': status(429, { 'Retry-After': '120' }),
  'server-error': status(500),
  unavailable: status(503),
  'not-found': status(404),
  retired: status(410),
  redirect: status(302, { Location: 'https://elsewhere.invalid/collateral' }),
  'redirect-to-metadata': status(307, { Location: 'http://169.254.169.254/metadata/identity' }),
  'redirect-round': (url) => ({
    reply: { status: 302, headers: { Location: url.pathname + url.search }, body: new Uint8Array() },
  }),
  compressed: changed((reply) => ({ ...reply, headers: { ...reply.headers, 'Content-Encoding': 'gzip' } })),
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof faults;

export const isFault = (name: string): name is FaultName => Object.hasOwn(faults, name);
