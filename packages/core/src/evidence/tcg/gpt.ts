/** The partition table that was booted from: UEFI_GPT_DATA (TCG PC Client Platform Firmware Profile §10.2.3). */
import { bytes, type Layout, list, type Of, struct, u32le, u64le } from '../../bytes/index.ts';
import { guid } from './efi.ts';

/** No table has more; most have 128 entries, a few of them used. */
const mostPartitions = 1024;

const Count: Layout<number> = {
  read(from) {
    const at = from.at;
    const value = u64le.read(from);
    if (value > BigInt(mostPartitions)) from.fail(`is ${value}, at most ${mostPartitions}`, at);
    return Number(value);
  },
  write: (value, to) => u64le.write(BigInt(value), to),
};

/** EFI_PARTITION_TABLE_HEADER, then the entries in use. */
export const PartitionTable = struct({
  signature: u64le,
  revision: u32le,
  headerSize: u32le,
  headerCrc: u32le,
  reserved: u32le,
  myLba: u64le,
  alternateLba: u64le,
  firstUsableLba: u64le,
  lastUsableLba: u64le,
  diskGuid: guid,
  entriesLba: u64le,
  entryCount: u32le,
  entrySize: u32le,
  entriesCrc: u32le,
  partitions: list(
    Count,
    struct({
      typeGuid: guid,
      uniqueGuid: guid,
      startingLba: u64le,
      endingLba: u64le,
      attributes: u64le,
      /** UTF-16LE with zeros after it. */
      name: bytes(72),
    }),
    mostPartitions,
  ),
});
export type PartitionTable = Of<typeof PartitionTable>;
