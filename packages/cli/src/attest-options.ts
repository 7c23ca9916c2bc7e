/** Options that are for one kind of evidence alone: given for another one they are refused, not ignored. */
import { CommandError } from './exit.ts';

const ofTpm = {
  attest: '--attest',
  signature: '--signature',
  pcrs: '--pcrs',
  platformClaim: '--platform-claim',
  key: '--key',
  tcgLog: '--tcg-log',
  imaLog: '--ima-log',
  aikCertificate: '--aik-certificate',
  requestKey: '--request-key',
  relyingParty: '--relying-party',
  claim: '--claim',
} as const;

const flags = {
  tpm: ofTpm,
  /** What a request of the TPM protocol that is signed already has in it. */
  request: { ...ofTpm, nonce: '--nonce' },
  quotes: { runtimeData: '--runtime-data', draftPolicy: '--draft-policy' },
  /** What is asked of quotes when they are judged here. */
  quoted: {
    runtimeData: '--runtime-data',
    initData: '--init-data',
    accept: '--accept',
    azureBaseline: '--azure-baseline',
    minimumEvaluation: '--minimum-evaluation',
    pckChain: '--pck-chain',
  },
  booted: { referenceLog: '--reference-log' },
} as const;

/**
 * @param which options that have no place here
 * @param why what they are for
 * @throws {CommandError} usage
 */
export function refuseOptions(which: keyof typeof flags, options: object, why: string): void {
  const given = Object.entries(flags[which]).find(([name]) => Object.hasOwn(options, name));
  if (given) throw new CommandError('usage', `${given[1]} ${why}`);
}
