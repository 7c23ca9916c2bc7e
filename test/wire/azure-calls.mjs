/**
 * Run as a process of its own, since Node reads NODE_EXTRA_CA_CERTS when it starts: Microsoft's client, unmodified, makes
 * the calls that standard input lists, and prints what it got. Its own validation is on, with nothing forgiven.
 */
import { AttestationClient } from '@azure/attestation';

const [endpoint = ''] = process.argv.slice(2);
let input = '';
for await (const chunk of process.stdin) input += chunk;

const validationOptions = {
  validateToken: true,
  validateExpirationTime: true,
  validateNotBeforeTime: true,
  validateIssuer: true,
  expectedIssuer: endpoint,
};
/** @type {import('@azure/core-auth').TokenCredential} */
const credential = { getToken: async () => ({ token: 'opaque', expiresOnTimestamp: Date.now() + 3_600_000 }) };
const plain = new AttestationClient(endpoint, { validationOptions });
// With a credential this client drops its options: they are given with each call.
const known = new AttestationClient(endpoint, credential);

const bytes = (text) => (text === undefined ? undefined : Buffer.from(text, 'base64url'));

async function attest({ type, evidence, data, json, draft, isKnown }) {
  const client = isKnown ? known : plain;
  const options = {
    validationOptions,
    runTimeData: bytes(data),
    runTimeJson: bytes(json),
    draftPolicyForAttestation: draft,
  };
  const { token, body } = await (type === 'OpenEnclave'
    ? client.attestOpenEnclave(bytes(evidence), options)
    : client.attestSgxEnclave(bytes(evidence), options));
  const { issuer, mrEnclave, mrSigner, isDebuggable, productId, svn, policyClaims, runTimeClaims, sgxCollateral } =
    body;
  const held = body.enclaveHeldData && Buffer.from(body.enclaveHeldData).toString('base64url');
  const claims = { issuer, mrEnclave, mrSigner, isDebuggable, productId, svn, policyClaims, runTimeClaims, held };
  return { algorithm: token.algorithm, quoteHash: sgxCollateral.quotehash, ...claims };
}

const results = {};
for (const [name, call] of Object.entries(JSON.parse(input))) {
  try {
    results[name] = await attest(call);
  } catch (error) {
    const { statusCode, code, message } = error;
    results[name] = { refused: { status: statusCode, code, message } };
  }
}
const metadata = await plain.getOpenIdMetadata();
const signers = await plain.getAttestationSigners();
process.stdout.write(
  JSON.stringify({ metadata, signers: signers.map(({ keyId, certificates }) => ({ keyId, certificates })), results }),
);
