/**
 * Quote verifications per second, ours cold (nothing remembered) and warm (collateral and chains remembered) beside
 * @phala/dcap-qvl, taking turns within one run: machines are noisy, ratios within a run are not. The least that a cold
 * verification can take with OpenSSL takes its turn too: no code around it makes it faster than that.
 */

import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { createRequire } from 'node:module';
import { Appraisal, appraise, type Bytes, forgetful, type Memo } from '@assay/core';
import { intelRoot, quoteSettings } from '@assay/core/intel';
import { median, perSecond, told } from './measure.ts';
import { type Subject, subjects } from './subjects.ts';

const slice = 400;
const rounds = 7;

function ours(subject: Subject, memo: Memo): () => Promise<void> {
  const { quote, verifier, collateral, anchor, at } = subject;
  return async () => {
    const appraisal = new Appraisal();
    const context = {
      at,
      settings: quoteSettings.defaults,
      anchors: { id: 'bench', of: () => [anchor] },
      appraisal,
      memo,
    };
    const { demands } = await appraise(verifier, { evidence: quote }, { collateral: async () => collateral }, context);
    appraisal.demand(demands);
  };
}

function keeping(): Memo {
  const kept = new Map<string, unknown>();
  return (key, make) => {
    if (!kept.has(key)) kept.set(key, make());
    return kept.get(key) as ReturnType<typeof make>;
  };
}

/**
 * What cold verification asks of OpenSSL: four keys imported (PCK CA, PCK, TCB signer, attestation key), and nine
 * signatures on P-256 (the two certificates below the root in the quote, TCB signer, two CRLs, TCB info, QE identity,
 * quoting enclave, quote).
 */
function cryptographyAlone(): () => void {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicKey.export({ format: 'jwk' });
  const data = new Uint8Array(432);
  const how = { dsaEncoding: 'ieee-p1363' } as const;
  const signature = sign('sha256', data, { key: privateKey, ...how });
  return () => {
    for (let i = 0; i < 4; i++) createPublicKey({ key: jwk, format: 'jwk' });
    for (let i = 0; i < 9; i++)
      if (!verify('sha256', data, { key: publicKey, ...how }, signature)) throw new Error('not verified');
  };
}

function peer({ quote, collateral, at }: Subject): (() => void) | undefined {
  const require = createRequire(import.meta.url);
  const { verify } = require('@phala/dcap-qvl');
  const get = (part: string): Bytes => [...collateral].find(([name]) => name.includes(part))?.[1] ?? new Uint8Array();
  const text = (part: string): string => Buffer.from(get(part)).toString();
  const split = (part: string, member: string): [string, number[]] => {
    const whole = text(part);
    const signature = JSON.parse(whole).signature as string;
    const from = whole.indexOf('{', whole.indexOf(member));
    return [
      whole.slice(from, whole.lastIndexOf('}', whole.lastIndexOf('"signature"')) + 1),
      [...Buffer.from(signature, 'hex')],
    ];
  };
  const [tcbInfo, tcbInfoSignature] = split('tcb-info', 'tcbInfo');
  const [identity, identitySignature] = split('qe-identity', 'enclaveIdentity');
  const given = {
    pck_crl_issuer_chain: '',
    root_ca_crl: [...get('crl-root')],
    pck_crl: [...get(collateral.has('intel/crl-platform') ? 'crl-platform' : 'crl-processor')],
    tcb_info_issuer_chain: text('-issuers'),
    tcb_info: tcbInfo,
    tcb_info_signature: tcbInfoSignature,
    qe_identity_issuer_chain: text('-issuers'),
    qe_identity: identity,
    qe_identity_signature: identitySignature,
  };
  const once = (): void => void verify(Buffer.from(quote), given, Math.floor(at.getTime() / 1000));
  once();
  return once;
}

for (const subject of subjects()) {
  const runs: readonly (readonly [string, () => Promise<void> | void])[] = [
    ['assay, cold', ours(subject, forgetful)],
    ['assay, warm', ours(subject, keeping())],
    ['OpenSSL alone', cryptographyAlone()],
    ...(subject.anchor === intelRoot ? [['@phala/dcap-qvl', peer(subject)] as const] : []).flatMap(([name, once]) =>
      once ? [[name, once] as const] : [],
    ),
  ];
  const rates = new Map(runs.map(([name]) => [name, [] as number[]]));
  for (const [, once] of runs) await perSecond(once, slice);
  for (let round = 0; round < rounds; round++)
    for (const [name, once] of runs) rates.get(name)?.push(await perSecond(once, slice));
  const base = rates.get('@phala/dcap-qvl');
  console.log(`\n${subject.title} (${rounds} turns of ${slice} ms each)`);
  for (const [name] of runs) {
    const taken = rates.get(name) ?? [];
    const ratios = taken.map((rate, round) => rate / (base?.[round] ?? rate));
    const beside = base ? `   × ${told(ratios, 1, '')}` : '';
    console.log(`  ${name.padEnd(18)} ${median(taken).toFixed(0).padStart(7)} a second${beside}`);
  }
}
