/** Attestation types as `--type` names them, and what the checker knows of each. */
import { type AnyType, typeNamed } from '@assay/core';
import { sgxClaimNames, tdxClaimNames, tdxIncomingClaims } from '@assay/core/intel';
import type { KnownType } from '@assay/core/policy';
import { CommandError } from '../exit.ts';

/** All types of the protocol: policies can be written for those that this version does not attest, too. */
const policyTypes = ['SgxEnclave', 'OpenEnclave', 'TdxVm', 'SevSnpVm', 'AzureGuest', 'Tpm'] as const;
const aliases: { readonly [name: string]: string } = { vbsenclave: 'Tpm' };

/** @throws {CommandError} usage for a name that is no type */
export function typeNameOf(given: string): string {
  const wanted = aliases[given.toLowerCase()] ?? given;
  const known = policyTypes.find((name) => name.toLowerCase() === wanted.toLowerCase());
  if (known) return known;
  throw new CommandError('usage', `there is no attestation type «${given}»`, [`there are ${policyTypes.join(', ')}`]);
}

/** What the checker is told; without a type it knows no names, and gives no warnings about them. */
export function knownType(type: string | undefined): KnownType {
  if (type === undefined) return {};
  const registered: AnyType | undefined = typeNamed(type);
  if (registered) return { type, incoming: registered.incomingClaims, reserved: registered.serviceClaims };
  if (type === 'TdxVm') return { type, incoming: tdxIncomingClaims, reserved: tdxClaimNames };
  return { type };
}

/** Whether recorded claims of this name reach policies of the type: not those that stand in tokens alone. */
export function reachesPolicies(type: string | undefined): (name: string) => boolean {
  const { incoming } = knownType(type);
  const tokenOnly = new Set(sgxClaimNames.filter((name) => !incoming?.some((claim) => claim.name === name)));
  return (name) => incoming === undefined || !tokenOnly.has(name);
}
