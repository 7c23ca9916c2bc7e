/** Seals what the service hands out between rounds and takes back: nobody else can make or read it. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { base64, type Desk, fromBase64, open, seal, utf8 } from '@assay/core';
import { madeOnce } from './files.ts';

const context = utf8('assay round');

/** @param folder where keys are kept: what was sealed before a restart opens after it */
export function sealing(folder: string): Pick<Desk, 'seal' | 'unseal'> {
  const key = fromBase64(
    madeOnce(join(folder, 'sealing-key'), () => base64(randomBytes(32))),
    'base64',
    'sealing-key',
  );
  return {
    seal: (plain) => seal(key, randomBytes(12), plain, context),
    unseal: (sealed) => open(key, sealed, context),
  };
}
