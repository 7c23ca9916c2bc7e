/** One attestation as the service does it: the flow of core, its record kept however it ends, and counted. */
import { Appraisal, attest, hex, type Json, Refusal } from '@assay/core';
import type { Deps, Offered } from './deps.ts';
import type { Ending } from './kept-appraisals.ts';
import { type WireError, wireErrorOf } from './wire-errors.ts';
import { worldOf } from './world.ts';

/** Bits of an appraisal's id are the permission to read it. */
const idBytes = 16;

/** How an attestation ended, and under which id its appraisal can be fetched. */
export type Attestation = { readonly appraisal: string } & (
  | { readonly body: string }
  | { readonly failure: unknown; readonly error: WireError }
);

/**
 * @param read makes the request's body; what it throws is recorded like any other refusal
 * @param format makes the answer's text: an answer that cannot be written is none
 */
export async function attestation(
  deps: Deps,
  offered: Offered,
  read: () => Json,
  format: (answer: Json) => string,
): Promise<Attestation> {
  const { type } = offered;
  const id = hex(deps.random(idBytes));
  const now = deps.now();
  const at = deps.insecure.appraisalTime ?? now;
  const appraisal = new Appraisal({ title: type.name, entries: [] });
  const finish = (outcome: Ending['outcome'], error?: WireError): void => {
    deps.metrics.attestation(type.name, outcome, error?.code ?? 'none');
    keep(deps, id, { at: now, type: type.name, outcome, ...(error && { error }) }, appraisal);
  };
  try {
    const answer = await attest(type, read(), worldOf(deps, offered, at, id), {
      at,
      anchors: deps.anchors,
      appraisal,
      memo: deps.memo,
    });
    const body = format(answer);
    finish('accepted');
    return { appraisal: id, body };
  } catch (failure) {
    // The kept record says all; what the answer says is the provider's choice.
    const whole = wireErrorOf(failure, true);
    finish(whole.code === 'Defect' ? 'failed' : 'refused', whole);
    if (failure instanceof Refusal) deps.metrics.failedCheck(failure.check.id);
    return { appraisal: id, failure, error: wireErrorOf(failure, deps.config.provider.exposeChecks) };
  }
}

/** Keeping must not turn a verdict into another: what cannot be kept is a defect, and the verdict stands. */
function keep({ appraisals, metrics }: Deps, id: string, ending: Ending, appraisal: Appraisal): void {
  try {
    appraisals.keep(id, ending, appraisal.root);
  } catch {
    metrics.defect();
  }
}
