/** Who made a TPM, and what it says of itself (TPM 2.0 library, part 2 §6.13: TPM_PT). */
import { propertyOf } from './properties.ts';
import type { Tpm } from './tpm.ts';

export interface TpmIdentity {
  /** TPM_PT_MANUFACTURER: four letters at most, such as `INTC` or `IFX`. */
  readonly manufacturer: string;
  /** TPM_PT_VENDOR_STRING_1 to 4: free text of the maker. */
  readonly vendor: string;
  /** TPM_PT_FAMILY_INDICATOR: `2.0`. */
  readonly family: string;
  /** TPM_PT_REVISION of the library specification: `1.59`. */
  readonly revision: string;
  /** TPM_PT_FIRMWARE_VERSION_1 and 2, 16 hexadecimal digits, as quotes carry it. */
  readonly firmwareVersion: string;
}

const property = {
  family: 0x100,
  revision: 0x102,
  manufacturer: 0x105,
  vendor: [0x106, 0x107, 0x108, 0x109],
  firmware: [0x10b, 0x10c],
} as const;

/** @throws {TpmError} */
export async function tpmIdentity(tpm: Tpm): Promise<TpmIdentity> {
  const numbers = async (ids: readonly number[]): Promise<readonly number[]> => {
    const found: number[] = [];
    for (const id of ids) found.push((await propertyOf(tpm, id)) ?? 0);
    return found;
  };
  const [family = 0, revision = 0, manufacturer = 0] = await numbers([
    property.family,
    property.revision,
    property.manufacturer,
  ]);
  const vendor = await numbers(property.vendor);
  const firmware = await numbers(property.firmware);
  return {
    manufacturer: lettersOf([manufacturer]),
    vendor: lettersOf(vendor),
    family: lettersOf([family]),
    revision: (revision / 100).toFixed(2),
    firmwareVersion: firmware.map((part) => part.toString(16).padStart(8, '0')).join(''),
  };
}

/** Numbers that are four characters each; what cannot be printed, and the zeros behind it, are left out. */
const lettersOf = (numbers: readonly number[]): string =>
  numbers
    .flatMap((number) => [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff))
    .filter((byte) => byte >= 0x20 && byte < 0x7f)
    .map((byte) => String.fromCharCode(byte))
    .join('')
    .trim();
