/** `assay policy show`: what a policy's JWS says, who signed it, and whether the signature is one. */
import { AttestError, policyHash } from '@assay/core';
import { type PolicyEnvelope, policyTokenHash, signerClaim, verifyPolicy } from '@assay/core/token';
import { CommandError, type Ending } from '../exit.ts';
import { momentText } from '../input.ts';
import { readPolicy } from '../policies/text.ts';
import { type Cell, printTable } from '../table.ts';
import { printError, printJson, safe, type Terminal } from '../ui.ts';

export async function policyShowCommand(
  file: string,
  options: { readonly json?: true },
  terminal: Terminal,
): Promise<Ending> {
  const { envelope } = await readPolicy(terminal, file);
  if (!envelope)
    throw new CommandError('refused', `${file} is no JWS`, ['expected three parts of base64url, parted by periods']);
  const verdict = verdictOn(envelope);
  if (options.json) printJson(terminal, asJson(envelope, verdict));
  else print(terminal, envelope, verdict);
  if (verdict.problem === undefined) return 'passed';
  if (!options.json) printError(terminal, verdict.problem);
  return 'refused';
}

interface Verdict {
  readonly signer?: ReturnType<typeof signerClaim>;
  readonly problem?: string;
}

function verdictOn(envelope: PolicyEnvelope): Verdict {
  try {
    const signer = verifyPolicy(envelope, {});
    return signer ? { signer: signerClaim(signer) } : {};
  } catch (error) {
    if (error instanceof AttestError) return { problem: error.message };
    throw error;
  }
}

const signatureWord = ({ signed }: PolicyEnvelope, { problem }: Verdict): string =>
  signed === undefined ? 'none' : problem === undefined ? 'valid' : 'invalid';

const asJson = (envelope: PolicyEnvelope, verdict: Verdict): unknown => ({
  header: envelope.header,
  signature: signatureWord(envelope, verdict),
  ...(verdict.problem !== undefined && { problem: verdict.problem }),
  'x-ms-policy-signer': verdict.signer ?? null,
  ...(envelope.text !== undefined && { 'x-ms-policy-hash': policyHash(envelope.text) }),
  'x-ms-policy-token-hash': policyTokenHash(envelope.jws),
  policy: envelope.text ?? null,
});

function print({ out }: Terminal, envelope: PolicyEnvelope, verdict: Verdict): void {
  const { dim } = out.paint;
  const chain = envelope.signed?.chain ?? [];
  const rows: readonly (readonly [string, string])[] = [
    ['algorithm', envelope.signed?.alg ?? 'none'],
    ['signature', signatureWord(envelope, verdict)],
    ...chain.map((certificate, i): readonly [string, string] => [
      i === 0 ? 'signer' : 'issued by',
      `${certificate.commonName ?? 'without a common name'}, valid ${momentText(certificate.notBefore)} to ${momentText(certificate.notAfter)}`,
    ]),
    ...(envelope.signed?.jwk ? [['signer', 'a bare key'] as const] : []),
    ...(envelope.text === undefined ? [] : [['x-ms-policy-hash', policyHash(envelope.text)] as const]),
    ['x-ms-policy-token-hash', policyTokenHash(envelope.jws)],
  ];
  printTable(
    out,
    rows.map(([name, value]): readonly Cell[] => [{ text: name, paint: dim }, value]),
  );
  out.line();
  if (envelope.text === undefined) out.line('The payload is empty: this resets a policy.');
  else
    for (const line of envelope.text.replace(/\n$/, '').split(/\r\n|\r|\n/))
      out.line(safe(line.replaceAll('\t', '    ')));
}
