/** The provider's demands on TPM evidence whose cryptography held: all of them, met or not. */
import type { Finding } from '../../appraisal.ts';
import { check } from './checks.ts';
import type { TpmFacts } from './facts.ts';
import { strongBanks } from './platform.ts';
import type { TpmSettings } from './settings.ts';
import { debugFlags } from './wrappers.ts';

export function tpmBaseline(
  { current, boot, enclave }: TpmFacts,
  { settings }: { readonly settings: TpmSettings },
): readonly Finding[] {
  const quotes = [current, ...(boot ? [boot] : [])];
  return [
    ...quotes.flatMap((quote): Finding[] => [
      {
        check: check['tpm.quote.selection'],
        ok: strongBanks(quote, settings).includes(quote.bank),
        expected: `PCR ${listOf(settings.requiredPcrMask)}`,
        observed: [...quote.pcrs].map(
          ([bank, values]) => `${bank}: ${[...values.keys()].sort((a, b) => a - b).join(' ')}`,
        ),
      },
      {
        check: check['tpm.quote.hash'],
        ok: quote.hash !== 'sha1' || settings.sha1Signatures,
        observed: quote.hash,
      },
    ]),
    ...(enclave
      ? [
          {
            check: check['tpm.vbs.debug'],
            ok: (enclave.flags & debugFlags) === 0 || settings.debugEnclaves,
            observed: enclave.flags,
          },
        ]
      : []),
  ];
}

const listOf = (mask: number): string =>
  [...Array(24).keys()].filter((index) => ((mask >> index) & 1) === 1).join(' ') || 'none';
