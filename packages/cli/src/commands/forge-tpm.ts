/**
 * `assay forge tpm`: a boot of a machine that does not exist, quoted by a TPM that does not exist either, with the
 * certificates to judge it by, under a development root.
 */
import { join } from 'node:path';
import { type Bytes, toPem, utf8 } from '@assay/core';
import { hex } from '@assay/core/bytes';
import { digest } from '@assay/core/crypto';
import { forgeBoot, forgeTpm, linuxBoot, windowsBoot } from '@assay/core/testing';
import { readRequest } from '@assay/core/tpm';
import type { Ending } from '../exit.ts';
import { momentOf, momentText } from '../input.ts';
import { jsonText } from '../json.ts';
import { writeFolder } from '../output.ts';
import { printTable } from '../table.ts';
import { printJson, printWarning, type Terminal } from '../ui.ts';
import { labels } from './forge.ts';

export interface ForgeTpmOptions {
  readonly to: string;
  readonly seed: string;
  readonly at?: string;
  readonly platform: 'linux' | 'windows';
  readonly residentKey?: true;
  readonly secureBoot: boolean;
  readonly json?: true;
}

const files = {
  request: 'request.jws',
  log: 'binary_bios_measurements',
  root: 'development-root.pem',
  collateral: 'collateral',
} as const;

export async function forgeTpmCommand(options: ForgeTpmOptions, terminal: Terminal): Promise<Ending> {
  const at = options.at === undefined ? terminal.now() : momentOf(options.at, '--at');
  const made = filesOf(options, at);
  await writeFolder(options.to, made);
  const path = (name: keyof typeof files): string => join(options.to, files[name]);
  const paths = { evidence: path('request'), log: path('log'), collateral: path('collateral'), anchor: path('root') };
  printWarning(terminal, 'this evidence is simulated: nothing but a development root vouches for it');
  if (options.json) {
    printJson(terminal, { simulated: true, kind: 'tpm', at: momentText(at), ...paths, files: [...made.keys()] });
    return 'passed';
  }
  const { out } = terminal;
  printTable(
    out,
    Object.entries(paths).map(([name, value]) => [{ text: name, paint: out.paint.dim }, value]),
  );
  out.line();
  const { evidence, collateral, anchor, log } = paths;
  out.line(out.paint.dim(`assay appraise tpm ${evidence} --collateral ${collateral} --anchor ${anchor}`));
  out.line(out.paint.dim(`assay explain ${log}`));
  return 'passed';
}

function filesOf(options: ForgeTpmOptions, at: Date): ReadonlyMap<string, Bytes | string> {
  const { seed, platform, secureBoot, residentKey } = options;
  const world = forgeTpm({ at, seed });
  const boot = forgeBoot((platform === 'windows' ? windowsBoot : linuxBoot)({ secureBoot }));
  const request = world.request({
    boot,
    // Nobody asked: a challenge is made up.
    challenge: digest('sha256', utf8(`assay forge tpm ${seed} challenge`)).subarray(0, 16),
    serviceContext: 'simulated',
    bindBy: residentKey ? 'certify' : 'quote',
  });
  const { attest, signature, pcrs } = readRequest(utf8(request)).current;
  const { root, issuer, aik: leaf, ek } = world.certificates;
  const pem = (der: Bytes): string => toPem('CERTIFICATE', der);
  const values = [...pcrs].map(([bank, its]) => [
    bank,
    Object.fromEntries([...its].map(([index, value]) => [String(index), hex(value)])),
  ]);
  return new Map<string, Bytes | string>([
    [files.request, `${request}\n`],
    [files.log, boot.log],
    ['aik.pem', pem(leaf)],
    ['ek.pem', pem(ek)],
    ['attest.bin', attest],
    ['signature.bin', signature],
    ['pcrs.json', `${jsonText(Object.fromEntries(values))}\n`],
    ...labels(world),
    [join(files.collateral, 'aik-issuer.pem'), pem(issuer)],
    [join(files.collateral, 'aik-root.pem'), pem(root)],
  ]);
}
