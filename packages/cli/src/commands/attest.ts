/** `assay attest`: evidence to a service, and its token back. Whether to believe the token is for `assay verify`. */
import type { AttestOptions } from '@assay/client';
import { fromUtf8 } from '@assay/core/bytes';
import { refuseOptions } from '../attest-options.ts';
import type { Ending } from '../exit.ts';
import { evidenceBytes, readInput } from '../input.ts';
import { type SendOptions, tokenFor } from '../sending.ts';
import type { Terminal } from '../ui.ts';

export interface AttestCommandOptions extends SendOptions {
  readonly runtimeData?: string;
  readonly runtimeDataType: 'Binary' | 'JSON';
  readonly nonce?: string;
  readonly draftPolicy?: string;
}

export async function attestCommand(
  kind: 'sgx' | 'openenclave',
  file: string,
  options: AttestCommandOptions,
  terminal: Terminal,
): Promise<Ending> {
  refuseOptions('tpm', options, 'is for evidence of a TPM');
  const read = (name: string): Promise<Uint8Array> => readInput(terminal, name);
  const evidence = evidenceBytes(await read(file), file);
  const wanted: AttestOptions = {
    ...(options.runtimeData !== undefined && {
      runtimeData: { data: await read(options.runtimeData), kind: options.runtimeDataType },
    }),
    ...(options.draftPolicy !== undefined && {
      draftPolicy: fromUtf8(await read(options.draftPolicy), options.draftPolicy),
    }),
    ...(options.nonce !== undefined && { nonce: options.nonce }),
  };
  return tokenFor(options, terminal, (client) =>
    kind === 'sgx' ? client.attestSgxEnclave(evidence, wanted) : client.attestOpenEnclave(evidence, wanted),
  );
}
