/**
 * Names of claims as the wire spells them. A relying party's own table on purpose: it depends on nothing of the
 * service whose tokens it judges.
 */
export const claimNames = {
  issuer: 'iss',
  issuedAt: 'iat',
  expires: 'exp',
  notBefore: 'nbf',
  nonce: 'nonce',
  attestationType: 'x-ms-attestation-type',
  insecure: 'x-assay-insecure',
  tcbStatus: 'x-assay-tcb-status',
} as const;

/** Claims about an SGX enclave, from the service itself (policies may issue others, but not these). */
export const sgxClaimNames = {
  debuggable: 'x-ms-sgx-is-debuggable',
  mrenclave: 'x-ms-sgx-mrenclave',
  mrsigner: 'x-ms-sgx-mrsigner',
  productId: 'x-ms-sgx-product-id',
  reportData: 'x-ms-sgx-report-data',
  svn: 'x-ms-sgx-svn',
} as const;

/** Claims about a machine with a TPM, from the service itself. */
export const tpmClaimNames = {
  attestationKey: 'x-assay-tpm-aik',
  attestationKeyPolicies: 'x-assay-tpm-aik-policies',
  quotedPcrs: 'x-assay-tpm-quoted-pcrs',
  requestKey: 'x-ms-tpm-request-key',
  secureBoot: 'x-assay-tpm-secure-boot',
  unexplainedPcrs: 'x-assay-tpm-unexplained-pcrs',
} as const;
