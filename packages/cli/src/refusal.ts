/** What a service says of a refusal, for people: the sentences that clients of Azure Attestation look for are left out. */
import { types } from '@assay/core/registry';

/** Such a sentence, then what the service itself has to say. */
const native = /Msg:\[([\s\S]*)\] \r?\n\r?\n([\s\S]*)$/;

/** @param message of the wire */
export function ownWords(message: string): string {
  const [, sentence = message, own = ''] = native.exec(message) ?? [];
  return (own === '' || own.startsWith('Unhandled ') ? sentence : own).trim();
}

/** What to do about a failed check. @param id undefined where the service does not tell */
export function remedyOf(id: string | undefined): string | undefined {
  const tables = types.map(({ verifier }) => verifier.checks);
  const table = tables.find((checks) => id !== undefined && Object.hasOwn(checks, id));
  return id === undefined ? undefined : table?.[id]?.remedy;
}
