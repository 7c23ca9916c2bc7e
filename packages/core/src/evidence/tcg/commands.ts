/**
 * What is said to a TPM and what it answers (TPM 2.0 library, part 3): the commands that attestation needs, as data.
 * Framing stands in `framing.ts`; who carries the bytes is no matter here.
 */
import {
  bytes,
  chosen,
  type Layout,
  list,
  sized,
  spanned,
  struct,
  u8,
  u16be,
  u32be,
  u64be,
} from '../../bytes/index.ts';
import { algorithm, hashes } from './algorithms.ts';
import { ClockInfo, longestName } from './attest.ts';
import { b2, nothing, when } from './fields.ts';
import { Public, SizedPublic } from './public.ts';
import { Selections } from './selection.ts';
import { Signature } from './signature.ts';

/** A command: its number, what stands in front of its parameters, and the layouts of both directions. */
export interface Command<P, A> {
  readonly name: string;
  /** TPM_CC. */
  readonly code: number;
  /** How many handles it takes, and how many of the first ones need authorisation. */
  readonly handles: number;
  readonly auths: number;
  readonly parameters: Layout<P>;
  readonly answer: Layout<A>;
  /** Whether a handle comes before the answer's parameters. */
  readonly answersHandle: boolean;
}

/** @param counts handles and authorisations, and a handle in the answer where there is one */
const command = <P, A>(
  name: string,
  code: number,
  [handles, auths, answered = 0]: readonly [handles: number, auths: number, answered?: 0 | 1],
  parameters: Layout<P>,
  answer: Layout<A>,
): Command<P, A> => ({ name, code, handles, auths, parameters, answer, answersHandle: answered === 1 });

/** Anything that fits into a TPM's buffer. */
const blob = b2(4096);
/** MAX_DIGEST_BUFFER. */
const piece = b2(1024);
const digest = b2(64);

/** TPMT_HA: a digest and the hash it is of. */
const TaggedDigest = struct({
  hash: u16be,
  digest: chosen(
    'hash',
    (fields: { hash: number }) => fields.hash,
    Object.fromEntries([...hashes.values()].map(({ id, size }) => [id, bytes(size)])),
  ),
});
const TaggedDigests = list(u32be, TaggedDigest, 16);
/** TPMT_TK_*. */
const Ticket = struct({ tag: u16be, hierarchy: u32be, digest });
/** TPMT_SIG_SCHEME: «none» leaves the choice to the key. */
const SignatureScheme = struct({
  scheme: u16be,
  hash: when((fields) => fields.scheme !== algorithm.none, u16be),
});
/** A public area together with its own bytes: they are what names hash and what is sent on. */
const AnsweredPublic = sized(u16be, spanned(Public));
const creation = {
  sensitive: sized(u16be, struct({ auth: digest, data: piece })),
  public: SizedPublic,
  outsideInfo: blob,
  pcrs: Selections,
};
const created = { public: AnsweredPublic, creationData: blob, creationHash: digest, ticket: Ticket };
const NvPublic = struct({ index: u32be, nameAlg: u16be, attributes: u32be, authPolicy: digest, size: u16be });

/** TPM_CAP. */
export const capability = { handles: 1, pcrs: 5, properties: 6 } as const;
const Capability = struct({
  more: u8,
  capability: u32be,
  data: chosen('capability', (fields: { capability: number }) => fields.capability, {
    [capability.handles]: list(u32be, u32be, 1024),
    [capability.pcrs]: Selections,
    [capability.properties]: list(u32be, struct({ property: u32be, value: u32be }), 1024),
  }),
});

