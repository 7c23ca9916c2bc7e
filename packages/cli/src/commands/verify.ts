/** `assay verify`: whether to believe a token, as a relying party asks it, with the relying party’s own kit. */
import { existsSync } from 'node:fs';
import { fromUtf8, latin1 } from '@assay/core/bytes';
import {
  type Expectation,
  KeysUnavailable,
  type SgxExpectation,
  sgx,
  TokenRefused,
  type TokenVerifier,
  tokenVerifier,
  type Verified,
} from '@assay/relying-party';
import { claimRows } from '../claims.ts';
import { CommandError, type Ending } from '../exit.ts';
import { readInput } from '../input.ts';
import { jsonLine } from '../json.ts';
import { printTable } from '../table.ts';
import { printError, printJson, printWarning, type Terminal, waitingFor } from '../ui.ts';

export interface VerifyCommandOptions {
  readonly issuer: string;
  readonly ca?: string;
  readonly mrenclave?: readonly string[];
  readonly mrsigner?: readonly string[];
  readonly productId?: string;
  readonly minimumSvn?: string;
  readonly tcbStatus?: readonly string[];
  readonly allowDebuggable?: true;
  readonly runtimeData?: string;
  readonly tpm?: true;
  readonly anyBoot?: true;
  readonly anyAik?: true;
  readonly residentKey?: true;
  readonly holder?: string;
  readonly policyClaim?: readonly string[];
  readonly nonce?: string;
  readonly maxAge?: string;
  readonly allowInsecure?: true;
  readonly allowHttp?: true;
  readonly json?: true;
}

/** What expects something of an enclave, and not of a machine with a TPM. */
const ofEnclaves = [
  'mrenclave',
  'mrsigner',
  'productId',
  'minimumSvn',
  'tcbStatus',
  'allowDebuggable',
  'runtimeData',
] as const;

export async function verifyCommand(token: string, options: VerifyCommandOptions, terminal: Terminal): Promise<Ending> {
  const text = await tokenText(token, terminal);
  const verifier = await verifierOf(options, terminal);
  try {
    const work = verifier.verify(text, options.nonce === undefined ? {} : { nonce: options.nonce });
    print(await waitingFor(terminal, options.issuer, work), options, terminal);
    return 'passed';
  } catch (error) {
    if (error instanceof KeysUnavailable) {
      const isUntrusted = options.ca === undefined && /certificate/i.test(error.message);
      throw new CommandError(
        'unavailable',
        error.message,
        isUntrusted ? ['--ca names the roots to trust for TLS'] : [],
        error,
      );
    }
    if (!(error instanceof TokenRefused)) throw error;
    refuse(error, options, terminal);
    return 'refused';
  }
}

/** Everything that is wrong with the token, one line each. */
function refuse({ problems, message }: TokenRefused, { json }: VerifyCommandOptions, terminal: Terminal): void {
  if (json) {
    printJson(terminal, { outcome: 'refused', error: { code: problems[0]?.code ?? 'malformed', message }, problems });
    return;
  }
  for (const { code, message: problem, expected, found } of problems) {
    const hints = code === 'claims.insecure' ? ['--allow-insecure accepts it, for development'] : [];
    printError(terminal, `${problem}: expected ${shown(expected)}, found ${shown(found)}`, hints);
  }
}

const shown = (value: unknown): string =>
  value === undefined ? 'nothing' : typeof value === 'string' ? value : jsonLine(value);

/** A token as it stands, a file that holds one, or standard input. */
async function tokenText(token: string, terminal: Terminal): Promise<string> {
  const isToken = /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token) && !existsSync(token);
  // Whatever is no token is for the verifier to refuse, bytes that are no text included.
  const text = isToken ? token : latin1(await readInput(terminal, token));
  return text.trim();
}

async function verifierOf(options: VerifyCommandOptions, terminal: Terminal): Promise<TokenVerifier> {
  const ca = options.ca === undefined ? undefined : fromUtf8(await readInput(terminal, options.ca), options.ca);
  const expected = (await machineExpectation(options, terminal)) ?? (await enclaveExpectation(options, terminal));
  if (!expected) printWarning(terminal, 'nothing is expected of the enclave: any that this issuer accepts will do');
  try {
    return tokenVerifier({
      issuer: options.issuer.replace(/\/+$/, ''),
      allowInsecure: options.allowInsecure ?? false,
      allowInsecureConnection: options.allowHttp ?? false,
      ...(ca !== undefined && { ca }),
      ...(options.maxAge !== undefined && { maxTokenAgeSeconds: numberOf(options.maxAge, '--max-age') }),
      ...(expected && { expect: expected }),
    });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new CommandError('usage', cause.message, [], cause);
  }
}

/** What is expected of a machine with a TPM; undefined where the token is to be one of an enclave. */
async function machineExpectation(options: VerifyCommandOptions, terminal: Terminal): Promise<Expectation | undefined> {
  const { anyBoot, anyAik, residentKey, holder, policyClaim } = options;
  const isAsked = anyBoot || anyAik || residentKey || holder !== undefined || policyClaim !== undefined;
  if (!options.tpm && isAsked)
    throw new CommandError('usage', '--any-boot, --any-aik, --resident-key, --holder and --policy-claim go with --tpm');
  if (!options.tpm) return undefined;
  if (ofEnclaves.some((name) => options[name] !== undefined))
    throw new CommandError('usage', 'a token is of a machine with a TPM (--tpm) or of an enclave, not of both');
  const { tpmExpectation } = await import('../tpm/expectation.ts');
  return tpmExpectation({ anyBoot, anyAik, residentKey, holder, policyClaim }, terminal);
}

async function enclaveExpectation(options: VerifyCommandOptions, terminal: Terminal): Promise<Expectation | undefined> {
  const runtimeData = options.runtimeData === undefined ? undefined : await readInput(terminal, options.runtimeData);
  const wanted: SgxExpectation = {
    ...(options.mrenclave && { mrenclave: options.mrenclave }),
    ...(options.mrsigner && { mrsigner: options.mrsigner }),
    ...(options.productId !== undefined && { productId: numberOf(options.productId, '--product-id') }),
    ...(options.minimumSvn !== undefined && { minimumSvn: numberOf(options.minimumSvn, '--minimum-svn') }),
    ...(options.tcbStatus && { tcbStatuses: options.tcbStatus }),
    ...(options.allowDebuggable && { debuggable: true }),
    ...(runtimeData && { runtimeData }),
  };
  if (Object.keys(wanted).length === 0) return undefined;
  try {
    return sgx(wanted);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    const isNobody = !options.mrenclave && !options.mrsigner;
    throw new CommandError('usage', cause.message, isNobody ? ['give --mrenclave or --mrsigner'] : [], cause);
  }
}

function numberOf(text: string, flag: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new CommandError('usage', `${flag} takes a number, not «${text}»`);
  return Number(text);
}

function print(
  { claims, header, insecure, holder }: Verified,
  { json }: VerifyCommandOptions,
  terminal: Terminal,
): void {
  for (const setting of insecure)
    printWarning(terminal, `the service ran with the insecure setting ${setting}: this token proves nothing`);
  if (holder === 'unproven')
    printWarning(terminal, 'the token is for a key (cnf): that whoever shows it holds this key is not proven');
  if (json) {
    printJson(terminal, { outcome: 'accepted', error: null, insecure, ...(holder && { holder }), header, claims });
    return;
  }
  const { out } = terminal;
  printTable(out, claimRows(out, claims), { isCut: true });
  out.line();
  out.line(out.paint.bold(out.paint.green(`${out.glyphs.passed} verified`)));
}
