/** Property claims: what `issueproperty` can set, of which kind, where, and for which attestation types. */
import type { SectionName } from './syntax.ts';
import type { Kind } from './values.ts';

export interface PropertyForm {
  readonly kind: Kind;
  readonly section: SectionName;
  readonly types: readonly string[];
}

const sgx = ['SgxEnclave', 'OpenEnclave'];
const tpm = ['Tpm', 'VbsEnclave'];

const forms: ReadonlyMap<string, PropertyForm> = new Map(
  Object.entries({
    require_valid_aik_cert: { kind: 'Boolean', section: 'configurationrules', types: tpm },
    required_pcr_mask: { kind: 'Integer', section: 'configurationrules', types: tpm },
    'x-ms-sgx-tcbidentifier': { kind: 'String', section: 'configurationrules', types: sgx },
    report_validity_in_minutes: { kind: 'Integer', section: 'issuancerules', types: tpm },
    omit_x5c: { kind: 'Boolean', section: 'issuancerules', types: tpm },
  } as const),
);

/** The form of a property; none for unknown ones and those of another attestation type, which are ignored. */
export function formOf(name: string, type: string | undefined): PropertyForm | undefined {
  const form = forms.get(name);
  const applies = type === undefined || form?.types.some((each) => each.toLowerCase() === type.toLowerCase());
  return applies ? form : undefined;
}
