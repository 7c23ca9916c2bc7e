/**
 * What every format of evidence and every attestation type consists of. Contracts are function properties, not
 * methods: methods would let one type verify another's evidence.
 *
 * ```
 * body ──receive──▶ Received { Submission, nonce, draft }        Desk: clock, dice, seals; for receive and answer alone
 * Submission ──decode──▶ E ──anchor──▶ A ──verify──▶ F           Context: time appraised for, settings S, anchors, record
 * F ──baseline──▶ Findings     F ──claims──▶ Claims
 * ```
 * `E` evidence as decoded · `A` evidence anchored, with its needs · `F` facts · `S` settings.
 */
import type { TSchema } from 'typebox';
import type { Appraisal, CheckTable, Finding, Section } from './appraisal.ts';
import type { Bytes } from './bytes/index.ts';
import type { Claim, Json } from './claim.ts';

/** A file of outside data by its one canonical name: store key, folder path, cache key and metric label alike. */
export interface Need {
  readonly name: NeedName;
  /** Named by data under a verified chain. Only proven needs may cause a fetch; others are answered from what is held. */
  readonly proven: boolean;
  /** The lowest evaluation number that will do, for collateral that has one. */
  readonly minimumEvaluation?: number;
}
export type NeedName = `${string}/${string}`;

/** Exact bytes by name. Whoever uses them vouches for them; nobody can hand in «already checked» collateral. */
export type Collateral = ReadonlyMap<NeedName, Bytes>;

/** Root keys in force, as SubjectPublicKeyInfo in DER. */
export interface Anchors {
  /** Changes when any key does. */
  readonly id: string;
  readonly of: (family: string) => readonly Bytes[];
}

/** Cryptography without a clock: what it showed is true for ever, and usable from `from` until `until`. */
export interface Vouched<T> extends Proven<T> {
  /** `from` and `until` for people. */
  readonly window: string;
  readonly shown: Section;
}
/** What cryptography showed, and when it holds: milliseconds since 1970, both inclusive. */
export interface Proven<T> {
  readonly value: T;
  readonly from: number;
  readonly until: number;
}
export interface Memo {
  /** Returns what was kept under `key`, or makes and keeps it. What throws is not kept. */
  <T>(key: string, make: () => Vouched<T>): Vouched<T>;
  /** Digests of byte strings that come again, such as collateral: each is hashed once, and must never change. */
  readonly digests?: WeakMap<Bytes, string>;
}

/** All that a step may know beside its input. Made per request by the caller, never kept by core. */
export interface Context<S> {
  /** The time appraised for; the token's own times are the Desk's. */
  readonly at: Date;
  readonly settings: S;
  readonly anchors: Anchors;
  /** Append-only; the one effect that steps have. */
  readonly appraisal: Appraisal;
  readonly memo: Memo;
}

/** Data that the evidence binds by hash, and how the client wants it read. */
export interface Bound {
  readonly bytes: Bytes;
  readonly kind: 'Binary' | 'JSON';
}

/** What came from outside, freed of the wire: the same from a route, a file on the command line, a stored recording. */
export interface Submission {
  readonly evidence: Bytes;
  /** Certificates (DER) that came beside the evidence, for formats that do not carry their own chain. */
  readonly certificates?: readonly Bytes[];
  readonly runtime?: Bound;
  readonly init?: Bound;
  /** What this service gave the client to prove freshness, in types with rounds. */
  readonly challenge?: Bytes;
  /** It was kept, and is judged again: by whom and when its challenge was given, nobody knows. Never set by a service. */
  readonly kept?: true;
  /** The provider that it was sent to, by its URL: names what clients say of themselves. */
  readonly provider?: string;
}

export interface Anchored {
  readonly needs: readonly Need[];
}

/** Settings of a verifier: their schema (configuration, documentation and OpenAPI derive from it) and their defaults. */
export interface Settings<S> {
  readonly schema: TSchema;
  readonly defaults: S;
}

/** Bytes → facts. One per format of evidence; knows no route. Composite evidence is a verifier that calls verifiers. */
export interface Verifier<E, A extends Anchored, F, S> {
  readonly checks: CheckTable;
  readonly settings: Settings<S>;
  /** Shape only; what needs a signature first stays bytes. */
  readonly decode: (submission: Submission, context: Context<S>) => E;
  /** The evidence's own chain to a root in force, and what else must be known. */
  readonly anchor: (evidence: E, context: Context<S>) => A;
  /** Cryptography. Throws unless the evidence is genuine; degrees of trust become facts. */
  readonly verify: (anchored: A, have: Collateral, context: Context<S>) => F;
  /** Every demand of the provider, met or not. `attest.ts` records them all and then refuses. */
  readonly baseline: (facts: F, context: Pick<Context<S>, 'at' | 'settings'>) => readonly Finding[];
  /** Facts under their wire names. Naming only. */
  readonly claims: (facts: F, context: Pick<Context<S>, 'at' | 'settings'>) => readonly Claim[];
}

