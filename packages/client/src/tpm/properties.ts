/** What a TPM says about itself: TPM2_GetCapability, asked until there is no more. */
import { type Bank, bankOf, capability, commands, indicesOf, type Selection } from '@assay/core/tcg';
import { TpmError } from './error.ts';
import type { Tpm } from './tpm.ts';

/** What a capability's answer holds, as it stands on the wire. */
interface Kinds {
  readonly handles: readonly number[];
  readonly pcrs: readonly Selection[];
  readonly properties: readonly { readonly property: number; readonly value: number }[];
}

/** One answer. @throws {TpmError} `Nonsense` when it is on another capability */
async function ask<K extends keyof Kinds>(
  tpm: Tpm,
  kind: K,
  first: number,
  count: number,
): Promise<{ readonly data: Kinds[K]; readonly more: boolean }> {
  const { value } = await tpm.call(commands.getCapability, { capability: capability[kind], first, count });
  if (value.capability !== capability[kind])
    throw new TpmError('Nonsense', 'TPM2_GetCapability: the answer is on another capability than was asked for', {
      command: commands.getCapability.name,
    });
  // The layout chose the form of the data by the capability, which was compared.
  return { data: value.data as unknown as Kinds[K], more: value.more !== 0 };
}

/** Handles of one kind that are read; TPMs have room for some dozens. */
const mostHandles = 4096;

/**
 * Handles in use, from one on.
 * @param first its high byte is the kind of handle
 * @throws {TpmError} `Nonsense` when there is no end to them
 */
export async function handlesFrom(tpm: Tpm, first: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (let next = first; ; ) {
    const { data, more } = await ask(tpm, 'handles', next, 64);
    const handles = data.filter((handle) => handle >= next);
    found.push(...handles);
    const last = handles.at(-1);
    if (!more || last === undefined || last === 0xffff_ffff) return found;
    if (found.length > mostHandles)
      throw new TpmError('Nonsense', `TPM2_GetCapability: the TPM says it has more than ${mostHandles} handles`);
    next = last + 1;
  }
}

/** One of a TPM's properties. @returns undefined where the TPM has none of that number */
export async function propertyOf(tpm: Tpm, property: number): Promise<number | undefined> {
  const [found] = (await ask(tpm, 'properties', property, 1)).data;
  return found?.property === property ? found.value : undefined;
}

/** The PCR banks that are switched on, in the TPM's order; those whose hash is not known here are left out. */
export async function activeBanks(tpm: Tpm): Promise<readonly Bank[]> {
  const { data } = await ask(tpm, 'pcrs', 0, 64);
  return data.filter((one) => indicesOf(one).length > 0).flatMap((one) => bankOf(one.hash) ?? []);
}
