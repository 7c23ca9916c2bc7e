/** The first workflow: an enclave. Forged by one bit of its quote. */
import type { Act } from '../act.ts';
import type { Collected } from '../messages.ts';
import type { EnclavePiece } from './piece.ts';

/** The first byte of MRENCLAVE: somebody pretends to be another enclave. */
const flip = { byte: 112, bit: 0 };

export function enclaveAct({ platform, enclave }: EnclavePiece): Act {
  return {
    title: 'an enclave, as it should be',
    honest: { errand: { type: 'SgxEnclave', platform }, collected },
    expected(evidence) {
      const runtimeData = evidence?.runtimeData;
      return [
        { type: 'SgxEnclave', ...enclave, ...(runtimeData && { runtimeData }) },
        `measurement, signer, nonce${runtimeData ? ' and bound key' : ''}`,
      ];
    },
    forgeries: [
      {
        title: 'once more, one bit of the quote flipped on its way',
        attempt: async () => ({
          errand: { type: 'SgxEnclave', platform, flip },
          collected,
          underWay: `bit ${flip.bit} of byte ${flip.byte} flipped (in the measurement of the enclave)`,
        }),
      },
    ],
  };
}

const collected = ({ length, runtimeData }: Collected): string =>
  `SGX quote, ${length} bytes${runtimeData ? `, binds ${runtimeData.length} bytes: a key that the enclave has just made` : ''}`;
