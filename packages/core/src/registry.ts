/** Every attestation type, one line each. Routes, OpenAPI, configuration and the command line go by this list. */
import type { AnyType } from './contract.ts';
import { openEnclave } from './types/open-enclave.ts';
import { sgxEnclave } from './types/sgx-enclave.ts';
import { tpm } from './types/tpm.ts';

export const types: readonly AnyType[] = [sgxEnclave, openEnclave, tpm];

/** The type that a path segment names, compared without regard to case. */
export function typeNamed(segment: string): AnyType | undefined {
  const wanted = segment.toLowerCase();
  return types.find((type) => [type.name, ...(type.aliases ?? [])].some((name) => name.toLowerCase() === wanted));
}
