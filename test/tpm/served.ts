/** The service over TLS as it is run, and a machine with a live TPM that booted under it: for whoever speaks to both. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAttestationKey, type TpmCollectorOptions, withTpm } from '@assay/client';
import { bootToOrder, type SoftwareTpm } from '@assay/client/testing';
import { decode } from '@assay/core/bytes';
import { toPem } from '@assay/core/pki';
import { forgeLog, linuxBoot } from '@assay/core/testing';
import { Public, publicKeyOf } from '@assay/core/tpm';
import { loadConfig, type Served, serve } from '@assay/server';
import { importFiles } from '@assay/server/collateral';
import { vendor } from './vendor.ts';

/** What the route demands. */
export const bearer = 'a-token-for-tests-0123';

export interface World {
  readonly served: Served;
  /** PEM of the development CA that the service's certificate is of. */
  readonly authority: string;
  readonly machine: SoftwareTpm;
  /** How the machine attests itself: with a certified attestation key and, unless told, a request key in software. */
  readonly collector: (more?: Partial<TpmCollectorOptions>) => TpmCollectorOptions;
  readonly close: () => Promise<void>;
}

/** @param machine that was started @param policy text of the policy in force */
export async function world(machine: SoftwareTpm, policy: string): Promise<World> {
  const boot = forgeLog(linuxBoot(), ['sha1', 'sha256', 'sha384']);
  await bootToOrder(machine, boot);
  const attestationKey = await withTpm(machine.address, (tpm) => createAttestationKey(tpm));
  const { root, certify } = vendor();
  const folder = mkdtempSync(join(tmpdir(), 'assay-served-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const pem = file('root.pem', toPem('CERTIFICATE', root));
  await importFiles([pem], join(folder, 'data', 'collateral'));
  const served = await serve(
    loadConfig({
      flags: {
        'data-folder': join(folder, 'data'),
        'listen-port': '0',
        'log-level': 'silent',
        'provider-policies': JSON.stringify({ Tpm: file('policy.txt', policy) }),
        'tpm-bearer-token': bearer,
        'tpm-roots': JSON.stringify([pem]),
      },
    }),
  );
  return {
    served,
    authority: readFileSync(served.authority ?? '', 'utf8'),
    machine,
    collector: (more = {}) => ({
      tpm: machine.address,
      attestationKey,
      certificate: certify(publicKeyOf(decode(Public, attestationKey.public)).spki),
      logs: [{ kind: 'TCG', content: boot.log }],
      requestKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
      ...more,
    }),
    async close() {
      await served.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
