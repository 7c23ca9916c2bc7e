/** Guides whose programs and commands are run as they stand. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { whereSwtpmIs } from '../setup/swtpm.ts';
import { isBuilt, Reader, readAsWritten, root } from './reader.ts';

/** What readers have of their own. */
const own: { readonly [guide: string]: Readonly<Record<string, string>> } = {
  'relying-party': {},
  collect: {},
  'migrate-from-azure': { 'sgx.policy': 'version= 1.0;authorizationrules{=> permit();};' },
};

const pageOf = (guide: string): string => readFileSync(join(root, `docs/guides/${guide}.md`), 'utf8');

describe.skipIf(!isBuilt)('as written (needs a build: npm run build)', () => {
  test.each(Object.entries(own))('docs/guides/%s.md', async (guide, files) => {
    await readAsWritten(pageOf(guide), new Reader(files));
  });

  whereSwtpmIs('docs/guides/tpm.md', () => {
    test('from a TPM to a verified token', async () => {
      await readAsWritten(pageOf('tpm'), new Reader({}, ['mkdir', 'swtpm', 'swtpm_setup', 'swtpm_ioctl']));
    });
  });
});
