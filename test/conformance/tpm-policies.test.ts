/**
 * Microsoft's published policies for TPMs over all real boots of the vectors and over forged ones: what they decide and
 * issue, and where they do not mean what they say. They are taken as they stand, never repaired.
 */
import { createHash } from 'node:crypto';
import { generateKey } from '@assay/core/crypto';
import { evaluate, type Program, type Ruling } from '@assay/core/policy';
import { forgeBoot, rsaParts, type WantedRequest, windowsBoot } from '@assay/core/testing';
import { describe, expect, test } from 'vitest';
import { code, table } from '../docs/table.ts';
import { expectDocument } from '../setup/document.ts';
import { folderAt, withVectors } from '../setup/vectors.ts';
import { type Boot, forgedBoots, issuedBy, policyFor, realBoots, type Seen, seen } from './tpm-boots.ts';

const page = 'docs/explain/published-tpm-policies.md';
const health = 'windows-healthattestation-csp';
const wrap = (rules: string): string => `version=1.2;authorizationrules{=> permit();};issuancerules{${rules}};`;

/** Rows of the table in the documentation of version 1.2; the first one does not pass an upload. */
const rowsOfTheTable = [
  ['02', 'code-integrity'],
  ['03', 'bitlocker-boot-state'],
  ['04', 'early-launch-antimalware-elam'],
  ['05', 'boot-debugging'],
  ['06', 'kernel-debugging'],
  ['07', 'data-execution-prevention-dep-policy'],
  ['08', 'test-and-flight-signing'],
  ['09', 'virtual-secure-mode-vbs'],
  ['10', 'hypervisor-protected-code-integrity-hvci'],
  ['11', 'input-output-memory-management-unit-iomm'],
  ['12', 'pcr-value-evaluation'],
  ['13', 'boot-manager-version'],
  ['14', 'safe-mode'],
  ['15', 'winpe-boot'],
  ['16', 'code-integrity-ci-policy'],
  ['17', 'secure-boot-configuration-policy-hash-sb'],
  ['18', 'system-guard-drtm-validation-and-smm-lev'],
  ['19', 'boot-application-subversion'],
  ['20', 'boot-revision-list'],
] as const;

/** One policy over one boot. */
interface Outcome {
  readonly boot: Boot;
  readonly seen: Seen;
  readonly ruling: Ruling;
}
type Shows = (issued: Readonly<Record<string, unknown>>, outcome: Outcome) => boolean;

/** A real log names Defender's driver, whatever is said of it. */
const hasDefender = ({ boot: { log } }: Boot): boolean =>
  Buffer.from(log)
    .toString('latin1')
    .toLowerCase()
    .includes(Array.from('wdboot.sys', (letter) => `${letter}\0`).join(''));
const denied: Shows = (_, { ruling }) => ruling.decision === 'deny';

