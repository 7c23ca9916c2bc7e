/** The policies in force until an owner sets one, byte for byte: their hash stands in tokens. */

/** SGX and OpenEnclave: recorded in November 2022. A year later `10` stood for `azuredefault`: too low for platforms of today. */
export const sgxDefaultPolicy =
  'version= 1.1;configurationrules{=> issueproperty(type="x-ms-sgx-tcbidentifier", value="azuredefault");};authorizationrules{=> permit();};issuancerules{c:[type=="x-ms-sgx-is-debuggable"] => issue(type="is-debuggable", value=c.value);c:[type=="x-ms-sgx-mrsigner"] => issue(type="sgx-mrsigner", value=c.value);c:[type=="x-ms-sgx-mrenclave"] => issue(type="sgx-mrenclave", value=c.value);c:[type=="x-ms-sgx-product-id"] => issue(type="product-id", value=c.value);c:[type=="x-ms-sgx-svn"] => issue(type="svn", value=c.value);c:[type=="x-ms-attestation-type"] => issue(type="tee", value=c.value);};';

/** SEV-SNP: recovered from the hash in recorded tokens. TDX uses the same; its own was never seen. */
export const permitAllPolicy = 'version= 1.0;authorizationrules{=> permit();};';

/** Azure guests: the rules are known, Azure's bytes are not, so its published hash cannot be met. */
export const azureGuestDefaultPolicy = `version= 1.0;
authorizationrules
{
    [type=="x-ms-azurevm-default-securebootkeysvalidated", value==false] => deny();
    [type=="x-ms-azurevm-debuggersdisabled", value==false] => deny();
    [type=="secureboot", value==false] => deny();
    [type=="x-ms-azurevm-signingdisabled", value==false] => deny();
    [type=="x-ms-azurevm-dbvalidated", value==false] => deny();
    [type=="x-ms-azurevm-dbxvalidated", value==false] => deny();
    => permit();
};
issuancerules
{
};`;

/** By attestation type. TPM has none: its owner must set a policy first. */
export const defaultPolicies: { readonly [type: string]: string | undefined } = {
  SgxEnclave: sgxDefaultPolicy,
  OpenEnclave: sgxDefaultPolicy,
  SevSnpVm: permitAllPolicy,
  TdxVm: permitAllPolicy,
  AzureGuest: azureGuestDefaultPolicy,
};
