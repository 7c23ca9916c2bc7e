/**
 * A program that firmware loaded: UEFI_IMAGE_LOAD_EVENT (TCG PC Client Platform Firmware Profile §10.2.3) and the device
 * path in it (UEFI 2.10 §10). The digest is that of the program: address and path are never proven.
 */
import {
  type Bytes,
  type Cursor,
  decode,
  hex,
  type Layout,
  type Of,
  struct,
  u8,
  u16le,
  u64le,
} from '../../bytes/index.ts';
import { quietly } from '../quietly.ts';
import { guid, longLength, utf16Trimmed } from './efi.ts';
import { toEnd } from './fields.ts';

export interface DeviceNode {
  readonly type: number;
  readonly subType: number;
  readonly data: Bytes;
}

const DeviceNode: Layout<DeviceNode> = {
  read(from) {
    const type = u8.read(from);
    const subType = u8.read(from);
    const at = from.at;
    const length = u16le.read(from);
    if (length < 4) from.fail(`is ${length}, at least 4`, at);
    return { type, subType, data: from.slice(length - 4) };
  },
  write({ type, subType, data }, to) {
    to.put(Uint8Array.of(type, subType));
    u16le.write(data.length + 4, to);
    to.put(data);
  },
};

/** Nodes to the end of the path. Some makers leave out the last one, which says that it is the end. */
const DevicePath = toEnd(DeviceNode);

/** The path behind its length in 64 bits. */
const SizedPath: Layout<readonly DeviceNode[]> = {
  read: (from: Cursor) => from.within(longLength(from, 1), (child) => DevicePath.read(child)),
  write(nodes, to) {
    u64le.write(BigInt(nodes.reduce((sum, one) => sum + 4 + one.data.length, 0)), to);
    DevicePath.write(nodes, to);
  },
};

export const ImageLoad = struct({ location: u64le, length: u64le, linkTimeAddress: u64le, path: SizedPath });
export type ImageLoad = Of<typeof ImageLoad>;

/** Names of device path types. */
const deviceTypes: ReadonlyMap<number, string> = new Map([
  [1, 'HARDWARE'],
  [2, 'ACPI'],
  [3, 'MESSAGING'],
  [4, 'MEDIA'],
  [5, 'BBS'],
  [0x7f, 'END'],
]);

/** A path for people: what is known by name, everything else by its numbers. */
export const devicePathText = (path: readonly DeviceNode[]): string =>
  path
    .filter(({ type }) => type !== 0x7f)
    .map(nodeText)
    .join('/');

function nodeText({ type, subType, data }: DeviceNode): string {
  if (type === 4 && subType === 4) return utf16Trimmed(data);
  if (type === 4 && subType === 1 && data.length === 38) return `HD(${guidAt(data, 20)})`;
  if (type === 4 && (subType === 6 || subType === 7) && data.length === 16)
    return `${subType === 6 ? 'FvFile' : 'Fv'}(${guidAt(data, 0)})`;
  if (type === 1 && subType === 1 && data.length === 2) return `Pci(${data[1]},${data[0]})`;
  return `${deviceTypes.get(type) ?? type}(${subType}${data.length > 0 ? `,${hex(data)}` : ''})`;
}

const guidAt = (data: Bytes, at: number): string => decode(guid, data.subarray(at, at + 16));

/** What an image event claims of its place; undefined where it gives none, or does not read. */
export const claimedPath = (data: Bytes): string | undefined =>
  quietly(() => devicePathText(decode(ImageLoad, data).path)) || undefined;
