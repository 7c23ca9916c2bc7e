/**
 * Run as a process of its own, since Node reads NODE_EXTRA_CA_CERTS when it starts: Microsoft's client, unmodified, sends
 * each line of standard input (a JSON string: the text of a round) and prints what came back, a line each. What goes
 * between the rounds is not its business: it knows nothing of TPMs.
 */
import { createInterface } from 'node:readline';
import { AttestationClient } from '@azure/attestation';

const [endpoint = '', token = ''] = process.argv.slice(2);
/** @type {import('@azure/core-auth').TokenCredential} */
const credential = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
// As its documentation asks for: this route demands a credential.
const client = new AttestationClient(endpoint, credential);

for await (const line of createInterface({ input: process.stdin })) {
  let said;
  try {
    said = { answer: await client.attestTpm(JSON.parse(line)) };
  } catch (error) {
    const { statusCode, code, message } = error;
    said = { refused: { status: statusCode, code, message } };
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
