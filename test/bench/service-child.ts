/**
 * A service in a process of its own, which tells how much processor time it has used; and the least that its cryptography
 * can cost, measured in the same process: two verifications on P-256 and one signature RS256 by OpenSSL.
 */
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { loadConfig, serve } from '@assay/server';

/** What the child is asked, and answers with a number of microseconds (`flags`: with its URL). */
export type Asked =
  | { readonly flags: Readonly<Record<string, string>> }
  | { readonly cpu: true }
  | { readonly floor: number };

const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

function floor(times: number): number {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const quote = new Uint8Array(432);
  const token = new Uint8Array(3000);
  const signature = sign('sha256', quote, { key: ec.privateKey, dsaEncoding: 'ieee-p1363' });
  const begin = cpu();
  for (let i = 0; i < times; i++) {
    for (let twice = 0; twice < 2; twice++)
      if (!verify('sha256', quote, { key: ec.publicKey, dsaEncoding: 'ieee-p1363' }, signature)) process.exit(1);
    sign('sha256', token, rsa.privateKey);
  }
  return cpu() - begin;
}

process.on('message', async (asked: Asked) => {
  if ('flags' in asked) process.send?.((await serve(loadConfig({ flags: asked.flags }))).url);
  if ('cpu' in asked) process.send?.(cpu());
  if ('floor' in asked) process.send?.(floor(asked.floor));
});
