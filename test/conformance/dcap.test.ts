/** Intel's own verdicts, case by case: real quotes with real collateral at pinned times, and a synthetic matrix. */

import { fileURLToPath } from 'node:url';
import type { Bytes } from '@assay/core';
import {
  decodeQuote,
  evaluateSgx,
  evaluateTdx,
  intelRoot,
  readPck,
  readQeIdentity,
  readTcbInfo,
  sgxExtension,
  type Tee,
} from '@assay/core/intel';
import { parseJson } from '@assay/core/json';
import { parseCertificate, pemBlocks } from '@assay/core/pki';
import { describe, expect, test } from 'vitest';
import { expectDocument } from '../setup/document.ts';
import { type Folder, folderAt, withVectors } from '../setup/vectors.ts';
import { anchorsOf, judge, type Verdict } from './dcap-judge.ts';

interface Judged {
  readonly name: string;
  readonly want: Pick<Verdict, 'verdict' | 'tcbStatus' | 'advisoryIds' | 'expired'>;
  readonly got: Verdict;
  /** Why a careful verifier differs from Intel's here; undefined where it should not. */
  readonly strict?: string;
}

type Standing = 'agree' | 'stricter' | 'differ';
function standing({ want, got, strict }: Judged): Standing {
  const same =
    got.verdict === want.verdict &&
    got.tcbStatus === want.tcbStatus &&
    (want.tcbStatus === null ||
      (String(got.advisoryIds) === String([...want.advisoryIds].sort()) && got.expired === want.expired));
  if (same) return 'agree';
  return strict !== undefined && got.verdict === 'reject' ? 'stricter' : 'differ';
}

/** Prints the count and hands the stricter cases to the document; `differ` must be none. */
function conclude(title: string, part: string, judged: readonly Judged[]): void {
  const by = (wanted: Standing) => judged.filter((one) => standing(one) === wanted);
  const [agree, stricter, differ] = [by('agree'), by('stricter'), by('differ')];
  console.log(
    `${title}: cases ${judged.length}, agree ${agree.length}, stricter by design ${stricter.length}, differ ${differ.length}`,
  );
  const rows = stricter.map(({ name, got, strict }) => `| \`${name}\` | ${strict} | \`${got.check}\` |`);
  const table =
    rows.length === 0
      ? 'No case is judged more strictly.'
      : ['| stricter case | reason | check |', '| --- | --- | --- |', ...rows].join('\n');
  expectDocument(
    'docs/explain/conformance.md',
    part,
    `### ${title}\n\n| cases | agree | stricter by design | differ |\n| --- | --- | --- | --- |\n| ${judged.length} | ${agree.length} | ${stricter.length} | ${differ.length} |\n\n${table}`,
  );
  expect(differ.map(({ name, want, got }) => ({ name, want, got }))).toEqual([]);
}

const realAnchors = anchorsOf(intelRoot);
const join = (...parts: readonly Bytes[]): Bytes => new Uint8Array(Buffer.concat(parts));
const spkiOf = (pem: Bytes): Bytes => parseCertificate(pemBlocks(pem, 'CERTIFICATE', 1)[0] as Bytes).spki;
const teeOf = (file: string): Tee => (file.includes('-tdx-') ? 'tdx' : 'sgx');

