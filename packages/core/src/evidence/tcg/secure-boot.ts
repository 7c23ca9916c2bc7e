/**
 * Whether Secure Boot was on, out of PCR 7 (TCG PC Client Platform Firmware Profile §3.3.4.8). Everything must be proven:
 * one event that is out of place or not covered by its digest leaves the question undetermined, and that is never «on».
 */
import { type Bytes, fromUtf8, hex, isZero } from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import { type Authority, readAuthority } from './authority.ts';
import { beliefOf } from './belief.ts';
import { type EfiVariable, guids, variableIn } from './efi.ts';
import { eventType, eventTypeName } from './event-types.ts';
import type { LogEvent } from './log.ts';
import type { Replay } from './replay.ts';
import { type SignatureList, signatureListsIn, signatureTypes } from './signature-lists.ts';

export interface SecureBoot {
  /** False: nothing can be said, for the reasons in `why`. */
  readonly determined: boolean;
  /** True only if determined. */
  readonly on: boolean;
  readonly why: readonly string[];
  /** An event of PCR 7 has no place there, or is not proven by its digest: any other may have been put in for it later. */
  readonly isDisorderly: boolean;
  /** PK is empty: keys can be enrolled by anyone. */
  readonly setupMode: boolean;
  /** Firmware said that a debugger can be attached. */
  readonly debugger: boolean;
  readonly dmaProtectionDisabled: boolean;
  /** What else firmware measured as text. */
  readonly otherActions: readonly string[];
  /** Variables before the separator, by name. */
  readonly variables: ReadonlyMap<string, Bytes>;
  /** What vouched for drivers of the firmware, and what for boot loaders after it. */
  readonly authorities: readonly JudgedAuthority[];
}

export interface JudgedAuthority extends Authority {
  /** Before the separator: firmware's own drivers. */
  readonly before: boolean;
  /** False for an entry that db does not have. What shim adds of its own is not in db. */
  readonly isKnown: boolean;
  /** Its certificate is an entry of dbx. */
  readonly isRevoked: boolean;
}

/** Variables that decide, and whose they must be. Others (dbt, dbr, AuditMode, …) may be there. */
const decisive: ReadonlyMap<string, string> = new Map([
  ['SecureBoot', guids.efiGlobal],
  ['PK', guids.efiGlobal],
  ['KEK', guids.efiGlobal],
  ['db', guids.imageSecurity],
  ['dbx', guids.imageSecurity],
]);

/** What devices may run by their own measurements (SPDM); its events have a place in PCR 7. */
const deviceVariable = 'devdb';

/** @param explained whether PCR 7 is quoted, and the log gives the quoted value */
export function secureBootOf(replay: Replay, explained: boolean): SecureBoot {
  const reading = new Reading(replay);
  if (!explained) reading.why.push('the log does not explain PCR 7');
  return reading.result();
}

class Reading {
  readonly why: string[] = [];
  readonly #actions: string[] = [];
  readonly #variables = new Map<string, Bytes>();
  readonly #authorities: (Authority & { readonly before: boolean })[] = [];
  #separators = 0;
  #isDisorderly = false;

  constructor({ bank, registers }: Replay) {
    for (const { event } of registers.get(7)?.steps ?? []) {
      if (!event) continue;
      const belief = beliefOf(event, bank);
      if (belief.believed !== 'data')
        this.#doubt(event, `is ${eventTypeName(event.claimedType)}, and its digest does not prove its data`);
      else this.#take(event, belief.quirk === 'F18');
    }
  }