export const commands = {
  startup: command('Startup', 0x144, [0, 0], struct({ type: u16be }), nothing),
  shutdown: command('Shutdown', 0x145, [0, 0], struct({ type: u16be }), nothing),
  getCapability: command(
    'GetCapability',
    0x17a,
    [0, 0],
    struct({ capability: u32be, first: u32be, count: u32be }),
    Capability,
  ),
  getRandom: command('GetRandom', 0x17b, [0, 0], struct({ count: u16be }), struct({ random: digest })),
  readClock: command('ReadClock', 0x181, [0, 0], nothing, struct({ time: u64be, clockInfo: ClockInfo })),

  pcrExtend: command('PCR_Extend', 0x182, [1, 1], struct({ digests: TaggedDigests }), nothing),
  pcrEvent: command('PCR_Event', 0x13c, [1, 1], struct({ data: piece }), struct({ digests: TaggedDigests })),
  pcrRead: command(
    'PCR_Read',
    0x17e,
    [0, 0],
    struct({ selection: Selections }),
    struct({ updateCounter: u32be, selection: Selections, digests: list(u32be, digest, 8) }),
  ),

  hashSequenceStart: command('HashSequenceStart', 0x186, [0, 0, 1], struct({ auth: digest, hash: u16be }), nothing),
  sequenceUpdate: command('SequenceUpdate', 0x15c, [1, 1], struct({ data: piece }), nothing),
  sequenceComplete: command(
    'SequenceComplete',
    0x13e,
    [1, 1],
    struct({ data: piece, hierarchy: u32be }),
    struct({ digest, ticket: Ticket }),
  ),
  eventSequenceComplete: command(
    'EventSequenceComplete',
    0x185,
    [2, 2],
    struct({ data: piece }),
    struct({ digests: TaggedDigests }),
  ),

  nvReadPublic: command(
    'NV_ReadPublic',
    0x169,
    [1, 0],
    nothing,
    struct({ public: sized(u16be, NvPublic), name: b2(longestName) }),
  ),
  nvRead: command('NV_Read', 0x14e, [2, 1], struct({ size: u16be, offset: u16be }), struct({ data: blob })),

  createPrimary: command(
    'CreatePrimary',
    0x131,
    [1, 1, 1],
    struct(creation),
    struct({ ...created, name: b2(longestName) }),
  ),
  create: command('Create', 0x153, [1, 1], struct(creation), struct({ private: blob, ...created })),
  /** `public` is a whole TPMT_PUBLIC. */
  load: command('Load', 0x157, [1, 1, 1], struct({ private: blob, public: blob }), struct({ name: b2(longestName) })),
  readPublic: command(
    'ReadPublic',
    0x173,
    [1, 0],
    nothing,
    struct({ public: AnsweredPublic, name: b2(longestName), qualifiedName: b2(longestName) }),
  ),
  evictControl: command('EvictControl', 0x120, [2, 1], struct({ persistent: u32be }), nothing),
  /** The handle is a parameter here. */
  flushContext: command('FlushContext', 0x165, [0, 0], struct({ handle: u32be }), nothing),

  quote: command(
    'Quote',
    0x158,
    [1, 1],
    struct({ extraData: digest, scheme: SignatureScheme, selection: Selections }),
    struct({ attest: blob, signature: spanned(Signature) }),
  ),
  /** Handles: the object, then the key. */
  certify: command(
    'Certify',
    0x148,
    [2, 2],
    struct({ extraData: digest, scheme: SignatureScheme }),
    struct({ attest: blob, signature: spanned(Signature) }),
  ),
  sign: command(
    'Sign',
    0x15d,
    [1, 1],
    struct({ digest, scheme: SignatureScheme, validation: Ticket }),
    struct({ signature: spanned(Signature) }),
  ),

  /** Handles: key of the salt and object of the binding, both «none» for plain sessions. */
  startAuthSession: command(
    'StartAuthSession',
    0x176,
    [2, 0, 1],
    struct({ nonce: digest, salt: blob, type: u8, symmetric: u16be, hash: u16be }),
    struct({ nonce: digest }),
  ),
  policySecret: command(
    'PolicySecret',
    0x151,
    [2, 1],
    struct({ nonce: digest, commandHash: digest, reference: digest, expiration: u32be }),
    struct({ timeout: digest, ticket: Ticket }),
  ),
  policyOr: command('PolicyOR', 0x171, [1, 0], struct({ digests: list(u32be, digest, 8) }), nothing),
  policyGetDigest: command('PolicyGetDigest', 0x189, [1, 0], nothing, struct({ digest })),
  /** Handles: the attestation key, then the endorsement key. */
  activateCredential: command(
    'ActivateCredential',
    0x147,
    [2, 2],
    struct({ credential: blob, secret: blob }),
    struct({ credential: digest }),
  ),
} as const;
