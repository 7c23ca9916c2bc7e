/** Seals what the service hands out between rounds and takes back: nobody else can make or read it. */
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { base64, type Desk, fromBase64, open, seal, utf8 } from '@assay/core';
import { madeOnce } from './files.ts';

/**
 * @param folder where keys are kept: what was sealed before a restart, or by another process on it, opens
 * @param provider whose rounds they are: those of another one do not open, whatever their key
 */
export function sealing(folder: string, provider: string): Pick<Desk, 'seal' | 'unseal' | 'sealedBy'> {
  const context = utf8(`assay round ${provider}`);
  const key = fromBase64(
    madeOnce(join(folder, 'sealing-key'), () => base64(randomBytes(32))),
    'base64',
    'sealing-key',
  );
  return {
    sealedBy: createHash('sha256').update('assay sealing key').update(key).digest('hex').toUpperCase(),
    seal: (plain) => seal(key, randomBytes(12), plain, context),
    unseal: (sealed) => open(key, sealed, context),
  };
}
