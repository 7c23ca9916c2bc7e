/** The demands that a provider can make on TPM evidence. */
import type { XStatic } from 'typebox/schema';
import type { Settings } from '../../contract.ts';

const schema = {
  type: 'object',
  additionalProperties: false,
  required: [
    'requireValidAik',
    'requiredPcrMask',
    'events',
    'sha1Signatures',
    'sha1Pcrs',
    'aikPurpose',
    'unexplainedPcrs',
    'debugEnclaves',
    'unboundKey',
  ],
  properties: {
    requireValidAik: {
      type: 'boolean',
      description:
        'Whether the attestation key must have a certificate that chains to a root in force. Policies set it by require_valid_aik_cert.',
    },
    requiredPcrMask: {
      type: 'integer',
      minimum: 0,
      maximum: 0xff_ffff,
      description:
        'PCRs that the quote must cover, in one bank stronger than SHA-1: bit i is PCR i. Policies set it by required_pcr_mask.',
    },
    events: {
      enum: ['strict', 'maa'],
      description:
        'strict: what an event says counts only as far as its digest proves it. maa: every event is decoded, as Azure Attestation does.',
    },
    sha1Signatures: {
      type: 'boolean',
      description: 'Whether attestation keys may sign with SHA-1, as those of Windows do.',
    },
    sha1Pcrs: { type: 'boolean', description: 'Whether a quote over SHA-1 PCRs alone will do.' },
    aikPurpose: {
      enum: ['chain', 'leaf', 'none'],
      description:
        'Where certificates must name the purpose of attestation keys (2.23.133.8.3): in the whole chain but the root, in the key’s own certificate, or nowhere, for CAs that do not.',
    },
    unexplainedPcrs: {
      type: 'array',
      items: { type: 'integer', minimum: 0, maximum: 23 },
      maxItems: 24,
      description:
        'PCRs that logs need not explain, for machines whose firmware leaves measurements out. Nothing in them becomes a claim.',
    },
    debugEnclaves: { type: 'boolean', description: 'Whether VBS enclaves may run with debugging on.' },
    unboundKey: {
      type: 'boolean',
      description:
        'Whether requests of version 1 without an enclave are accepted: nothing binds their key to the TPM. Tokens then carry x-assay-insecure.',
    },
  },
} as const;

export type TpmSettings = XStatic<typeof schema>;

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
