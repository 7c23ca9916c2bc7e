/**
 * Quote verifications per second, ours cold (nothing remembered) and warm (collateral and chains remembered) beside
 * @phala/dcap-qvl, taking turns within one run: machines are noisy, ratios within a run are not.
 */

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Appraisal, appraise, type Bytes, forgetful, type Memo, type NeedName } from '@assay/core';
import { intelRoot, quoteSettings, sgxQuote, tdQuote } from '@assay/core/intel';
import { forgeIntel } from '@assay/core/testing';

interface Subject {
  readonly title: string;
  readonly quote: Bytes;
  readonly verifier: typeof sgxQuote;
  readonly collateral: ReadonlyMap<NeedName, Bytes>;
  readonly anchor: Bytes;
  readonly at: Date;
}

const slice = 400;
const rounds = 7;

async function perSecond(once: () => Promise<void> | void): Promise<number> {
  const begin = performance.now();
  let done = 0;
  while (performance.now() - begin < slice) {
    await once();
    done++;
  }
  return (done * 1000) / (performance.now() - begin);
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

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

function peer({ quote, collateral, at }: Subject): (() => void) | undefined {
  const { verify } = createRequire(import.meta.url)('@phala/dcap-qvl');
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

function subjects(): readonly Subject[] {
  const folder = process.env['ASSAY_VECTORS'] ?? fileURLToPath(new URL('../../../../shared/vectors', import.meta.url));
  const manifest = join(folder, 'dcap/manifest.json');
  if (!existsSync(manifest)) {
    console.log('Recorded quotes are absent (set ASSAY_VECTORS): measuring a simulated one, without the peer.');
    const at = new Date('2026-03-01T12:00:00Z');
    const forged = forgeIntel({ at });
    return [
      {
        title: 'SGX v3, simulated',
        quote: forged.quote(),
        verifier: sgxQuote,
        collateral: forged.collateral,
        anchor: forged.anchor,
        at,
      },
    ];
  }
  const read = (name: string): Bytes => new Uint8Array(readFileSync(join(folder, 'dcap', name)));
  const { cases } = JSON.parse(readFileSync(manifest, 'utf8'));
  const pick = (title: string, id: string, verifier: typeof sgxQuote, tee: string, fmspc: string): Subject => {
    const { quote, collateral, time } = cases.find(
      (one: { id: string; collateral: { tcbInfo: string } }) =>
        one.id === id && one.collateral.tcbInfo.includes('-v3-'),
    );
    const issuers = new Uint8Array(Buffer.concat([read(collateral.tcbSigningCert), read(collateral.rootCert)]));
    const info: NeedName = `intel/tcb-info-${tee}-${fmspc}`;
    const identity: NeedName = `intel/qe-identity-${tee}`;
    const ca = collateral.pckCrl.includes('processor') ? 'processor' : 'platform';
    const map = new Map<NeedName, Bytes>([
      [info, read(collateral.tcbInfo)],
      [`${info}-issuers`, issuers],
      [identity, read(collateral.qeIdentity)],
      [`${identity}-issuers`, issuers],
      [`intel/crl-${ca}`, read(collateral.pckCrl)],
      ['intel/crl-root', read(collateral.rootCrl)],
    ]);
    return { title, quote: read(quote), verifier, collateral: map, anchor: intelRoot, at: new Date(time * 1000) };
  };
  return [
    pick('SGX v3', 'v3-sgx-00906ed50000-727e2e69@2025-05-27-e17', sgxQuote, 'sgx', '00906ed50000'),
    pick('TDX v4', 'v4-tdx-b0c06f000000-f1c85033@2025-06-19-e17', tdQuote, 'tdx', 'b0c06f000000'),
  ];
}

for (const subject of subjects()) {
  const runs: readonly (readonly [string, () => Promise<void> | void])[] = [
    ['assay, cold', ours(subject, forgetful)],
    ['assay, warm', ours(subject, keeping())],
    ...(subject.anchor === intelRoot ? [['@phala/dcap-qvl', peer(subject)] as const] : []).flatMap(([name, once]) =>
      once ? [[name, once] as const] : [],
    ),
  ];
  const rates = new Map(runs.map(([name]) => [name, [] as number[]]));
  for (const [, once] of runs) await perSecond(once);
  for (let round = 0; round < rounds; round++)
    for (const [name, once] of runs) rates.get(name)?.push(await perSecond(once));
  const base = median(rates.get(runs.at(-1)?.[0] ?? '') ?? []);
  console.log(`\n${subject.title} (${rounds} turns of ${slice} ms each)`);
  for (const [name] of runs) {
    const rate = median(rates.get(name) ?? []);
    console.log(`  ${name.padEnd(18)} ${rate.toFixed(0).padStart(7)} a second   × ${(rate / base).toFixed(1)}`);
  }
}
