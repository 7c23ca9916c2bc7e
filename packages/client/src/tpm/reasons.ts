/**
 * What a TPM says when it refuses: response codes (TPM 2.0 library, part 2 §6.6) taken apart, named, and put into
 * sentences that say what to do.
 */

/** Format 1 (bit 7 set): something is wrong with a parameter, a handle or a session. */
const aboutPart = {
  1: 'ASYMMETRIC',
  2: 'ATTRIBUTES',
  3: 'HASH',
  4: 'VALUE',
  5: 'HIERARCHY',
  7: 'KEY_SIZE',
  8: 'MGF',
  9: 'MODE',
  10: 'TYPE',
  11: 'HANDLE',
  12: 'KDF',
  13: 'RANGE',
  14: 'AUTH_FAIL',
  15: 'NONCE',
  16: 'PP',
  18: 'SCHEME',
  21: 'SIZE',
  22: 'SYMMETRIC',
  23: 'TAG',
  24: 'SELECTOR',
  26: 'INSUFFICIENT',
  27: 'SIGNATURE',
  28: 'KEY',
  29: 'POLICY_FAIL',
  31: 'INTEGRITY',
  32: 'TICKET',
  33: 'RESERVED_BITS',
  34: 'BAD_AUTH',
  35: 'EXPIRED',
  36: 'POLICY_CC',
  37: 'BINDING',
  38: 'CURVE',
  39: 'ECC_POINT',
} as const;

/** Format 0, severity «error». */
const aboutCommand = {
  0: 'INITIALIZE',
  1: 'FAILURE',
  3: 'SEQUENCE',
  11: 'PRIVATE',
  25: 'HMAC',
  32: 'DISABLED',
  33: 'EXCLUSIVE',
  36: 'AUTH_TYPE',
  37: 'AUTH_MISSING',
  38: 'POLICY',
  39: 'PCR',
  40: 'PCR_CHANGED',
  45: 'UPGRADE',
  46: 'TOO_MANY_CONTEXTS',
  47: 'AUTH_UNAVAILABLE',
  48: 'REBOOT',
  49: 'UNBALANCED',
  66: 'COMMAND_SIZE',
  67: 'COMMAND_CODE',
  68: 'AUTHSIZE',
  69: 'AUTH_CONTEXT',
  70: 'NV_RANGE',
  71: 'NV_SIZE',
  72: 'NV_LOCKED',
  73: 'NV_AUTHORIZATION',
  74: 'NV_UNINITIALIZED',
  75: 'NV_SPACE',
  76: 'NV_DEFINED',
  80: 'BAD_CONTEXT',
  81: 'CPHASH',
  82: 'PARENT',
  83: 'NEEDS_TEST',
  84: 'NO_RESULT',
  85: 'SENSITIVE',
} as const;

/** Format 0, severity «warning»: the same command may succeed later, or after some tidying. */
const aboutState = {
  1: 'CONTEXT_GAP',
  2: 'OBJECT_MEMORY',
  3: 'SESSION_MEMORY',
  4: 'MEMORY',
  5: 'SESSION_HANDLES',
  6: 'OBJECT_HANDLES',
  7: 'LOCALITY',
  8: 'YIELDED',
  9: 'CANCELED',
  10: 'TESTING',
  32: 'NV_RATE',
  33: 'LOCKOUT',
  34: 'RETRY',
  35: 'NV_UNAVAILABLE',
} as const;

type NameIn<T> = T[keyof T];
/** TPM_RC without its prefix; `UNKNOWN` for codes of vendors and of specifications to come. */
export type ResponseName =
  | NameIn<typeof aboutPart>
  | NameIn<typeof aboutCommand>
  | NameIn<typeof aboutState>
  | 'UNKNOWN';

/** A response code taken apart. */
export interface Response {
  /** The code without what a resource manager adds to it. */
  readonly rc: number;
  readonly name: ResponseName;
  /** What the TPM objects to; `number` counts from 1, and is 0 where the TPM does not say which one. */
  readonly part?: 'handle' | 'parameter' | 'session';
  readonly number: number;
}

const named = (table: Readonly<Record<number, ResponseName>>, key: number): ResponseName => table[key] ?? 'UNKNOWN';

/** @param answered the code as it came: bits 16 to 23 say which layer of software made it, and are no part of it */
export function responseOf(answered: number): Response {
  const rc = (answered & 0xff00_ffff) >>> 0;
  if (rc > 0xfff) return { rc, name: 'UNKNOWN', number: 0 };
  if ((rc & 0x80) !== 0) {
    const name = named(aboutPart, rc & 0x3f);
    const number = (rc >> 8) & 0xf;
    if ((rc & 0x40) !== 0) return { rc, name, part: 'parameter', number };
    return { rc, name, part: (rc & 0x800) !== 0 ? 'session' : 'handle', number: number & 7 };
  }
  // Bit 8 is set in every code of TPM 2.0; bit 9 is reserved, bit 10 marks codes of the vendor.
  if ((rc & 0x700) !== 0x100) return { rc, name: 'UNKNOWN', number: 0 };
  return { rc, name: named((rc & 0x800) !== 0 ? aboutState : aboutCommand, rc & 0x7f), number: 0 };
}

