/** `POST /attest/OpenEnclave`: an OpenEnclave report, which is an SGX quote behind 16 bytes. */
import { oeReport } from '../evidence/intel/verifier.ts';
import { envelopeSchema, readEnvelope } from './envelope.ts';
import { sgxEnclave } from './sgx-enclave.ts';

export const openEnclave: typeof sgxEnclave = {
  ...sgxEnclave,
  name: 'OpenEnclave',
  request: envelopeSchema('report', 'OpenEnclave report (16-byte header and SGX quote), base64url'),
  verifier: oeReport,
  receive: (body) => readEnvelope(body, 'report'),
};
