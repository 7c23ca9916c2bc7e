/** What vouched for a program: EV_EFI_VARIABLE_AUTHORITY in the three forms that firmware and shim give it. */
import { type Bytes, decode } from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import { EfiVariable, guids } from './efi.ts';
import { SignatureData } from './signature-lists.ts';

export interface Authority {
  readonly guid: string;
  /** The variable that it is from: `db`, or shim's `Shim`, `MokList`, `SbatLevel`, … */
  readonly name: string;
  /** Who put it into the variable; absent from shim's own. */
  readonly owner?: string;
  /** A certificate, a hash, or a text of shim's. */
  readonly data: Bytes;
  /** Whether the event held the variable around it. */
  readonly isWrapped: boolean;
}

/**
 * @param bare whether the digest says that the data are an entry of db without its variable (quirk F18)
 * @throws {Malformed} when the data are neither
 */
export function readAuthority(data: Bytes, bare: boolean): Authority {
  if (bare) return { guid: guids.imageSecurity, name: 'db', ...decode(SignatureData, data), isWrapped: false };
  // Shim's lengths may be too short for what it hashes (quirk F1), yet the data are as long as they say.
  const variable = decode(EfiVariable, data);
  return { guid: variable.guid, name: variable.name, ...entry(variable.name, variable.data), isWrapped: true };
}

/** Whether data are an authority without its variable, as far as their form tells. */
export function isBare(data: Bytes): boolean {
  try {
    decode(EfiVariable, data);
    return false;
  } catch (error) {
    if (error instanceof Malformed) return true;
    throw error;
  }
}

/** How a certificate of 256 bytes or more begins: a SEQUENCE with a length of two bytes. */
const isCertificate = (data: Bytes, at: number): boolean => data[at] === 0x30 && data[at + 1] === 0x82;

/** Firmware measures entries of db, with their owner; shim certificates with and without one, and texts. */
function entry(name: string, held: Bytes): { readonly owner?: string; readonly data: Bytes } {
  const isOwned = !isCertificate(held, 0) && (isCertificate(held, 16) || (name === 'db' && held.length > 16));
  return isOwned ? decode(SignatureData, held) : { data: held };
}
