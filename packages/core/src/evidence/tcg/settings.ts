/** The demands that a provider can make on TPM evidence. */
import { type Static, Type } from 'typebox';
import type { Settings } from '../../contract.ts';

const schema = Type.Object(
  {
    requireValidAik: Type.Boolean({
      description:
        'Whether the attestation key must have a certificate that chains to a root in force. Policies set it by require_valid_aik_cert.',
    }),
    requiredPcrMask: Type.Integer({
      minimum: 0,
      maximum: 0xff_ffff,
      description:
        'PCRs that the quote must cover, in one bank stronger than SHA-1: bit i is PCR i. Policies set it by required_pcr_mask.',
    }),
    events: Type.Enum(['strict', 'maa'], {
      description:
        'strict: what an event says counts only as far as its digest proves it. maa: every event is decoded, as Azure Attestation does.',
    }),
    sha1Signatures: Type.Boolean({
      description: 'Whether attestation keys may sign with SHA-1, as those of Windows do.',
    }),
    sha1Pcrs: Type.Boolean({ description: 'Whether a quote over SHA-1 PCRs alone will do.' }),
    aikPurpose: Type.Enum(['chain', 'leaf', 'none'], {
      description:
        'Where certificates must name the purpose of attestation keys (2.23.133.8.3): in the whole chain but the root, in the key’s own certificate, or nowhere, for CAs that do not.',
    }),
    unexplainedPcrs: Type.Array(Type.Integer({ minimum: 0, maximum: 23 }), {
      maxItems: 24,
      description:
        'PCRs that logs need not explain, for machines whose firmware leaves measurements out. Nothing in them becomes a claim.',
    }),
    debugEnclaves: Type.Boolean({ description: 'Whether VBS enclaves may run with debugging on.' }),
    unboundKey: Type.Boolean({
      description:
        'Whether requests of version 1 without an enclave are accepted: nothing binds their key to the TPM. Tokens then carry x-assay-insecure.',
    }),
  },
  { additionalProperties: false },
);

export type TpmSettings = Static<typeof schema>;

export const tpmSettings: Settings<TpmSettings> = {
  schema,
  defaults: {
    requireValidAik: true,
    requiredPcrMask: 0xff_ffff,
    events: 'strict',
    sha1Signatures: true,
    sha1Pcrs: false,
    aikPurpose: 'chain',
    unexplainedPcrs: [],
    debugEnclaves: false,
    unboundKey: false,
  },
};