  #doubt({ seq }: LogEvent, problem: string): void {
    this.#isDisorderly = true;
    this.why.push(`event ${seq} ${problem}`);
  }

  #take(event: LogEvent, bare: boolean): void {
    const { claimedData: data } = event;
    try {
      switch (event.claimedType) {
        case eventType.separator:
          this.#separators++;
          if (!isZero(data)) this.#doubt(event, `is the separator ${hex(data)}`);
          break;
        case eventType.efiAction:
          this.#actions.push(fromUtf8(data));
          break;
        case eventType.efiVariableDriverConfig:
          this.#variable(event, variableIn(event));
          break;
        case eventType.efiVariableAuthority:
          this.#authority(event, readAuthority(data, bare));
          break;
        case eventType.efiSpdmDevicePolicy:
        case eventType.efiSpdmDeviceAuthority:
          // Says nothing on Secure Boot, as long as it is what it is called.
          if (variableIn(event).name !== deviceVariable)
            this.#doubt(event, `is ${eventTypeName(event.claimedType)}, and not of the variable ${deviceVariable}`);
          break;
        default:
          this.#doubt(event, `is ${eventTypeName(event.claimedType)}, which PCR 7 has no place for`);
      }
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.#doubt(event, `does not read: ${error.message}`);
    }
  }

  #variable(event: LogEvent, { guid, name, data, tail }: EfiVariable): void {
    const vendor = decisive.get(name);
    if (tail.length > 0) this.#doubt(event, `has ${tail.length} bytes after the variable ${name}`);
    else if (vendor !== undefined && guid !== vendor)
      this.#doubt(event, `is the variable ${name} of the vendor ${guid}`);
    // Firmware has no more to say: an authority that is called a variable would be hidden here.
    else if (this.#separators > 0) this.#doubt(event, `is the variable ${name} after the separator`);
    else if (this.#variables.has(name)) this.#doubt(event, `is the variable ${name} a second time`);
    else this.#variables.set(name, data);
  }

  /** An authority has the form of a variable, and only its type, which nothing proves, tells them apart. */
  #authority(event: LogEvent, one: Authority): void {
    if (decisive.has(one.name) && one.name !== 'db')
      this.#doubt(event, `is the variable ${one.name}, which vouches for nothing`);
    else this.#authorities.push({ ...one, before: this.#separators === 0 });
  }

  result(): SecureBoot {
    const { why } = this;
    if (this.#separators !== 1) why.push(`PCR 7 has ${this.#separators} separators, expected 1`);
    // Old firmware has no dbx.
    for (const name of decisive.keys())
      if (name !== 'dbx' && !this.#variables.has(name)) why.push(`the variable ${name} is missing`);
    const state = this.#variables.get('SecureBoot');
    if (state && (state.length > 1 || (state[0] ?? 0) > 1)) why.push(`the variable SecureBoot holds ${hex(state)}`);
    const isDebugger = this.#actions.includes('UEFI Debug Mode');
    if (isDebugger) why.push('firmware is in debug mode');
    const wanted = state?.[0] === 1;
    if (wanted && this.#authorities.length === 0)
      why.push('Secure Boot is on, and nothing says what vouched for the boot loader');
    const known = ['UEFI Debug Mode', 'DMA Protection Disabled'];
    return {
      determined: why.length === 0,
      on: why.length === 0 && wanted,
      why,
      isDisorderly: this.#isDisorderly || this.#separators > 1,
      setupMode: this.#variables.get('PK')?.length === 0,
      debugger: isDebugger,
      dmaProtectionDisabled: this.#actions.includes('DMA Protection Disabled'),
      otherActions: this.#actions.filter((action) => !known.includes(action)),
      variables: this.#variables,
      authorities: this.#judged(),
    };
  }

  #judged(): readonly JudgedAuthority[] {
    const [db, dbx] = [certificates(this.#variables.get('db')), certificates(this.#variables.get('dbx'))];
    return this.#authorities.map((one) => {
      const name = hex(one.data);
      return { ...one, isKnown: one.name !== 'db' || db.has(name), isRevoked: dbx.has(name) };
    });
  }
}

/** The certificates in a variable of signature lists, in hexadecimal: each authority is looked for among all of them. */
function certificates(variable: Bytes | undefined): ReadonlySet<string> {
  try {
    const lists = signatureListsIn(variable ?? new Uint8Array(0)).filter(
      ({ type }: SignatureList) => type === signatureTypes.x509,
    );
    return new Set(lists.flatMap(({ signatures }) => signatures.map(({ data }) => hex(data))));
  } catch (error) {
    if (error instanceof Malformed) return new Set();
    throw error;
  }
}