withVectors('DCAP: real quotes', 'dcap', (folder: Folder) => {
  const manifest = folder.json('manifest.json');
  const served = (c: Record<string, string>, signing: string, root: string) => {
    const issuers = join(folder.bytes(signing), folder.bytes(root));
    const of = (role: string): Bytes => folder.bytes(c[role] as string);
    return {
      tcbInfo: of('tcbInfo'),
      tcbInfoIssuers: issuers,
      qeIdentity: of('qeIdentity'),
      qeIdentityIssuers: issuers,
      pckCrl: of('pckCrl'),
      rootCrl: of('rootCrl'),
    };
  };

  test('cases', async () => {
    const judged: Judged[] = [];
    for (const one of manifest.cases) {
      const { collateral, expected } = one;
      const got = await judge(
        teeOf(one.quote),
        folder.bytes(one.quote),
        served(collateral, collateral.tcbSigningCert, collateral.rootCert),
        realAnchors,
        new Date(one.time * 1000),
      );
      const status: string | null = ['TDX_MODULE_MISMATCH', 'TCB_NOT_SUPPORTED'].includes(expected.tcbStatus)
        ? null
        : expected.tcbStatus;
      judged.push({
        name: one.id,
        want: {
          verdict: status === null ? 'reject' : 'accept',
          tcbStatus: status,
          advisoryIds: expected.advisoryIds,
          expired: false,
        },
        got,
        ...(one.pckNotYetValidAtTime && {
          strict: 'the PCK certificate was issued after the time of the case; Intel does not look at notBefore',
        }),
      });
      if (got.verdict === 'accept') {
        expect
          .soft([one.id, got.tcbDate, got.evaluation])
          .toEqual([one.id, expected.tcbDate, expected.tcbEvaluationDataNumber]);
      }
    }
    conclude('Real quotes with authentic collateral', 'dcap-cases', judged);
  });

  test('time variants', async () => {
    const judged: Judged[] = [];
    for (const one of manifest.timeVariants) {
      const quote = manifest.quotes.find((q: { id: string }) => q.id === one.base);
      const root = one.root === 'new' ? 'certs/IntelSGXRootCA-2049.pem' : 'certs/IntelSGXRootCA-2033-old.pem';
      const got = await judge(
        teeOf(quote.file),
        folder.bytes(quote.file),
        served(one.collateral, one.collateral.tcbSigning, root),
        realAnchors,
        new Date(one.time * 1000),
      );
      const { quote: quoteStatus, ...steps } = one.expected as Record<string, string>;
      const tcbStatus =
        quoteStatus === 'STATUS_OK'
          ? 'UpToDate'
          : quoteStatus === 'STATUS_TCB_TD_RELAUNCH_ADVISED'
            ? 'TDRelaunchAdvised'
            : `?${quoteStatus}`;
      judged.push({
        name: `${one.base} ${one.label}`,
        want: {
          verdict: 'accept',
          tcbStatus,
          advisoryIds: got.advisoryIds,
          expired: Object.values(steps).some((step) => step.endsWith('_EXPIRED')),
        },
        got,
        ...(one.label === 'window-start-minus-1' && { strict: 'one second before the newest collateral was issued' }),
      });
    }
    conclude('Boundaries of time', 'dcap-times', judged);
  });

  test.each(
    manifest.quoteStatusOnly as {
      quote: string;
      collateral: Record<string, string>;
      tcbStatus: string;
      advisoryIds: string;
    }[],
  )('status alone: $quote', (one) => {
    const read = (role: string) => parseJson(folder.bytes(one.collateral[role] as string)) as Record<string, never>;
    const info = readTcbInfo({ value: read('tcbInfo')['tcbInfo'], path: 'tcbInfo' });
    const identity = readQeIdentity({ value: read('qeIdentity')['enclaveIdentity'], path: 'enclaveIdentity' });
    const quote = decodeQuote(folder.bytes(one.quote));
    const leaf = pemBlocks(quote.certification.data, 'CERTIFICATE', 3)
      .map((der) => parseCertificate(der))
      .find((c) => c.extensions.has(sgxExtension));
    const pck = readPck(leaf?.extensions.get(sgxExtension)?.value as Bytes);
    const svn = quote.qe.report.isvSvn;
    const evaluation =
      quote.body.tee === 'tdx'
        ? evaluateTdx(info, identity, pck, svn, quote.body.report)
        : evaluateSgx(info, identity, pck, svn);
    expect(evaluation).toMatchObject({
      verdict: { status: one.tcbStatus, advisoryIds: one.advisoryIds === '' ? [] : one.advisoryIds.split(',').sort() },
    });
  });
});

describe('DCAP: synthetic matrix', () => {
  const folder = folderAt(fileURLToPath(new URL('../fixtures/dcap-synthetic', import.meta.url)));

  test('cases', async () => {
    const judged: Judged[] = [];
    for (const one of folder.json('manifest.json')) {
      const file = (role: string): Bytes => (one.files[role] ? folder.bytes(one.files[role]) : new Uint8Array());
      const chain = one.files['pck_chain.pem'] ? pemBlocks(file('pck_chain.pem'), 'CERTIFICATE', 8) : [];
      const got = await judge(
        one.kind.startsWith('sgx') ? 'sgx' : 'tdx',
        file('quote.bin'),
        {
          tcbInfo: file('tcb_info.json'),
          tcbInfoIssuers: file('tcb_info_issuer_chain.pem'),
          ...(one.files['qe_identity.json'] && { qeIdentity: file('qe_identity.json') }),
          qeIdentityIssuers: file('qe_identity_issuer_chain.pem'),
          pckCrl: file('pck.crl'),
          rootCrl: file('root_ca.crl'),
        },
        anchorsOf(spkiOf(file('trusted_root.pem'))),
        new Date(one.time * 1000),
        chain,
      );
      const { verdict, tcbStatus, advisoryIds, collateralExpired } = one.overall;
      const wanted =
        one.recommendedStrict === 'accept'
          ? { verdict: 'accept' as const, tcbStatus: got.tcbStatus, advisoryIds: got.advisoryIds }
          : { verdict, tcbStatus, advisoryIds };
      judged.push({
        name: one.name,
        want: { ...wanted, expired: collateralExpired },
        got,
        ...(one.recommendedStrict === 'reject' && { strict: one.note || 'a careful verifier refuses it' }),
      });
    }
    conclude('Synthetic matrix', 'dcap-synthetic', judged);
  });
});

describe('the suites themselves', () => {
  test('a different verdict is a difference', () => {
    const want = { verdict: 'accept', tcbStatus: 'UpToDate', advisoryIds: [], expired: false } as const;
    expect(standing({ name: '', want, got: { ...want, tcbStatus: 'OutOfDate' } })).toBe('differ');
    expect(standing({ name: '', want, got: { ...want, advisoryIds: ['INTEL-SA-00001'] } })).toBe('differ');
    expect(standing({ name: '', want, got: { ...want, expired: true } })).toBe('differ');
    expect(standing({ name: '', want, got: { ...want, verdict: 'reject', tcbStatus: null }, strict: 'reason' })).toBe(
      'stricter',
    );
  });
});
