/** `assay tpm status`: whose TPM this is, what it holds, and which logs of the machine can be read. */
import {
  activeBanks,
  endorsementCertificates,
  handlesFrom,
  isKeyOf,
  keyAt,
  type Tpm,
  type TpmIdentity,
  tpmIdentity,
} from '@assay/client';
import { type Bytes, Malformed } from '@assay/core';
import { hex } from '@assay/core/bytes';
import { nameText, parseCertificate } from '@assay/core/pki';
import { algorithm, algorithmName, objectAttributes, type Public, tpmCurves } from '@assay/core/tcg';
import { CommandError, type Ending } from '../exit.ts';
import { momentText } from '../input.ts';
import { printTable } from '../table.ts';
import { type LogState, logState } from '../tpm/logs.ts';
import { addressOf, addressText, withMachine } from '../tpm/machine.ts';
import { handleText } from '../tpm/options.ts';
import { printError, printJson, type Screen, type Terminal } from '../ui.ts';

interface Options {
  readonly tpm?: string;
  readonly tcgLog?: string;
  readonly imaLog?: string;
  readonly json?: true;
}

interface EkCertificate {
  readonly template: string;
  readonly index: string;
  readonly subject?: string;
  readonly issuer?: string;
  readonly serial?: string;
  readonly validFrom?: string;
  readonly validUntil?: string;
  readonly problem?: string;
}

interface StoredKey {
  readonly handle: string;
  readonly key: string;
  readonly use: 'attestation key' | 'signing key' | 'storage key' | 'endorsement key' | 'other';
  readonly name: string;
}

interface Found extends TpmIdentity {
  readonly banks: readonly string[];
  readonly endorsementCertificates: readonly EkCertificate[];
  readonly storedKeys: readonly StoredKey[];
}

export async function statusCommand(options: Options, terminal: Terminal): Promise<Ending> {
  const address = addressText(addressOf(options.tpm));
  const logs = [await logState('TCG', options.tcgLog), await logState('IMA', options.imaLog)];
  // Logs can be looked at without a TPM: they are told in either case.
  const found = await withMachine(options.tpm, terminal, lookAt).catch((error: unknown) => {
    if (error instanceof CommandError) return error;
    throw error;
  });
  const problem = found instanceof CommandError ? found : undefined;
  if (options.json)
    printJson(terminal, {
      tpm: address,
      ...(found instanceof CommandError
        ? { usable: false, problem: found.message, advice: found.hints }
        : { usable: true, ...found }),
      logs,
    });
  else {
    if (!(found instanceof CommandError)) printFound(terminal.out, address, found);
    printLogs(terminal.out, logs);
    if (problem) printError(terminal, problem.message, problem.hints);
  }
  return problem?.ending ?? 'passed';
}

async function lookAt(tpm: Tpm): Promise<Found> {
  const identity = await tpmIdentity(tpm);
  const banks = await activeBanks(tpm);
  const certificates = await endorsementCertificates(tpm);
  const ders = certificates.map(({ certificate }) => certificate);
  return {
    ...identity,
    banks,
    endorsementCertificates: certificates.map(({ template, certificate }) => ({
      template: template.name,
      index: handleText(template.index),
      ...described(certificate),
    })),
    storedKeys: await storedKeys(tpm, ders),
  };
}

/** Certificates of real TPMs may break rules: then what is wrong with one is what there is to say of it. */
function described(der: Bytes): Omit<EkCertificate, 'template' | 'index'> {
  try {
    const one = parseCertificate(der);
    return {
      subject: nameText(one.subject),
      issuer: nameText(one.issuer),
      serial: one.serialHex,
      validFrom: momentText(one.notBefore),
      validUntil: momentText(one.notAfter),
    };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { problem: `the certificate does not read: ${error.message}` };
  }
}

/** First handle of what owners and makers stored for good. */
const persistent = 0x8100_0000;

async function storedKeys(tpm: Tpm, endorsements: readonly Bytes[]): Promise<readonly StoredKey[]> {
  const found: StoredKey[] = [];
  for (const handle of await handlesFrom(tpm, persistent)) {
    const { area, name } = await keyAt(tpm, handle);
    const isEndorsement = endorsements.some((der) => isKeyOf(der, area));
    found.push({
      handle: handleText(handle),
      key: kindOf(area),
      use: isEndorsement ? 'endorsement key' : useOf(area),
      name: hex(name),
    });
  }
  return found;
}

function kindOf(area: Public): string {
  if (area.type === algorithm.rsa && 'keyBits' in area) return `RSA ${area.keyBits}`;
  if (area.type === algorithm.ecc && 'curve' in area) return tpmCurves.get(area.curve) ?? `curve ${area.curve}`;
  return algorithmName(area.type);
}

function useOf({ attributes }: Public): StoredKey['use'] {
  const has = (bit: number): boolean => (attributes & bit) !== 0;
  const { sign, decrypt, restricted } = objectAttributes;
  if (has(sign) && !has(decrypt)) return has(restricted) ? 'attestation key' : 'signing key';
  return has(restricted) && has(decrypt) ? 'storage key' : 'other';
}

function printFound(out: Screen, address: string, found: Found): void {
  const { bold, dim } = out.paint;
  const { manufacturer, vendor, family, revision, firmwareVersion, banks } = found;
  const rows = [
    ['TPM', address],
    ['manufacturer', vendor === '' ? manufacturer : `${manufacturer}, ${vendor}`],
    ['version', `${family}, revision ${revision} of the library specification`],
    ['firmware', firmwareVersion],
    ['PCR banks', banks.join(', ')],
  ] as const;
  printTable(
    out,
    rows.map(([name, value]) => [{ text: name, paint: dim }, value]),
  );
  out.line();
  out.line(bold('certificates of endorsement keys'));
  if (found.endorsementCertificates.length === 0) out.line('  none: this TPM’s maker left none in it');
  for (const { template, index, subject, issuer, validFrom, validUntil, problem } of found.endorsementCertificates) {
    out.line(`  ${template}  ${dim(index)}`);
    printTable(
      out,
      (problem !== undefined
        ? [['problem', problem]]
        : [
            ['subject', subject === '' ? 'empty' : (subject ?? '')],
            ['issuer', issuer ?? ''],
            ['valid', `${validFrom} to ${validUntil}`],
          ]
      ).map(([name = '', value = '']) => [{ text: name, paint: dim }, value]),
      { indent: 4 },
    );
  }
  out.line();
  out.line(bold('keys stored in the TPM'));
  if (found.storedKeys.length === 0) out.line('  none');
  printTable(
    out,
    found.storedKeys.map(({ handle, key, use }) => [{ text: handle, paint: dim }, key, use]),
    { indent: 2 },
  );
  out.line();
}

function printLogs(out: Screen, logs: readonly LogState[]): void {
  const { bold, dim, green, yellow } = out.paint;
  out.line(bold('logs'));
  for (const { kind, path, readable, entries, bytes, banks, problem, advice = [] } of logs) {
    const state = readable ? green(out.glyphs.passed) : yellow(out.glyphs.skipped);
    const held = banks ? `, ${banks.join(', ')}` : '';
    const said = readable ? `${entries} ${kind === 'TCG' ? 'events' : 'entries'}, ${bytes} bytes${held}` : problem;
    out.line(`  ${state} ${kind}  ${dim(path)}`);
    printTable(
      out,
      [said ?? '', ...advice].map((text) => [text]),
      { indent: 4 },
    );
  }
}
