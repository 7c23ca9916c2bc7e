/** The root key of Intel's provisioning certification: the one thing about Intel that is believed without proof. */
import { type Bytes, fromHex } from '../../bytes/index.ts';

/**
 * SubjectPublicKeyInfo of «Intel SGX Root CA», P-256. SHA-256 of these bytes:
 * a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e.
 * Read from the root certificate that Intel publishes at
 * certificates.trustedservices.intel.com; two certificates (until 2033 and until 2049) carry this key.
 */
export const intelRoot: Bytes = fromHex(
  '3059301306072a8648ce3d020106082a8648ce3d030107034200040ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f567918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394',
);
