/**
 * `assay tpm certify`: has an attestation key certified by a CA in a folder, once the TPM has shown that the key is in it:
 * a secret is encrypted so that only the TPM with this endorsement key and this attestation key can open it.
 */
import { randomBytes } from 'node:crypto';
import { type EndorsementKey, endorsementKey, type TpmKey } from '@assay/client';
import { type Bytes, Malformed, parseCertificate, toPem } from '@assay/core';
import { attributeNames, type ObjectAttribute } from '@assay/core/tcg';
import { publicKeyOf } from '@assay/core/tpm';
import { CommandError, type Ending } from '../exit.ts';
import { momentText, readInput } from '../input.ts';
import { writeOutput } from '../output.ts';
import { certificatesIn } from '../pem.ts';
import { printTable } from '../table.ts';
import { requireTogether } from '../tpm/activation.ts';
import { certifierIn } from '../tpm/certifier.ts';
import { endorsementProblem } from '../tpm/endorsement.ts';
import { namedKey, usableKey } from '../tpm/keys.ts';
import { withMachine } from '../tpm/machine.ts';
import { printJson, printWarning, type Terminal } from '../ui.ts';

interface Options {
  readonly tpm?: string;
  readonly aik: string;
  readonly authority: string;
  readonly ekRoot?: readonly string[];
  readonly anyTpm?: true;
  readonly days: string;
  readonly output: string;
  readonly json?: true;
}

const longestDays = 3653;

export async function certifyCommand(options: Options, terminal: Terminal): Promise<Ending> {
  const days = Number(options.days);
  if (!/^\d{1,4}$/.test(options.days) || days < 1 || days > longestDays)
    throw new CommandError('usage', `--days takes 1 to ${longestDays}, not «${options.days}»`);
  const roots = await rootsOf(options, terminal);
  const named = await namedKey(options.aik, '--aik', terminal);
  const { spki, ek } = await withMachine(options.tpm, terminal, async (tpm) => {
    const key = await usableKey(tpm, named, 'rsa');
    requireAttestationKey(key);
    const endorsement = await endorsementKey(tpm);
    if (roots) requireEndorsed(endorsement, roots);
    await requireTogether(tpm, key, endorsement);
    return { spki: publicKeyOf(key.area).spki, ek: endorsement.certificate };
  });
  if (!roots) printWarning(terminal, 'any TPM will do, one in software too: nothing vouches for this one (--any-tpm)');
  const certifier = await certifierIn(options.authority, terminal.now(), terminal);
  const certificate = certifier.certify(spki, ek && readable(ek), days, new Uint8Array(randomBytes(16)));
  await writeOutput(options.output, toPem('CERTIFICATE', certificate));
  const told = {
    certificate: options.output,
    'valid until': momentText(parseCertificate(certificate).notAfter),
    root: certifier.rootPath,
    'endorsement key': roots ? 'its certificate chains to --ek-root' : 'not vouched for',
  };
  if (options.json) {
    const { certificate: file, root } = told;
    printJson(terminal, { certificate: file, root, isNewRoot: certifier.isNew, endorsed: roots !== undefined });
    return 'passed';
  }
  const { dim } = terminal.out.paint;
  printTable(
    terminal.out,
    Object.entries(told).map(([name, value]) => [{ text: name, paint: dim }, value]),
  );
  if (certifier.isNew)
    printWarning(terminal, `${options.authority} is a new CA: who reads its key can certify any key`);
  return 'passed';
}

/** Roots of makers and what stands below them; undefined where any TPM will do. */
async function rootsOf({ ekRoot, anyTpm }: Options, terminal: Terminal): Promise<readonly Bytes[] | undefined> {
  if ((ekRoot === undefined) === (anyTpm === undefined))
    throw new CommandError('usage', 'whose TPMs are believed: --ek-root FILE…, or --any-tpm', [
      '--ek-root names the roots of TPM makers in PEM, and the certificates between them and the endorsement key',
    ]);
  if (!ekRoot) return undefined;
  return (await Promise.all(ekRoot.map(async (name) => certificatesIn(await readInput(terminal, name), name)))).flat();
}

const wanted: readonly ObjectAttribute[] = ['fixedTpm', 'fixedParent', 'sensitiveDataOrigin', 'restricted', 'sign'];

/** A key that could sign anything would prove nothing by what it signs. */
function requireAttestationKey({ area }: TpmKey): void {
  const has = attributeNames(area.attributes);
  const missing = wanted.filter((name) => !has.includes(name));
  if (missing.length === 0 && !has.includes('decrypt')) return;
  throw new CommandError(
    'refused',
    `the key is no attestation key: it ${missing.length > 0 ? `lacks the attribute ${missing.join(', ')}` : 'decrypts, too'}`,
    ['assay tpm key makes one'],
  );
}

function requireEndorsed({ certificate, area }: EndorsementKey, roots: readonly Bytes[]): void {
  if (!certificate)
    throw new CommandError('refused', 'this TPM’s maker left no certificate of an endorsement key in it', [
      '--any-tpm takes it all the same',
    ]);
  const problem = endorsementProblem(certificate, area, roots);
  if (problem !== undefined)
    throw new CommandError('refused', `nothing vouches for this TPM’s endorsement key: ${problem}`, [
      '--ek-root takes several files: the maker’s root and the certificates below it; assay tpm status shows the issuer',
    ]);
}

/** Names of the TPM can only be taken over from a certificate that reads. */
function readable(der: Bytes): ReturnType<typeof parseCertificate> | undefined {
  try {
    return parseCertificate(der);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
