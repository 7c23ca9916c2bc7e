/** What a TPM says about itself: TPM2_GetCapability, asked until there is no more. */
import { type Bank, bankOf, capability, commands, indicesOf, type Selection } from '@assay/core/tcg';
import type { Tpm } from './tpm.ts';

/** Handles in use, from one on. @param first its high byte is the kind of handle */
export async function handlesFrom(tpm: Tpm, first: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (let next = first; ; ) {
    const { value } = await tpm.call(commands.getCapability, {
      capability: capability.handles,
      first: next,
      count: 64,
    });
    const handles = (value.data as readonly number[]).filter((handle) => handle >= next);
    found.push(...handles);
    const last = handles.at(-1);
    if (value.more === 0 || last === undefined) return found;
    next = last + 1;
  }
}

/** One of a TPM's properties. @returns undefined where the TPM has none of that number */
export async function propertyOf(tpm: Tpm, property: number): Promise<number | undefined> {
  const { value } = await tpm.call(commands.getCapability, {
    capability: capability.properties,
    first: property,
    count: 1,
  });
  const [found] = value.data as readonly { readonly property: number; readonly value: number }[];
  return found?.property === property ? found.value : undefined;
}

/** The PCR banks that are switched on, in the TPM's order; those whose hash is not known here are left out. */
export async function activeBanks(tpm: Tpm): Promise<readonly Bank[]> {
  const { value } = await tpm.call(commands.getCapability, { capability: capability.pcrs, first: 0, count: 64 });
  const selections = value.data as readonly Selection[];
  return selections.filter((one) => indicesOf(one).length > 0).flatMap((one) => bankOf(one.hash) ?? []);
}
