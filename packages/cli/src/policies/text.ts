/** Policies as files: their text, or a JWS with it. */
import { AttestError, type Bytes, Malformed } from '@assay/core';
import { fromUtf8 } from '@assay/core/bytes';
import { type CompileOptions, compile, type Program } from '@assay/core/policy';
import { type PolicyEnvelope, readPolicyEnvelope } from '@assay/core/token';
import { CommandError } from '../exit.ts';
import { readInput } from '../input.ts';
import type { Terminal } from '../ui.ts';

export interface PolicyFile {
  readonly name: string;
  readonly text: string;
  /** The JWS that carried it. */
  readonly envelope?: PolicyEnvelope;
}

/** Three parts of base64url, in quotes or not: no policy looks like that. */
const jwsForm = /^\s*"?([A-Za-z0-9_-]+\.[A-Za-z0-9_=-]*\.[A-Za-z0-9_=-]*)"?\s*$/;

/** @throws {CommandError} usage when it cannot be read, {AttestError} for a JWS that is wrong */
export async function readPolicy(terminal: Terminal, name: string): Promise<PolicyFile> {
  return policyIn(await readInput(terminal, name), name);
}

export function policyIn(bytes: Bytes, name: string): PolicyFile {
  const text = textOf(bytes, name);
  const jws = jwsForm.exec(text)?.[1];
  if (jws === undefined) return { name, text };
  const envelope = readPolicyEnvelope(jws);
  return { name, text: envelope.text ?? '', envelope };
}

function textOf(bytes: Bytes, name: string): string {
  try {
    return fromUtf8(bytes, name);
  } catch (cause) {
    if (!(cause instanceof Malformed)) throw cause;
    const { line, column } = endOfText(bytes);
    throw new CommandError(
      'refused',
      `${name}:${line}:${column}: the text is not UTF-8 from here on`,
      ['policies are UTF-8'],
      cause,
    );
  }
}

/** Where the first byte stands that is not UTF-8. */
export function endOfText(bytes: Bytes): { readonly line: number; readonly column: number } {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let [good, bad] = [0, bytes.length];
  // A prefix decodes as a stream exactly if nothing in it is wrong.
  while (good + 1 < bad) {
    const middle = (good + bad) >> 1;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      good = middle;
    } catch {
      bad = middle;
    }
  }
  const lines = decoder.decode(bytes.subarray(0, good), { stream: true }).split('\n');
  return { line: lines.length, column: Array.from(lines.at(-1) ?? '').length + 1 };
}

/** @throws {CommandError} usage for text that is no policy */
export function compiledText({ name, text }: PolicyFile, options: CompileOptions): Program {
  try {
    return compile(text, options);
  } catch (cause) {
    if (!(cause instanceof AttestError)) throw cause;
    throw new CommandError(
      'usage',
      `the policy ${name} is wrong: ${cause.message}`,
      [`assay policy check ${name} lists all that is wrong`],
      cause,
    );
  }
}