/** Codes that ask for the same command again, a moment later. Never those that count towards a lockout. */
export const passing: ReadonlySet<ResponseName> = new Set(['RETRY', 'YIELDED', 'TESTING']);

/** What a refused command was about: as much of it as is known. */
export interface Asked {
  readonly command: string;
  readonly handles?: readonly number[];
  /** Names of its parameters, in order. */
  readonly parameters?: readonly string[];
}

/** Handles as people write them. */
export const handleText = (handle: number): string => `0x${handle.toString(16).padStart(8, '0')}`;
const isEkIndex = (handle: number | undefined): boolean =>
  handle !== undefined && handle >= 0x01c0_0002 && handle < 0x01c0_8000;

/** One sentence for people. */
export function sentenceFor(response: Response, asked: Asked): string {
  const { part, number, name } = response;
  const handle = part === 'handle' ? asked.handles?.[number - 1] : undefined;
  // Software TPMs say so of a seed that was encrypted to another RSA key, and work on.
  if (name === 'FAILURE' && asked.command === 'ActivateCredential')
    return 'the credential was made for another endorsement key, or the TPM is in failure mode';
  switch (name) {
    case 'INITIALIZE':
      return asked.command === 'Startup'
        ? 'the TPM is started already'
        : 'the TPM was not started after it was powered on';
    case 'FAILURE':
      return 'the TPM is in failure mode, and only a power cycle ends that (a software TPM may have lost its state folder)';
    case 'COMMAND_CODE':
      return 'this TPM lacks the command';
    case 'AUTH_UNAVAILABLE':
      return 'the object wants its policy fulfilled and takes no password, as endorsement keys do';
    case 'POLICY_FAIL':
      return "the session does not fulfil the object's policy (endorsement keys of the high range need PolicyOR too)";
    case 'NV_RANGE':
      return 'reads past the end of the NV index';
    case 'NV_DEFINED':
      return 'the handle is taken: choose another one, or remove what stands there';
    case 'INTEGRITY':
      return asked.command === 'ActivateCredential'
        ? 'the credential was made for another attestation key or another endorsement key, or was altered on its way'
        : 'the key was made by another TPM or under another parent, or was altered since';
    case 'TICKET':
      return 'a restricted key signs only what the TPM has hashed itself';
    case 'AUTH_FAIL':
      return 'wrong password; the try counts towards the lockout of this TPM';
    case 'BAD_AUTH':
      return 'wrong password; the try does not count towards a lockout';
    case 'OBJECT_MEMORY':
      return 'the TPM has no room for another key: flush one, or use /dev/tpmrm0, where every program has slots of its own';
    case 'SESSION_MEMORY':
      return 'the TPM has no room for another session: flush one, or use /dev/tpmrm0, where every program has slots of its own';
    case 'LOCALITY':
      return 'not allowed from this locality';
    case 'LOCKOUT':
      return 'the TPM is locked after too many wrong passwords or unorderly stops: wait, or reset it with the lockout authorisation';
    case 'RETRY':
    case 'YIELDED':
    case 'TESTING':
      return 'the TPM is busy with itself, also after several tries';
    case 'HANDLE':
      if (isEkIndex(handle)) return 'this TPM holds no such certificate';
      return `there is no object ${handle === undefined ? 'under the handle' : handleText(handle)}`;
    default:
      return refusalOf(response, asked, handle);
  }
}

/** What is said of a part, where the code's name is all that is known. */
const complaints: Partial<Record<ResponseName, string>> = {
  VALUE: 'its value is not one that the command takes',
  SIZE: 'its size is wrong',
  INSUFFICIENT: 'it ends too early',
  SCHEME: 'the scheme does not fit the key',
  HASH: 'the hash is not one that fits',
  RANGE: 'it is out of range',
  ATTRIBUTES: 'its attributes do not allow this',
  KEY: 'the key does not fit',
  CURVE: 'the TPM does not know the curve',
};

function refusalOf({ name, part, number }: Response, asked: Asked, handle: number | undefined): string {
  const complaint = complaints[name];
  if (part === undefined || number === 0) {
    const ours = name === 'AUTH_MISSING' || name === 'COMMAND_SIZE' || complaint !== undefined;
    return ours ? 'the TPM calls the command malformed, which is a defect of this client' : 'the TPM refuses';
  }
  const called =
    part === 'parameter' ? asked.parameters?.[number - 1] : handle === undefined ? undefined : handleText(handle);
  const what = `${part} ${number}${called === undefined ? '' : ` (${called})`}`;
  return `the TPM refuses ${what}${complaint === undefined ? '' : `: ${complaint}`}`;
}
