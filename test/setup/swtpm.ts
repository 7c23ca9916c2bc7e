/**
 * A software TPM per test, where swtpm is installed. Where it is not its groups are reported as skipped, by name; where
 * `CI` is set, absence is a failure.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import {
  isSwtpmInstalled,
  type ManufacturedTpm,
  manufactureTpm,
  type SoftwareTpm,
  startTpm,
} from '@assay/client/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

export interface TpmBench {
  /** Starts a TPM with state of its own; it is stopped after the test. */
  readonly start: () => Promise<SoftwareTpm>;
  /** What all of them have in common. */
  readonly made: () => ManufacturedTpm;
}

/** @param programs of other packages that the group needs too, with the package that has each */
export const withSwtpm = (
  name: string,
  body: (bench: TpmBench) => void,
  programs: Readonly<Record<string, string>> = {},
): void => whereSwtpmIs(name, () => suite(body), programs);

/** For groups that bring a TPM of their own. */
export function whereSwtpmIs(name: string, body: () => void, programs: Readonly<Record<string, string>> = {}): void {
  const missing = [
    ...(isSwtpmInstalled() ? [] : ['swtpm swtpm-tools']),
    ...Object.entries(programs).flatMap(([program, from]) => (installed(program) ? [] : [from])),
  ];
  const needs = `needs the packages «${missing.join(' ')}»`;
  if (missing.length === 0) describe(name, body);
  else if (process.env['CI']) test(`${name}: ${needs}`, () => expect.fail('they are not installed'));
  else describe.skip(`${name} (${needs})`, () => test('skipped', () => {}));
}

const installed = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));

function suite(body: (bench: TpmBench) => void): void {
  let made: ManufacturedTpm;
  const running: SoftwareTpm[] = [];
  beforeAll(async () => {
    made = await manufactureTpm();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((tpm) => tpm.stop()));
  });
  afterAll(() => made?.remove());
  body({
    made: () => made,
    async start() {
      const tpm = await startTpm(made);
      running.push(tpm);
      return tpm;
    },
  });
}
