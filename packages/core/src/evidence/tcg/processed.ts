/** What events mean, in the form of the `events` claim: its member `ProcessedData`, by type of event. */
import { type Bytes, base64url, decode, latin1, struct, u64le } from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import type { Json } from '../../json/index.ts';
import { isBare, readAuthority } from './authority.ts';
import type { Belief } from './belief.ts';
import { type EfiVariable, utf16Trimmed, variableIn } from './efi.ts';
import { eventType } from './event-types.ts';
import { PartitionTable } from './gpt.ts';
import { ImageLoad } from './image.ts';
import type { LogEvent } from './log.ts';
import { signatureListsIn, signatureTypeNames } from './signature-lists.ts';
import { recordsIn } from './wbcl.ts';
import { recordName, recordsJson, whole } from './wbcl-json.ts';

/** Digests of one event as shown: name of the bank and base64url. */
export type ShownDigests = readonly (readonly [bank: string, digest: string])[];

interface Form {
  /** `EventTypeString`. */
  readonly name: string;
  /**
   * @param belief undefined where everything counts as proven
   * @returns undefined where nothing is shown
   * @throws {Malformed} for data that do not read
   */
  readonly read: (event: LogEvent, belief: Belief | undefined, digests: ShownDigests) => Json | undefined;
}

export interface Processed {
  readonly EventTypeString: string;
  readonly ProcessedData: Json;
}

/** @param belief undefined in mode `maa`, where everything counts as proven */
export function processed(event: LogEvent, belief: Belief | undefined, digests: ShownDigests): Processed | undefined {
  const form = forms.get(event.claimedType);
  if (!form) return undefined;
  try {
    const value = form.read(event, belief, digests);
    return value === undefined ? undefined : { EventTypeString: form.name, ProcessedData: value };
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

/** Variables whose contents are signature lists. */
const listVariables = new Set(['PK', 'KEK', 'db', 'dbx']);

function variable({ guid, name, data, tail }: EfiVariable): Json {
  if (tail.length > 0) throw new Malformed('variable', undefined, `has ${tail.length} bytes after its end`);
  return {
    UnicodeName: name,
    VariableData: listVariables.has(name) ? signatureLists(data) : base64url(data),
    VariableGuid: guid,
  };
}

function signatureLists(data: Bytes): Json {
  return signatureListsIn(data).map(({ type, signatures }) => {
    const name = signatureTypeNames.get(type);
    return {
      SignatureType: type,
      ...(name !== undefined && { SignatureTypeString: name }),
      Signatures: signatures.map((one) => ({ SignatureData: base64url(one.data), SignatureOwner: one.owner })),
    };
  });
}

/** Some firmware logs the bare contents (quirk F7), and most hashes the contents alone: then the name is not proven. */
function bootVariable(event: LogEvent, belief: Belief | undefined): Json {
  if (belief?.what === 'variableData' && belief.proven) return { VariableData: base64url(belief.proven) };
  try {
    return variable(variableIn(event));
  } catch (error) {
    if (error instanceof Malformed) return { VariableData: base64url(event.claimedData) };
    throw error;
  }
}

function authority({ claimedData: data }: LogEvent): Json {
  const { guid, name, owner, data: held, isWrapped } = readAuthority(data, isBare(data));
  return {
    ...(isWrapped && { UnicodeName: name }),
    VariableData: { SignatureData: base64url(held), ...(owner !== undefined && { SignatureOwner: owner }) },
    ...(isWrapped && { VariableGuid: guid }),
  };
}

function image({ claimedData }: LogEvent): Json {
  const { location, length, linkTimeAddress, path } = decode(ImageLoad, claimedData);
  const [node] = path;
  return {
    // Of a path the first node is shown, and only one type was ever seen by name.
    ...(node && {
      DevicePath: {
        SubType: node.subType,
        Type: node.type === 2 ? { String: 'ACPI', Value: 2 } : { Value: node.type },
      },
    }),
    ImageLengthInMemory: whole(length),
    ImageLinkTimeAddress: whole(linkTimeAddress),
    ImageLocationInMemory: whole(location),
  };
}

function partitions({ claimedData }: LogEvent): Json {
  const table = decode(PartitionTable, claimedData);
  return {
    Partitions: table.partitions.map((one) => ({
      Attributes: whole(one.attributes),
      EndingLBA: whole(one.endingLba),
      PartitionName: utf16Trimmed(one.name),
      PartitionTypeGUID: one.typeGuid,
      StartingLBA: whole(one.startingLba),
      UniquePartitionGUID: one.uniqueGuid,
    })),
    UEFIPartitionHeader: {
      AlternateLBA: whole(table.alternateLba),
      DiskGUID: table.diskGuid,
      FirstUseableLBA: whole(table.firstUsableLba),
      Header: {
        CRC32: table.headerCrc,
        HeaderSize: table.headerSize,
        Revision: table.revision,
        Signature: whole(table.signature),
      },
      LastUseableLBA: whole(table.lastUsableLba),
      MyLBA: whole(table.myLba),
      NumberOfPartitionEntries: table.entryCount,
      PartitionEntryArrayCRC32: table.entriesCrc,
      PartitionEntryLBA: whole(table.entriesLba),
      SizeOfPartitionEntry: table.entrySize,
    },
  };
}

const Blob = struct({ base: u64le, length: u64le });
function blob({ claimedData }: LogEvent): Json {
  const { base, length } = decode(Blob, claimedData);
  return { BlobBase: whole(base), BlobLength: whole(length) };
}

/** Others than Windows measure tagged data as well: theirs are no records that are known. */
function tagged(event: LogEvent): Json | undefined {
  const records = recordsIn(event);
  return records.some(({ id }) => recordName(id) !== undefined) ? recordsJson(records) : undefined;
}

/** Types that are decoded: all others show their raw data alone. */
const forms: ReadonlyMap<number, Form> = new Map<number, Form>([
  [
    eventType.separator,
    {
      name: 'EV_SEPARATOR',
      read: (_event, _belief, digests) =>
        Object.fromEntries(digests.map(([bank, digest]) => [`CappedHash[${bank}]`, digest])),
    },
  ],
  [eventType.eventTag, { name: 'EV_EVENT_TAG', read: tagged }],
  [
    eventType.nonhostInfo,
    { name: 'EV_NONHOST_INFO', read: ({ claimedData }) => (claimedData.length === 0 ? null : undefined) },
  ],
  [
    eventType.efiVariableDriverConfig,
    { name: 'EV_EFI_VARIABLE_DRIVER_CONFIG', read: (event) => variable(variableIn(event)) },
  ],
  [eventType.efiVariableBoot, { name: 'EV_EFI_VARIABLE_BOOT', read: bootVariable }],
  [eventType.efiBootServicesApplication, { name: 'EV_EFI_BOOT_SERVICES_APPLICATION', read: image }],
  [eventType.efiGptEvent, { name: 'EV_EFI_GPT_EVENT', read: partitions }],
  [eventType.efiAction, { name: 'EV_EFI_ACTION', read: ({ claimedData }) => ({ Data: latin1(claimedData) }) }],
  [eventType.efiPlatformFirmwareBlob, { name: 'EV_EFI_PLATFORM_FIRMWARE_BLOB', read: blob }],
  [eventType.efiVariableAuthority, { name: 'EV_EFI_VARIABLE_AUTHORITY', read: authority }],
]);
