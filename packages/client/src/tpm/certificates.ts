/** Certificates in a TPM's memory: where they stand, how they are read, and where they end. */
import { type Bytes, hex } from '@assay/core/bytes';
import { commands } from '@assay/core/tcg';
import { TpmError } from './error.ts';
import { propertyOf } from './properties.ts';
import { handleText } from './reasons.ts';
import type { Tpm } from './tpm.ts';

/** TPM_PT_NV_BUFFER_MAX, and what is safe where a TPM does not tell. */
const [bufferProperty, safeChunk] = [0x12c, 512];
/** TPMA_NV_AUTHREAD: the index's own (empty) password reads it. */
const authRead = 0x4_0000;
const owner = 0x4000_0001;

/** The certificate at an NV index. @returns undefined where the TPM has none @throws {TpmError} */
export async function readCertificate(tpm: Tpm, index: number): Promise<Bytes | undefined> {
  const stored = await readNv(tpm, index).catch((error: unknown) => {
    if (error instanceof TpmError && (error.reason === 'HANDLE' || error.reason === 'NV_UNINITIALIZED'))
      return undefined;
    throw error;
  });
  return stored && certificateIn(stored, index);
}

/** The whole content of an NV index. @throws {TpmError} `HANDLE` when there is none */
async function readNv(tpm: Tpm, index: number): Promise<Bytes> {
  const { value } = await tpm.call(commands.nvReadPublic, {}, [index]);
  const { size, attributes } = value.public;
  const authority = (attributes & authRead) !== 0 ? index : owner;
  // A TPM that says 0 does not tell either.
  const chunk = (await propertyOf(tpm, bufferProperty)) || safeChunk;
  const out = new Uint8Array(size);
  for (let offset = 0; offset < size; ) {
    const wanted = Math.min(chunk, size - offset);
    const read = await tpm.call(commands.nvRead, { size: wanted, offset }, [authority, index]);
    if (read.value.data.length !== wanted)
      throw new TpmError('Nonsense', `TPM2_NV_Read: ${read.value.data.length} bytes came of ${wanted}`);
    out.set(read.value.data, offset);
    offset += wanted;
  }
  return out;
}

/** Some vendors write a header of seven bytes first: `10 01 00`, a length, two more bytes. */
const vendorHeader = [0x10, 0x01, 0x00];

/**
 * The certificate without what vendors leave around it: it ends where its DER ends.
 * @throws {TpmError} `Unfit` when there is none
 */
export function certificateIn(stored: Bytes, index: number): Bytes {
  const from = stored.subarray(vendorHeader.every((byte, i) => stored[i] === byte) ? 7 : 0);
  // SEQUENCE, with a length of two bytes: as long as certificates are.
  const [tag, form, high = 0, low = 0] = from;
  const length = 4 + high * 256 + low;
  if (tag === 0x30 && form === 0x82 && length <= from.length) return from.slice(0, length);
  const start = from.length === 0 ? 'nothing' : `0x${hex(from.subarray(0, 4))}`;
  throw new TpmError(
    'Unfit',
    `the NV index ${handleText(index)} holds no certificate: its ${stored.length} bytes begin with ${start}`,
  );
}
