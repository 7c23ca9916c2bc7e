/** `assay policy hash`: what tokens and the service call a policy. */
import { policyHash } from '@assay/core';
import { policyTokenHash, unsignedPolicy } from '@assay/core/token';
import type { Ending } from '../exit.ts';
import { readPolicy } from '../policies/text.ts';
import { printTable } from '../table.ts';
import { printJson, type Terminal } from '../ui.ts';

export async function policyHashCommand(
  file: string,
  options: { readonly json?: true },
  terminal: Terminal,
): Promise<Ending> {
  const { text, envelope } = await readPolicy(terminal, file);
  const hashes = {
    'x-ms-policy-hash': policyHash(text),
    'x-ms-policy-token-hash': policyTokenHash(envelope?.jws ?? unsignedPolicy(text)),
  };
  if (options.json) printJson(terminal, hashes);
  else
    printTable(
      terminal.out,
      Object.entries(hashes).map(([name, hash]) => [{ text: name, paint: terminal.out.paint.dim }, hash]),
    );
  return 'passed';
}
