/** What a command line expects of a token of a machine with a TPM. */
import { type Expectation, type TpmExpectation, tpm } from '@assay/relying-party';
import { CommandError } from '../exit.ts';
import { readInput } from '../input.ts';
import type { Terminal } from '../ui.ts';
import { nodeKey, publicKeyIn } from './keys.ts';
import { plainValue } from './options.ts';

interface Options {
  readonly anyBoot: true | undefined;
  readonly anyAik: true | undefined;
  readonly residentKey: true | undefined;
  readonly holder: string | undefined;
  readonly policyClaim: readonly string[] | undefined;
}

/** @throws {CommandError} usage */
export async function tpmExpectation(options: Options, terminal: Terminal): Promise<Expectation> {
  const { anyBoot, anyAik, residentKey, holder, policyClaim = [] } = options;
  const expected: TpmExpectation = {
    secureBoot: !anyBoot,
    validatedKey: !anyAik,
    requestKey: residentKey ? 'tpm' : 'any',
    ...(holder !== undefined && { key: await holderKey(holder, terminal) }),
    policy: Object.fromEntries(policyClaim.map(claimOf)),
  };
  return tpm(expected);
}

/** The public half, as members of a JWK. */
async function holderKey(name: string, terminal: Terminal): Promise<Readonly<Record<string, string>>> {
  const key = publicKeyIn(await readInput(terminal, name), name);
  return nodeKey(key).export({ format: 'jwk' }) as Record<string, string>;
}

function claimOf(text: string): readonly [string, string | number | boolean] {
  const at = text.indexOf('=');
  if (at < 1) throw new CommandError('usage', `--policy-claim takes NAME=VALUE, not «${text}»`);
  return [text.slice(0, at), plainValue(text.slice(at + 1))];
}
