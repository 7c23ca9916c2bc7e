/** The gallery's policies for TPMs over real boots: what they decide is what other ways of reading the logs say. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Bytes, base64url, fromBase64, fromHex } from '@assay/core/bytes';
import { evaluate, type Ruling } from '@assay/core/policy';
import { digestIn, eventType, parseIma, parseLog } from '@assay/core/tpm';
import { describe, expect, test } from 'vitest';
import { withVectors } from '../setup/vectors.ts';
import type { LabMachine, LogEntry } from './tcg-judge.ts';
import { type Boot, issuedBy, policyFor, realBoots, seen } from './tpm-boots.ts';

const policy = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../examples/policy-gallery/tpm-${name}.policy`, import.meta.url)), 'utf8');

/** A policy with other values in a list of its own. */
function listing(text: string, name: string, values: readonly string[]): string {
  const row = new RegExp(`^ *=> add\\(type="${name}", value="[^"]*"\\);\\n`, 'gm');
  expect(text.match(row)?.length).toBeGreaterThan(1);
  const quoted = values.map((value) => `    => add(type="${name}", value="${value.replace(/["\\]/g, '\\$&')}");\n`);
  return text.replace(row, '').replace('authorizationrules\n{\n', `$&${quoted.join('')}`);
}

const sha256 = 11;
/** Digests of what the log calls programs, in PCR 4. */
const programs = (log: Bytes): readonly string[] =>
  parseLog(log).events.flatMap((event) => {
    const digest = digestIn(event, sha256);
    return event.pcr === 4 && event.claimedType === eventType.efiBootServicesApplication && digest
      ? [base64url(digest)]
      : [];
  });
const names = (log: Bytes, text: string): boolean => Buffer.from(log).toString('latin1').toLowerCase().includes(text);
const wide = (text: string): string => Array.from(text, (letter) => `${letter}\0`).join('');

