/**
 * Boots made to order: a crypto-agile event log (TCG PC Client Platform Firmware Profile §10) together with the
 * extensions that make it true in a TPM, which may be a real one or one in software.
 */
import { type Bytes, concat, encode, rest, sized, struct, u8, u16le, u64le, utf8 } from '../../bytes/index.ts';
import { digest } from '../../crypto/index.ts';
import { type Bank, hashes } from './algorithms.ts';
import { EfiVariable, guids } from './efi.ts';
import { eventType } from './event-types.ts';
import { ImageLoad } from './image.ts';
import { agileRecord, LegacyRecord, SpecId, signature03 } from './log.ts';
import { SignatureData, SignatureLists, signatureTypes } from './signature-lists.ts';

/** One event before it has digests. */
export interface ForgedEvent {
  readonly pcr: number;
  readonly type: number;
  /** What the log shows. */
  readonly data: Bytes;
  /** What was measured, where it is not the data: firmware, a program, a text without its closing zero. */
  readonly measured?: Bytes;
}

/** One TPM2_PCR_Extend: digests by TPM_ALG_ID. */
export interface Extension {
  readonly pcr: number;
  readonly digests: readonly { readonly hash: number; readonly digest: Bytes }[];
}

export interface ForgedLog {
  /** As firmware would have left it for the operating system. */
  readonly log: Bytes;
  /** In order: a TPM that is extended by these just after its start is what the log tells. */
  readonly extensions: readonly Extension[];
}

/**
 * A log with these events, and what to extend for it.
 * @param banks those that are active in the TPM, in the order in which the log is to show them
 */
export function forgeLog(events: readonly ForgedEvent[], banks: readonly Bank[]): ForgedLog {
  const shown = banks.flatMap((bank) => [...hashes.values()].filter((hash) => hash.bank === bank));
  const header = encode(LegacyRecord, {
    pcr: 0,
    type: eventType.noAction,
    digest: new Uint8Array(20),
    data: encode(SpecId, {
      signature: signature03,
      platformClass: 0,
      minor: 0,
      major: 2,
      errata: 0,
      uintnSize: 2,
      algorithms: shown.map(({ id, size }) => ({ algorithm: id, size })),
      vendorInfo: new Uint8Array(0),
    }),
  });
  const Record = agileRecord(new Map(shown.map(({ id, size }) => [id, size])));
  const records = events.map(({ pcr, type, data, measured = data }) => ({
    pcr,
    type,
    digests: shown.map(({ id, size, bank }) => ({
      algorithm: id,
      digest: type === eventType.noAction ? new Uint8Array(size) : digest(bank as Bank, measured),
    })),
    data,
  }));
  return {
    log: concat(header, ...records.map((record) => encode(Record, record))),
    extensions: records
      .filter(({ type }) => type !== eventType.noAction)
      .map(({ pcr, digests }) => ({
        pcr,
        digests: digests.map((one) => ({ hash: one.algorithm, digest: one.digest })),
      })),
  };
}

/** A machine's boot, as far as its log tells it. Whatever is left out is ordinary. */
export interface WantedBoot {
  /** Default on. */
  readonly secureBoot?: boolean;
  readonly firmwareVersion?: string;
  /** What the firmware volume holds. */
  readonly firmware?: Bytes;
  /** What the boot loader holds: stands in for its Authenticode hash. */
  readonly bootLoader?: Bytes;
  /** The kernel's command line. */
  readonly commandLine?: string;
  /** The certificate by which the boot loader was let in; PK, KEK and db hold this one alone. */
  readonly authority?: Bytes;
}

