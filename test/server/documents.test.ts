/** Reference pages that the service makes itself. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildApp, loadConfig, makeDeps, settings } from '@assay/server';
import { expect, test } from 'vitest';
import { expectDocument } from '../setup/document.ts';

const told = (value: unknown): string => (value === undefined ? '' : `\`${JSON.stringify(value)}\``);

test('the reference of settings is up to date', () => {
  const rows = settings().map(
    ({ path, env, flag, default: fallback, description }) =>
      `| \`${path}\` | \`${env}\` | \`--${flag}\` | ${told(fallback)} | ${description} |`,
  );
  const text = ['| setting | variable | flag | default | what it is |', '|---|---|---|---|---|', ...rows].join('\n');
  expectDocument('docs/reference/configuration.md', 'settings', text);
});

test('the OpenAPI document is up to date', async () => {
  const data = mkdtempSync(join(tmpdir(), 'assay-document-'));
  const config = loadConfig({
    flags: {
      'data-folder': data,
      'log-level': 'silent',
      'signing-algorithm': 'ES256',
      'provider-public-url': 'https://assay.example',
    },
  });
  const app = await buildApp(makeDeps(config), undefined);
  const document = `${JSON.stringify((await app.inject('/openapi.json')).json(), null, 2)}\n`;
  await app.close();
  rmSync(data, { recursive: true, force: true });
  const path = fileURLToPath(new URL('../../docs/reference/openapi.json', import.meta.url));
  if (process.env['UPDATE_DOCS']) writeFileSync(path, document);
  expect(readFileSync(path, 'utf8'), 'docs/reference/openapi.json is out of date: run UPDATE_DOCS=1 npm test').toBe(
    document,
  );
});