withVectors('the gallery of policies over real boots', 'tpm', (folder) => {
  const boots = realBoots(folder);
  const logs: readonly LogEntry[] = folder.json('manifest.json').logs;
  /** By the manifest of the vectors. */
  const isSecure = ({ name }: Boot): boolean => logs.find(({ id }) => id === name)?.secureBoot?.on === true;
  const rule = async (text: string, { boot }: Boot): Promise<Ruling> =>
    evaluate(policyFor(text), (await seen(boot)).claims);
  const verdicts = async (text: string, some: readonly Boot[]): Promise<readonly unknown[]> =>
    Promise.all(some.map(async (boot) => [boot.name, (await rule(text, boot)).decision]));
  const expected = (some: readonly Boot[], isGood: (boot: Boot) => boolean): readonly unknown[] =>
    some.map((boot) => [boot.name, isGood(boot) ? 'permit' : 'deny']);

  test('secure boot: where it was on, and higher for Windows that says it is not debugged', async () => {
    expect(await verdicts(policy('secure-boot'), boots)).toEqual(expected(boots, isSecure));
    for (const boot of boots.filter(isSecure))
      expect([boot.name, issuedBy(await rule(policy('secure-boot'), boot))['level']]).toEqual([
        boot.name,
        boot.isWindows ? 2 : undefined,
      ]);
  });

  test('Windows’ health: every Windows, and early anti-malware where the log has Defender’s driver', async () => {
    expect(await verdicts(policy('windows-health'), boots)).toEqual(expected(boots, ({ isWindows }) => isWindows));
    const found = await Promise.all(
      boots
        .filter(({ isWindows }) => isWindows)
        .map(async (boot) => [boot.name, issuedBy(await rule(policy('windows-health'), boot))['antiMalwareAtBoot']]),
    );
    const wanted = boots
      .filter(({ isWindows }) => isWindows)
      .map(({ name, boot: { log } }) => [name, names(log, wide('wdboot.sys'))]);
    expect(found).toEqual(wanted);
    expect(wanted.filter(([, has]) => has)).toHaveLength(6);
  });

  test('Windows’ protected disk: where the TPM unlocked it under Secure Boot', async () => {
    const text = policy('windows-protected');
    const found = (await verdicts(text, boots)) as [string, string][];
    expect(found.flatMap(([name, decision]) => (decision === 'permit' ? [name] : []))).toEqual([
      'goatt-option-rom',
      'guard-tpm2-windows-lenovo-yogax1v2',
      'guard-windows-event-log',
      'lenovo-x1-windows',
    ]);
  });

  describe('Linux’ boot chain', () => {
    const linux = boots.filter(({ isWindows, boot: { pcrs } }) => !isWindows && pcrs.has('sha256'));
    test('permits no machine whose loaders are not on the list', async () => {
      expect(await verdicts(policy('linux-boot-chain'), linux)).toEqual(expected(linux, () => false));
    });
    test('permits those under Secure Boot once they are, and not when one is missing', async () => {
      for (const boot of linux) {
        const all = programs(boot.boot.log);
        const whole = listing(policy('linux-boot-chain'), 'known-loader', all);
        const isGood = isSecure(boot) && all.length > 0;
        const ruling = await rule(whole, boot);
        expect([boot.name, ruling.decision]).toEqual([boot.name, isGood ? 'permit' : 'deny']);
        if (isGood) expect([issuedBy(ruling)['loaders']].flat()).toEqual([...new Set(all)]);
        const less = listing(
          policy('linux-boot-chain'),
          'known-loader',
          all.filter((one) => one !== all.at(-1)),
        );
        expect([boot.name, (await rule(less, boot)).decision]).toEqual([boot.name, 'deny']);
      }
    });
    test('T16: does not miss a loader that goes by another type, however events are read', async () => {
      for (const boot of linux.filter(isSecure)) {
        const all = programs(boot.boot.log);
        const hidden = parseLog(boot.boot.log).events.findLast(
          ({ pcr, claimedType }) => pcr === 4 && claimedType === eventType.efiBootServicesApplication,
        );
        if (!hidden) continue;
        const log = boot.boot.log.slice();
        new DataView(log.buffer).setUint32(hidden.offset + 4, eventType.efiAction, true);
        const known = all.filter((one) => one !== all.at(-1));
        const text = policyFor(listing(policy('linux-boot-chain'), 'known-loader', known));
        for (const events of ['strict', 'maa'] as const) {
          const { claims } = await seen({ ...boot.boot, log }, { events });
          expect([boot.name, evaluate(text, claims).decision]).toEqual([boot.name, 'deny']);
        }
      }
    });
  });

  test('Linux’ kernel: with the command line that stands last in the log, of boots that say they ended', async () => {
    const mark = /^(?:kernel_cmdline: |grub_kernel_cmdline )([^\0]*)\0?$/;
    let permitted = 0;
    for (const boot of boots) {
      const lines = parseLog(boot.boot.log).events.flatMap(({ pcr, claimedType, claimedData }) =>
        pcr === 8 && claimedType === eventType.ipl
          ? (mark.exec(Buffer.from(claimedData).toString('latin1'))?.[1] ?? [])
          : [],
      );
      const last = lines.at(-1);
      const text = listing(policy('linux-kernel'), 'known-line', [last ?? 'none']);
      const ruling = await rule(text, boot);
      const entry = logs.find(({ id }) => id === boot.name);
      const isGood = isSecure(boot) && last !== undefined && entry?.secureBoot?.exitBootServicesMeasured === true;
      expect([boot.name, ruling.decision]).toEqual([boot.name, isGood ? 'permit' : 'deny']);
      if (isGood) permitted++;
      expect((await rule(policy('linux-kernel'), boot)).decision).toBe('deny');
    }
    expect(permitted).toBeGreaterThan(5);
  });
});

withVectors('the gallery of policies over machines that measured files', 'tpm/lab', (folder) => {
  const machines: readonly LabMachine[] = folder.json('manifest.json');
  test.each(machines)('$name', async ({ log, ima, evidence, secureBoot, imaCoveredByQuote, imaViolations }) => {
    const list = folder.bytes(ima);
    const { quote } = folder.json(evidence) as { quote: { pcrs: readonly (readonly [number, string])[] } };
    const values = new Map(quote.pcrs.map(([index, value]) => [index, fromHex(value)]));
    const boot = { log: folder.bytes(log), pcrs: new Map([['sha256' as const, values]]) };
    const select = [{ bank: 'sha256' as const, indices: [...values.keys()] }];
    const { claims } = await seen(boot, { requiredPcrMask: 0 }, { ima: list, select });
    const files = parseIma(list)
      .slice(0, imaCoveredByQuote)
      .filter(({ fileName, isViolation }) => fileName !== 'boot_aggregate' && !isViolation)
      .flatMap(({ fileHash }) => (fileHash ? [base64url(fileHash.digest)] : []));
    const decide = (known: readonly string[]): Ruling =>
      evaluate(policyFor(listing(policy('linux-measured-files'), 'known-file', known)), claims);
    const isGood = secureBoot.on === true && imaViolations === 0 && files.length > 0;
    expect(decide(files).decision).toBe(isGood ? 'permit' : 'deny');
    expect(decide(files.filter((one) => one !== files.at(-1))).decision).toBe('deny');
    expect(fromBase64(files[0] ?? 'AA').length).toBeGreaterThan(0);
  });
});
