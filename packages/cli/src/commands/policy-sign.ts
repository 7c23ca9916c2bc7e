/** `assay policy sign`: the JWS that uploads a policy, or resets one. */
import { createPublicKey } from 'node:crypto';
import {
  AttestError,
  type Bytes,
  importPkcs8,
  type JsonObject,
  Malformed,
  type PrivateKey,
  pemBlocks,
  publicSpki,
} from '@assay/core';
import { check } from '@assay/core/policy';
import {
  type PolicyAlgorithm,
  type PolicySigning,
  policyAlgorithms,
  signPolicy,
  unsignedPolicy,
} from '@assay/core/token';
import { CommandError, type Ending } from '../exit.ts';
import { readInput } from '../input.ts';
import { writeOutput } from '../output.ts';
import { certificatesIn } from '../pem.ts';
import { readPolicy } from '../policies/text.ts';
import type { Terminal } from '../ui.ts';

export interface SignOptions {
  readonly key?: string;
  readonly certificate?: string;
  readonly bareKey?: true;
  readonly algorithm?: string;
  readonly unsigned?: true;
  readonly reset?: true;
  readonly output?: string;
}

export async function policySignCommand(
  file: string | undefined,
  options: SignOptions,
  terminal: Terminal,
): Promise<Ending> {
  if ((file === undefined) === (options.reset === undefined))
    throw new CommandError('usage', 'give the policy to sign, or --reset for the JWS that resets one');
  const text = file === undefined ? undefined : await goodPolicy(file, terminal);
  const jws = options.unsigned ? unsigned(text, options) : await signed(text, options, terminal);
  if (options.output === undefined) terminal.out.line(jws);
  else {
    await writeOutput(options.output, jws);
    terminal.out.line(options.output);
  }
  return 'passed';
}

/** Nobody wants a signature on what every service refuses. */
async function goodPolicy(file: string, terminal: Terminal): Promise<string> {
  const { text, envelope } = await readPolicy(terminal, file);
  if (envelope) throw new CommandError('usage', `${file} is a JWS already`, ['give the text of the policy']);
  const wrong = check(text).find(({ severity }) => severity === 'error');
  if (!wrong) return text;
  throw new CommandError('refused', `${file}:${wrong.line}:${wrong.column}: ${wrong.message}`, [
    `assay policy check ${file} lists all that is wrong`,
  ]);
}

function unsigned(text: string | undefined, { key, certificate, bareKey, algorithm }: SignOptions): string {
  if (key ?? certificate ?? bareKey ?? algorithm)
    throw new CommandError('usage', '--unsigned takes no key, certificate or algorithm');
  return unsignedPolicy(text);
}

async function signed(text: string | undefined, options: SignOptions, terminal: Terminal): Promise<string> {
  const { key: keyFile, certificate, bareKey } = options;
  if (keyFile === undefined)
    throw new CommandError('usage', 'signing needs --key FILE', ['--unsigned makes a JWS without a signature']);
  if ((certificate === undefined) === (bareKey === undefined))
    throw new CommandError('usage', 'say who signs: --certificate FILE, or --bare-key');
  const key = keyIn(await readInput(terminal, keyFile), keyFile);
  const by: PolicySigning['by'] =
    certificate === undefined
      ? { jwk: jwkOf(key) }
      : { x5c: certificatesIn(await readInput(terminal, certificate), certificate) };
  try {
    return signPolicy(text, { alg: algorithmOf(options.algorithm, key), key, by });
  } catch (cause) {
    if (cause instanceof AttestError) throw new CommandError('usage', cause.message, [], cause);
    throw cause;
  }
}

function keyIn(file: Bytes, name: string): PrivateKey {
  try {
    const [pkcs8] = pemBlocks(file, 'PRIVATE KEY', 1, name);
    if (pkcs8) return importPkcs8(pkcs8, name);
  } catch (cause) {
    if (!(cause instanceof Malformed)) throw cause;
    throw new CommandError('usage', cause.message, [], cause);
  }
  throw new CommandError('usage', `${name} holds no PRIVATE KEY in PEM`, [
    'expected PKCS #8: openssl pkcs8 -topk8 -nocrypt -in KEY turns other forms into it',
  ]);
}

function algorithmOf(asked: string | undefined, { public: key }: PrivateKey): PolicyAlgorithm {
  if (asked === undefined) {
    if (key.kind !== 'EC') return 'RS256';
    return key.curve === 'P-256' ? 'ES256' : key.curve === 'P-384' ? 'ES384' : 'ES512';
  }
  const known = policyAlgorithms.find((name) => name === asked.toUpperCase());
  if (known) return known;
  throw new CommandError('usage', `--algorithm takes a signature algorithm, not «${asked}»`, [
    `there are ${policyAlgorithms.join(', ')}`,
  ]);
}

const jwkOf = (key: PrivateKey): JsonObject =>
  createPublicKey({ key: Buffer.from(publicSpki(key)), format: 'der', type: 'spki' }).export({
    format: 'jwk',
  }) as JsonObject;