/** The service's own clock and secrets: only `receive` and `answer` see them. */
export interface Desk {
  readonly now: Date;
  /** The provider's public URL. */
  readonly issuer: string;
  /** The name of the key that seals: 64 hexadecimal digits, upper case. */
  readonly sealedBy: string;
  readonly random: (length: number) => Bytes;
  readonly seal: (plain: Bytes) => Bytes;
  /** Undefined for anything that this service did not seal. */
  readonly unseal: (sealed: Bytes) => Bytes | undefined;
}

/** What a request came down to once its envelope was read. */
export interface Received {
  readonly submission: Submission;
  readonly nonce?: string;
  /** Policy text to use instead of the stored policy; its token is unsecured. */
  readonly draft?: string;
  /** A context that may be used once, spent before verification. */
  readonly once?: { readonly key: Bytes; readonly until: Date };
}

/** How the token of a type is written. */
export interface TokenForm {
  readonly lifetimeSeconds: number;
  /** How far before its issue a token is valid already. */
  readonly earlySeconds: number;
  readonly header: 'jku' | 'x5c';
  /** Members in byte order, or first these and then the rest. */
  readonly order: 'sorted' | readonly string[];
  /** Issued claims at top level and in `x-ms-policy`, or in the latter alone. */
  readonly policyClaims: 'both' | 'nested';
  /** Bytes of the identifier `jti`; 32 unless told. */
  readonly identifierBytes?: number;
  /** Properties by which issuance rules change the form. */
  readonly issuance?: {
    /** An Integer: how long tokens are valid, in minutes. */
    readonly lifetimeMinutes: string;
    /** A Boolean: whether the header names the certificate by its digest instead of carrying it. */
    readonly omitCertificates: string;
  };
}

/** What the route of a type asks beyond what is usual. */
interface RouteTraits {
  /** Evidence is long: the service's limit for long bodies holds. */
  readonly hasLongBody?: true;
  /** Whoever asks must show a bearer token, unless the provider says otherwise. */
  readonly demandsBearer?: true;
  /** It was no part of 2018-09-01-preview. */
  readonly hasNoPreview?: true;
}

/** What a `configurationrules` property sets. */
export interface Property<S> {
  readonly kind: 'Boolean' | 'Integer' | 'String';
  readonly sets: keyof S & string;
}

/** A claim that evidence can carry to policies, and the kind that they see: objects are text of JSON. */
export interface IncomingClaim {
  readonly name: string;
  readonly kind: 'Boolean' | 'Integer' | 'String';
}

/** One entry of `GET /tcbbaselines/{type}`, by the wire's names. */
export interface TcbBaseline {
  readonly tcbIdentifier: string;
  readonly tcbEvaluationDataNumber: number;
  readonly tcbReleaseDate: string;
  readonly minimumPswLinuxVersion: string;
  readonly minimumPswWindowsVersion: string;
  readonly isSelectedTcb: boolean;
}

/** Azure's «attestation type»: the wire around a verifier. One file, and one line in `registry.ts`. */
export interface AttestationType<E, A extends Anchored, F, S> {
  /** The path segment, compared without regard to case. */
  readonly name: string;
  readonly aliases?: readonly string[];
  /** Shape of the request body, for documentation and OpenAPI. */
  readonly request: TSchema;
  readonly verifier: Verifier<E, A, F, S>;
  readonly token: TokenForm;
  readonly route?: RouteTraits;
  readonly properties: { readonly [name: string]: Property<S> };
  /** Names that the service puts into tokens of this type: a policy cannot take them at top level. */
  readonly serviceClaims: readonly string[];
  /** What policies of this type can test: a name that is not among them is most likely misspelt. */
  readonly incomingClaims: readonly IncomingClaim[];
  /** Baselines that a policy of this type can name, and which one is in force. */
  readonly tcbBaselines?: (settings: S) => readonly TcbBaseline[];
  /** Rounds end here until evidence is in. */
  readonly receive: (body: Json, desk: Desk) => Received | { readonly answer: Json };
  readonly answer: (token: string, facts: F, desk: Desk) => Json;
}
// biome-ignore lint/suspicious/noExplicitAny: the one place where kinds of evidence are mixed
export type AnyType = AttestationType<any, any, any, any>;