/** Begins as certificates do, and is none. */
const standIn = concat(Uint8Array.of(0x30, 13), utf8('a certificate'));
/** Whose entries they are: anybody's, so long as they differ from firmware's own. */
const owner = '77FA9ABD-0359-4D32-BD60-28F4E78F784B';
const separator = (pcr: number): ForgedEvent => ({ pcr, type: eventType.separator, data: new Uint8Array(4) });
const action = (pcr: number, text: string): ForgedEvent => ({ pcr, type: eventType.efiAction, data: utf8(text) });
const variable = (guid: string, name: string, data: Bytes): Bytes =>
  encode(EfiVariable, { guid, name, data, tail: new Uint8Array(0) });
const configured = (guid: string, name: string, data: Bytes): ForgedEvent => ({
  pcr: 7,
  type: eventType.efiVariableDriverConfig,
  data: variable(guid, name, data),
});

/** The events of a Linux machine with UEFI firmware, from power on to the end of boot services. */
export function linuxBoot({
  secureBoot = true,
  firmwareVersion = 'Assay 1.0',
  firmware = utf8('firmware'),
  bootLoader = utf8('boot loader'),
  commandLine = 'root=/dev/vda1 ro quiet',
  authority = standIn,
}: WantedBoot = {}): readonly ForgedEvent[] {
  const entry = { owner, data: authority };
  const trusted = encode(SignatureLists, [{ type: signatureTypes.x509, signatures: [entry] }]);
  const bootOrder = Uint8Array.of(1, 0);
  const path = [
    { type: 4, subType: 4, data: utf16Bytes('\\EFI\\BOOT\\BOOTX64.EFI\0') },
    { type: 0x7f, subType: 0xff, data: new Uint8Array(0) },
  ];
  return [
    { pcr: 0, type: eventType.noAction, data: concat(utf8('StartupLocality\0'), Uint8Array.of(0)) },
    { pcr: 0, type: eventType.crtmVersion, data: utf16Bytes(`${firmwareVersion}\0`) },
    {
      pcr: 0,
      type: eventType.efiPlatformFirmwareBlob2,
      data: encode(FirmwareBlob, { name: utf8('Firmware volume'), base: 0xff80_0000n, length: sizeOf(firmware) }),
      measured: firmware,
    },
    configured(guids.efiGlobal, 'SecureBoot', Uint8Array.of(secureBoot ? 1 : 0)),
    configured(guids.efiGlobal, 'PK', trusted),
    configured(guids.efiGlobal, 'KEK', trusted),
    configured(guids.imageSecurity, 'db', trusted),
    configured(guids.imageSecurity, 'dbx', new Uint8Array(0)),
    separator(7),
    // Of this variable the name is not measured.
    {
      pcr: 1,
      type: eventType.efiVariableBoot,
      data: variable(guids.efiGlobal, 'BootOrder', bootOrder),
      measured: bootOrder,
    },
    ...(secureBoot ? [authorized(encode(SignatureData, entry))] : []),
    action(4, 'Calling EFI Application from Boot Option'),
    ...[0, 1, 2, 3, 4, 5, 6].map(separator),
    {
      pcr: 4,
      type: eventType.efiBootServicesApplication,
      data: encode(ImageLoad, { location: 0x7e00_0000n, length: sizeOf(bootLoader), linkTimeAddress: 0n, path }),
      measured: bootLoader,
    },
    { pcr: 8, type: eventType.ipl, data: utf8(`kernel_cmdline: ${commandLine}\0`), measured: utf8(commandLine) },
    action(5, 'Exit Boot Services Invocation'),
    action(5, 'Exit Boot Services Returned with Success'),
  ];
}

const authorized = (entry: Bytes): ForgedEvent => ({
  pcr: 7,
  type: eventType.efiVariableAuthority,
  data: variable(guids.imageSecurity, 'db', entry),
});

/** UEFI_PLATFORM_FIRMWARE_BLOB2. */
const FirmwareBlob = struct({ name: sized(u8, rest), base: u64le, length: u64le });
const sizeOf = (input: Bytes): bigint => BigInt(input.length);
const utf16Bytes = (text: string): Bytes =>
  concat(...Array.from({ length: text.length }, (_, i) => encode(u16le, text.charCodeAt(i))));