/** What they get wrong: by policies, in a sentence, and how it shows in what they issue. */
const mistakes: readonly {
  readonly policies: readonly string[];
  readonly says: string;
  readonly shows: Shows;
  /** What comes out. */
  readonly out: string;
}[] = [
  {
    policies: ['sample 02', 'row 04', 'health'],
    says: 'Early anti-malware is good on machines that have none, those of Linux included: a list of drivers is compared with null, and a list without members is not null.',
    shows: (issued, { boot }) =>
      ['ELAMDriverLoaded', 'elamDriverLoaded', 'WindowsDefenderElamDriverLoaded'].some(
        (name) => issued[name] === true,
      ) && !hasDefender(boot),
    out: 'a claim about the driver that is true, and no such driver in the log',
  },
  {
    policies: ['sample 08'],
    says: 'It ends in an error wherever the firmware measured PK, KEK, db or dbx: the service gives them as lists of objects, which are no claim values.',
    shows: (_, { ruling }) =>
      ruling.decision === 'error' && ruling.why.startsWith('JsonToClaimValue: an array that holds'),
    out: 'an error, and no token',
  },
  {
    policies: ['sample 08'],
    says: 'What is absent is false instead of the 0 that the rule behind it wants to issue: the query itself is false, so a claim is there already.',
    shows: ({ bootOrder }) => bootOrder === false,
    out: 'bootOrder = false',
  },
  {
    policies: ['row 14', 'row 15', 'health'],
    says: 'A boot that says nothing of safe mode or of Windows PE counts as one without: whoever leaves the events out is in good health, and so is every Linux.',
    shows: ({ notSafeMode, notWinPE }, { boot }) => (notSafeMode === true || notWinPE === true) && !boot.isWindows,
    out: 'notSafeMode or notWinPE = true, and no event of Windows',
  },
  {
    policies: ['sample 02', 'sample 07', 'health'],
    says: 'Secure Boot is taken from the variable alone. Whether a separator closes PCR 7, whether something vouched for the loader, and whether firmware was in debug mode is not asked.',
    shows: (issued, { seen: { facts } }) =>
      (issued['secureBootEnabled'] === true || issued['SecureBootEnabled'] === true) &&
      !facts.current.secureBoot.determined,
    out: 'secureBootEnabled = true, where the service says that it is undetermined',
  },
  {
    policies: ['row 06', 'row 14', 'row 15', 'health'],
    says: 'A machine that resumed from hibernation measures neither kernel debugging nor safe mode nor Windows PE: the first then counts as on, the others as off.',
    shows: ({ osKernelDebuggingDisabled, notSafeMode, notWinPE }, { boot }) =>
      boot.isWindows &&
      ((osKernelDebuggingDisabled === false && !saysOf(boot, 'EVENT_OSKERNELDEBUG')) ||
        (notSafeMode === true && !saysOf(boot, 'EVENT_SAFEMODE')) ||
        (notWinPE === true && !saysOf(boot, 'EVENT_WINPE'))),
    out: 'osKernelDebuggingDisabled = false, notSafeMode = true or notWinPE = true, and no event of it',
  },
  {
    policies: ['row 08'],
    says: 'The page lost a line break before the rule on flight signing, which now stands in a comment: the claim is false on every machine.',
    shows: ({ flightSigningNotEnabled }, { boot }) => boot.isWindows && flightSigningNotEnabled === false,
    out: 'flightSigningNotEnabled = false',
  },
  {
    policies: ['row 13', 'row 19'],
    says: 'The page lost line breaks here too, and most of the rules with them: nothing is ever issued.',
    shows: (issued, { boot }) => boot.isWindows && Object.keys(issued).length === 0,
    out: 'no claim on any Windows',
  },
  {
    policies: ['row 12'],
    says: 'It tests a claim that nothing adds, and compares a digest with text in quotation marks: nothing is ever issued.',
    shows: (issued) => Object.keys(issued).length === 0,
    out: 'no claim',
  },
  {
    policies: ['sample 03'],
    says: 'PCR values are compared with hexadecimal digits; the service writes base64url. No machine is ever permitted.',
    shows: denied,
    out: 'a denial',
  },
  {
    policies: ['sample 07'],
    says: 'Boot debugging is read from a claim that no rule adds: it counts as on for every machine.',
    shows: ({ bootDebuggingDisabled }, { seen: { claims } }) =>
      bootDebuggingDisabled === false &&
      claims.some(({ name, value }) => name === 'bootDebuggingDisabled' && value === true),
    out: 'bootDebuggingDisabled = false, where the service’s own claim is true',
  },
  {
    policies: ['sample 09'],
    says: 'It asks for «events» where the document has «Events», and compares a number with text: the claim is the word null.',
    shows: ({ DriverLoadPolicy }) => DriverLoadPolicy === 'null',
    out: 'DriverLoadPolicy = "null"',
  },
  {
    policies: ['sample 10'],
    says: 'It wants a key with the attributes 50, which lack the one to sign: such a key cannot sign a request, so no request is permitted.',
    shows: denied,
    out: 'a denial',
  },
];

/** Whether any event that is shown has such a member. */
function saysOf({ boot }: Boot, member: string): boolean {
  return shownOf.get(boot)?.includes(`"${member}"`) ?? false;
}
const shownOf = new Map<Boot['boot'], string>();

/** Claims as the page shows them: what is long by its length and digest. */
const inShort = (value: unknown): string => {
  const text = JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? Number(each) : each));
  if (text.length <= 64) return text;
  return `${text.length} characters with SHA-256 ${createHash('sha256').update(text).digest('hex').slice(0, 16)}…`;
};
function outcomeOf({ decision, why, issued }: Ruling): string {
  if (decision !== 'permit') return `${decision}: ${why}`;
  return issued.length === 0
    ? 'permit, no claims'
    : `permit, ${issued.map(({ name, value }) => `${name} ${inShort(value)}`).join(', ')}`;
}

