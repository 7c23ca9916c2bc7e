/** The claim `x-ms-policy-hash`: which policy a token was issued under. */
import { base64url, utf8 } from '../bytes/index.ts';
import { sha256 } from '../crypto/digest.ts';

/**
 * SHA-256 over the base64url text of a policy, not over the policy itself, as Azure Attestation has it: the same text
 * stands in a policy's JWS. Line ends and trailing white space count.
 * @param text the policy as it was received
 */
export const policyHash = (text: string): string => base64url(sha256(utf8(base64url(utf8(text)))));
