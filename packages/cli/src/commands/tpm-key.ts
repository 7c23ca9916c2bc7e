/** `assay tpm key`: makes a key that stays with this TPM: one that attests, or one that signs requests. */
import { existsSync } from 'node:fs';
import { createAttestationKey, createRequestKey, loadKey, persistKey } from '@assay/client';
import { toPem } from '@assay/core';
import { decode, hex } from '@assay/core/bytes';
import { keyFile, nameOf, Public, publicKeyOf } from '@assay/core/tpm';
import { CommandError, type Ending } from '../exit.ts';
import { writeOutput, writeSecret } from '../output.ts';
import { printTable } from '../table.ts';
import { withMachine } from '../tpm/machine.ts';
import { handleOf, handleText, type KeyKindName, keyKinds } from '../tpm/options.ts';
import { printJson, type Terminal } from '../ui.ts';

interface Options {
  readonly tpm?: string;
  readonly for: 'attestation' | 'requests';
  readonly kind?: KeyKindName;
  readonly output?: string;
  readonly handle?: string;
  readonly publicKey?: string;
  readonly json?: true;
}

export async function keyCommand(options: Options, terminal: Terminal): Promise<Ending> {
  const { output, handle: text, publicKey } = options;
  if (output === undefined && text === undefined)
    throw new CommandError('usage', 'the key must go somewhere: --output FILE, --handle HANDLE, or both');
  const handle = text === undefined ? undefined : handleOf(text, '--handle');
  if (text !== undefined && handle === undefined)
    throw new CommandError('usage', `--handle takes a handle such as 0x81000003, not «${text}»`);
  const make = makerOf(options);
  // Found out before the TPM stores anything.
  if (output !== undefined && existsSync(output))
    throw new CommandError('usage', `${output} is there already, and is not written over`);
  const blob = await withMachine(options.tpm, terminal, async (tpm) => {
    const made = await make(tpm);
    if (handle !== undefined) await persistKey(tpm, await loadKey(tpm, made), handle);
    return made;
  });
  if (output !== undefined) await writeSecret(output, keyFile(blob));
  const pem = toPem('PUBLIC KEY', publicKeyOf(decode(Public, blob.public)).spki);
  if (publicKey !== undefined) await writeOutput(publicKey, pem);
  const told = {
    for: options.for,
    name: hex(nameOf(blob.public)),
    ...(output !== undefined && { file: output }),
    ...(handle !== undefined && { handle: handleText(handle) }),
    ...(publicKey !== undefined && { publicKey }),
  };
  if (options.json) printJson(terminal, told);
  else
    printTable(
      terminal.out,
      Object.entries(told).map(([name, value]) => [{ text: name, paint: terminal.out.paint.dim }, value]),
    );
  return 'passed';
}

function makerOf({ for: purpose, kind = 'rsa' }: Options): typeof createAttestationKey {
  if (purpose === 'attestation') return (tpm) => createAttestationKey(tpm, keyKinds[kind]);
  if (kind === 'p384' || kind === 'rsa-pss')
    throw new CommandError('usage', `keys for requests are of kind rsa (PS256) or p256 (ES256), not ${kind}`);
  return (tpm) => createRequestKey(tpm, kind === 'rsa' ? 'RSA' : 'P-256');
}