/** Boots by name, and whole kinds of them in a word. */
function boots(some: readonly Boot[], all: readonly Boot[]): string {
  if (some.length === all.length) return `all ${all.length}`;
  const kinds = [true, false].map((kind) => all.filter(({ isWindows }) => isWindows === kind));
  const told = kinds.flatMap((kind) => {
    const its = kind.filter((one) => some.includes(one));
    const others = kind.filter((one) => !some.includes(one));
    const name = kind[0]?.isWindows ? 'of Windows' : 'of other systems';
    if (its.length === 0) return [];
    if (others.length === 0) return [`all ${kind.length} ${name}`];
    const list = (those: readonly Boot[]): string => those.map((one) => one.name).join(', ');
    return [others.length < its.length / 2 ? `all ${name} but ${list(others)}` : list(its)];
  });
  return told.join('; ');
}

withVectors('published policies for TPMs over real boots', 'tpm', (folder) => {
  const policies = folderAt(folder.path('../policies'));
  const all = [...forgedBoots, ...realBoots(folder)];
  const sawAll = Promise.all(all.map(async ({ boot }) => seen(boot)));
  const programs: readonly (readonly [name: string, title: string, program: Program])[] = [
    ...Array.from({ length: 10 }, (_, i) => {
      const number = String(i + 1).padStart(2, '0');
      const file = `docs-tpm-attestation-sample-policies-${number}.txt`;
      return [`sample ${number}`, `Sample ${number}`, policyFor(policies.text(file))] as const;
    }),
    ...rowsOfTheTable.map(([number, title]) => {
      const file = `docs-policy-version-1-2-table-${number}-${title}.rules.txt`;
      const name = title.replaceAll('-', ' ');
      return [`row ${number}`, `Row ${number}: ${name}`, policyFor(wrap(policies.text(file)))] as const;
    }),
    ['health', 'The health policy of the HealthAttestation CSP', policyFor(policies.text(`${health}.txt`))],
  ];

  const outcomes = async (wanted: string): Promise<readonly Outcome[]> => {
    const saw = await sawAll;
    const program = programs.find(([name]) => name === wanted)?.[2];
    if (!program) expect.fail(`no policy ${wanted}`);
    return all.map((boot, i) => {
      const its = saw[i] as Seen;
      const events = its.claims.find(({ name }) => name === 'events')?.value;
      shownOf.set(boot.boot, String(events));
      return { boot, seen: its, ruling: evaluate(program, its.claims) };
    });
  };

  test('row 01 does not pass an upload: it uses an identifier that nothing binds', () => {
    const text = policies.text('docs-policy-version-1-2-table-01-secure-boot.rules.txt');
    expect(() => policyFor(wrap(text))).toThrow("identifier 'c' is not bound");
  });

  test.each(mistakes.flatMap((one) => one.policies.map((policy) => [policy, one.says, one] as const)))(
    '%s: %s',
    async (policy, _says, { shows }) => {
      const found = (await outcomes(policy)).filter((one) => shows(issuedBy(one.ruling), one));
      expect(found.filter(({ boot }) => boot.isReal).length).toBeGreaterThan(0);
    },
  );

  test('every published mistake is on the page, with the boots on which it shows', { timeout: 60_000 }, async () => {
    const text: string[] = [];
    for (const { policies: names, says, shows, out } of mistakes) {
      const lines: string[] = [];
      for (const name of names) {
        const found = (await outcomes(name)).filter((one) => shows(issuedBy(one.ruling), one)).map(({ boot }) => boot);
        lines.push(`  - ${name}: ${boots(found, all)}`);
      }
      text.push([`- ${says} What comes out: ${out}.`, ...lines].join('\n'));
    }
    expectDocument(page, 'mistakes', text.join('\n'));
  });

  test('every policy over every boot does what the page says', { timeout: 60_000 }, async () => {
    const sections: string[] = [];
    for (const [name, title] of programs) {
      const by = new Map<string, Boot[]>();
      for (const { boot, ruling } of await outcomes(name)) {
        const outcome = outcomeOf(ruling);
        by.set(outcome, [...(by.get(outcome) ?? []), boot]);
      }
      const rows = [...by].map(([outcome, some]) => [code(outcome), boots(some, all)]);
      sections.push(`### ${title}\n\n${table(['outcome', 'boots'], rows)}`);
    }
    expectDocument(page, 'outcomes', sections.join('\n\n'));
  });

  describe('what the rules mean to say, they say of forged machines of Windows', () => {
    const cases: readonly (readonly [row: string, claim: string, good: unknown, machine: string, bad: unknown])[] = [
      ['row 02', 'codeIntegrityEnabled', true, 'Windows without code integrity', false],
      ['row 05', 'bootDebuggingDisabled', true, 'Windows with boot debugging', false],
      ['row 06', 'osKernelDebuggingDisabled', true, '', undefined],
      ['row 08', 'testSigningDisabled', true, 'Windows with test signing', false],
      ['row 09', 'vbsEnabled', true, 'Windows without VBS', false],
      ['row 11', 'iommuEnabled', true, 'Windows without an IOMMU', false],
      ['row 14', 'notSafeMode', true, 'Windows in safe mode', false],
      ['row 15', 'notWinPE', true, 'Windows PE', false],
      ['health', 'secureBootEnabled', true, 'Windows without Secure Boot', false],
      ['health', 'codeIntegrityEnabled', true, 'Windows without code integrity', false],
      ['health', 'testSigningDisabled', true, 'Windows with test signing', false],
    ];
    test.each(cases)('%s: %s', async (row, claim, good, machine, bad) => {
      const found = await outcomes(row);
      const of = (name: string): unknown => {
        const one = found.find(({ boot }) => boot.name === `forged: ${name}`);
        return one && issuedBy(one.ruling)[claim];
      };
      expect(of('Windows')).toBe(good);
      if (machine !== '') expect(of(machine)).toBe(bad);
    });
  });

  test('the mode that decodes every event changes what two of them issue, and only what no digest proves', async () => {
    const differing = new Set<string>();
    for (const { boot } of all.filter(({ isReal }) => isReal)) {
      const [strict, maa] = await Promise.all([seen(boot), seen(boot, { events: 'maa' })]);
      for (const [name, , program] of programs) {
        const [ours, theirs] = [strict, maa].map(({ claims }) => issuedBy(evaluate(program, claims)));
        const names = new Set([...Object.keys(ours ?? {}), ...Object.keys(theirs ?? {})]);
        for (const claim of names)
          if (inShort(ours?.[claim] ?? null) !== inShort(theirs?.[claim] ?? null)) differing.add(`${name}: ${claim}`);
      }
    }
    // Of a boot variable the contents are hashed alone: nothing proves its name.
    expect([...differing].sort()).toEqual(['sample 06: outputEvents', 'sample 08: bootOrder']);
  });

  describe('beyond what boots tell', () => {
    const rsa = generateKey('RSA-2048');
    const windows = forgeBoot(windowsBoot({ reportKey: rsaParts(rsa) }));
    const program = (wanted: string): Program => programs.find(([name]) => name === wanted)?.[2] as Program;
    const rule = async (policy: string, boot = windows, request: Partial<WantedRequest> = {}): Promise<Ruling> =>
      evaluate(program(policy), (await seen(boot, {}, request)).claims);
    const identity = { authorId: new Uint8Array(32), imageId: Uint8Array.of(1, 1, ...new Uint8Array(14)) };

    test('sample 05 permits the enclave that it names, and no other', async () => {
      expect((await rule('sample 05', windows, { enclave: { key: rsa } })).decision).toBe('deny');
      const its = await rule('sample 05', windows, { enclave: { key: rsa, statement: identity } });
      expect(its.decision).toBe('permit');
    });
    test('sample 06 gives all events, and those of before hibernation', async () => {
      const kept = { boot: forgeBoot(windowsBoot()), extraData: new Uint8Array(0) };
      const statement = { clockInfo: { clock: 2_000_000n, resetCount: 170, restartCount: 0, safe: 1 as const } };
      const resumed = forgeBoot(windowsBoot({ bootCounter: 170n, transfer: 2 }));
      const issued = issuedBy(await rule('sample 06', resumed, { kept, statement }));
      for (const name of ['outputEvents', 'outputBootEvents'])
        expect(JSON.parse(String(issued[name])).Events.length).toBeGreaterThan(20);
    });
    test('sample 10 permits no key of a TPM', async () => {
      expect((await rule('sample 10', windows, { bindBy: 'certify' })).decision).toBe('deny');
    });
  });
});
