import { expect, describe as group, test } from 'vitest';
import { Appraisal, checks, close, describe, Refusal, type Section, settle, writeAppraisal } from './appraisal.ts';
import { utf8 } from './bytes/index.ts';
import type { JsonObject } from './claim.ts';
import { AttestError } from './errors.ts';
import { formatJson } from './json/index.ts';

const table = checks({
  'toy.first': ['EvidenceRefused', 'The first holds'],
  'toy.second': [
    'BaselineUnmet',
    'The second holds',
    { source: 'Toy specification §2', remedy: 'Mend it', wire: 'no' },
  ],
});
const [first, second] = [table['toy.first'], table['toy.second']];

function refusal(run: () => void): Refusal {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  return expect.fail('was not refused');
}
const outcomes = (section: Section): unknown[] =>
  section.entries.map((entry) =>
    'entries' in entry
      ? { [entry.title]: outcomes(entry) }
      : 'data' in entry
        ? entry.data
        : [entry.check.id, entry.outcome],
  );

test('a table of checks carries its ids', () => {
  expect(first).toEqual({ id: 'toy.first', code: 'EvidenceRefused', title: 'The first holds' });
  expect(second).toMatchObject({ id: 'toy.second', source: 'Toy specification §2', remedy: 'Mend it', wire: 'no' });
});

group('the tree', () => {
  test('keeps outcomes in the order they were noted, in branches', () => {
    const appraisal: Appraisal = new Appraisal();
    appraisal.note(first, true);
    const branch = appraisal.within('branch');
    appraisal.note(second, 'skipped');
    branch.note(first, false);
    const twig: Appraisal = branch.within('twig');
    twig.require(second, true);
    appraisal.attach('policy', { trace: [1] });
    expect(outcomes(appraisal.root)).toEqual([
      ['toy.first', 'passed'],
      { branch: [['toy.first', 'failed'], { twig: [['toy.second', 'passed']] }] },
      ['toy.second', 'skipped'],
      { trace: [1] },
    ]);
  });

  test('an appraisal goes on where its section stands', () => {
    const section: Section = { title: 'mine', entries: [] };
    new Appraisal(section).note(first, true);
    expect(outcomes(section)).toEqual([['toy.first', 'passed']]);
  });

  test('a branch taken over is marked only where it was remembered, and the original is not', () => {
    const recorded = new Appraisal({ title: 'recorded', entries: [] });
    recorded.note(first, true);
    const appraisal: Appraisal = new Appraisal();
    appraisal.graft(recorded.root, true);
    appraisal.graft(recorded.root, false);
    expect(appraisal.root.entries).toMatchObject([{ remembered: true }, {}]);
    expect([appraisal.root.entries[1], recorded.root]).toEqual([
      recorded.root,
      { title: 'recorded', entries: expect.anything() },
    ]);
  });
});

group('require', () => {
  test('records what held and goes on', () => {
    const appraisal: Appraisal = new Appraisal();
    appraisal.require(first, true, { observed: 1 });
    expect(appraisal.root.entries).toEqual([{ check: first, outcome: 'passed', observed: 1 }]);
  });

  test('records what did not hold before it throws', () => {
    const appraisal: Appraisal = new Appraisal();
    const thrown = refusal(() => appraisal.require(second, false, { observed: 1, where: { path: 'a.b', offset: 3 } }));
    expect(outcomes(appraisal.root)).toEqual([['toy.second', 'failed']]);
    expect(thrown).toBeInstanceOf(AttestError);
    expect([thrown.code, thrown.check, thrown.where]).toEqual(['BaselineUnmet', second, { path: 'a.b', offset: 3 }]);
  });
});

test('refuse records, keeps the cause, and throws', () => {
  const appraisal: Appraisal = new Appraisal();
  const cause = new AttestError('Defect', 'below');
  const thrown = refusal(() => appraisal.refuse(second, { observed: 1 }, cause));
  expect([thrown.check, thrown.seen, thrown.cause]).toEqual([second, { observed: 1 }, cause]);
  expect(outcomes(appraisal.root)).toEqual([['toy.second', 'failed']]);
});

group('demand', () => {
  test('records every finding, then refuses for the first that is not met', () => {
    const appraisal: Appraisal = new Appraisal();
    const findings = [
      { check: first, ok: true },
      { check: second, ok: false, observed: 1 },
      { check: first, ok: false, observed: 2 },
      { check: second, ok: true },
    ];
    const thrown = refusal(() => appraisal.demand(findings));
    expect([thrown.check.id, thrown.seen]).toEqual(['toy.second', { observed: 1 }]);
    expect(outcomes(appraisal.root)).toEqual([
      {
        baseline: [
          ['toy.first', 'passed'],
          ['toy.second', 'failed'],
          ['toy.first', 'failed'],
          ['toy.second', 'passed'],
        ],
      },
    ]);
  });

  test('all met, or none made, is on record as well', () => {
    const appraisal: Appraisal = new Appraisal();
    appraisal.demand([{ check: first, ok: true }], 'mine');
    appraisal.demand([]);
    expect(outcomes(appraisal.root)).toEqual([{ mine: [['toy.first', 'passed']] }, { baseline: [] }]);
  });
});

group('the sentence of a refusal', () => {
  test('says what, and only what is known', () => {
    expect(new Refusal(first).message).toBe('Check toy.first failed: «The first holds» does not hold');
  });

  test('says expected, found, more, where, and what to do', () => {
    const seen = {
      expected: [1, 2],
      observed: Uint8Array.of(0xab),
      detail: 'so it is',
      where: { path: 'x.y', offset: 7 },
    };
    expect(new Refusal(second, seen).message).toBe(
      'Check toy.second failed: «The second holds» does not hold: expected 1, 2; found ab; so it is (x.y at byte 7). Mend it',
    );
  });

  test('keeps its cause', () => {
    const cause = new AttestError('Defect', 'below');
    expect(new Refusal(first, {}, cause).cause).toBe(cause);
  });

  test('T39: characters that steer terminals or logs are shown by their number', () => {
    const seen = { observed: 'a\u001b[2Jb\nc\u202ed', detail: 'x\r', where: { path: 'p\u0000' } };
    expect(new Refusal(first, seen).message).toContain('found aU+001B[2JbU+000AcU+202Ed; xU+000D (pU+0000)');
  });

  test('T36: values are cut', () => {
    expect(new Refusal(first, { observed: new Uint8Array(100_000) }).message.length).toBeLessThan(400);
    expect(new Refusal(first, { observed: 'x'.repeat(100_000) }).message.length).toBeLessThan(400);
  });
});

test('values for people', () => {
  const values: [unknown, string][] = [
    ['text', 'text'],
    [Uint8Array.of(0, 255), '00ff'],
    [new Uint8Array(), 'nothing'],
    [new Date('2026-03-01T12:00:00Z'), '2026-03-01T12:00:00Z'],
    [new Date('2026-03-01T12:00:00.5Z'), '2026-03-01T12:00:00Z'],
    [new Date(Number.NaN), 'no date'],
    [[], 'none'],
    [['a', 1, true], 'a, 1, true'],
    [{ svn: 1, id: Uint8Array.of(1) }, 'svn 1, id 01'],
    [12n, '12'],
    [null, 'null'],
    [undefined, 'undefined'],
    [false, 'false'],
  ];
  for (const [value, text] of values) expect(describe(value, 100)).toBe(text);
  expect(describe('abcdef', 3)).toBe('abc… (6 characters)');
  expect(describe(new Uint8Array(5000), 4)).toBe('0000… (10000 characters)');
});

group('closing', () => {
  const bytes = utf8('view on the body');
  const build = (): Appraisal => {
    const appraisal: Appraisal = new Appraisal();
    const seen = { expected: bytes.subarray(0, 4), observed: [bytes], where: { path: 'p', offset: 1, length: 2 } };
    appraisal.within('branch').note(second, false, { ...seen, detail: 'more' });
    appraisal.note(second, true);
    appraisal.attach('policy', { trace: [1] });
    appraisal.graft({ title: 'kept', entries: [] }, true);
    return appraisal;
  };
  const holdsViews = (value: unknown): boolean =>
    ArrayBuffer.isView(value) || (typeof value === 'object' && value !== null && Object.values(value).some(holdsViews));

  test('gives plain JSON: what failed says who must act and how', () => {
    expect(close(build().root)).toEqual({
      title: 'appraisal',
      entries: [
        {
          title: 'branch',
          entries: [
            {
              check: 'toy.second',
              title: 'The second holds',
              outcome: 'failed',
              expected: '76696577',
              observed: '76696577206f6e2074686520626f6479',
              detail: 'more',
              where: { path: 'p', offset: 1, length: 2 },
              source: 'Toy specification §2',
              code: 'BaselineUnmet',
              remedy: 'Mend it',
            },
          ],
        },
        { check: 'toy.second', title: 'The second holds', outcome: 'passed', source: 'Toy specification §2' },
        { title: 'policy', data: { trace: [1] } },
        { title: 'kept', remembered: true, entries: [] },
      ],
    });
  });

  test('keeps no view of the bytes, and cuts values at a stated length', () => {
    const appraisal = build();
    appraisal.note(first, true, {
      observed: new Uint8Array(5000),
      expected: 'x'.repeat(5000),
      detail: 'y'.repeat(5000),
    });
    const closed = close(appraisal.root);
    expect([holdsViews(appraisal.root), holdsViews(closed), holdsViews(settle(appraisal.root, formatJson))]).toEqual([
      true,
      false,
      false,
    ]);
    const cut = (closed['entries'] as readonly JsonObject[]).at(-1);
    expect(cut?.['observed']).toBe(`${'00'.repeat(512)}… (10000 characters)`);
    expect(cut?.['expected']).toBe(`${'x'.repeat(1024)}… (5000 characters)`);
    expect(cut?.['detail']).toBe(`${'y'.repeat(1024)}… (5000 characters)`);
  });

  test('written at once it is the same JSON, settled branches included', () => {
    const appraisal = build();
    const settled = settle(build().root, formatJson);
    appraisal.graft(settled, true);
    appraisal.graft(settled, false);
    appraisal.attach('trace', { large: 2n ** 64n });
    expect(writeAppraisal(appraisal.root, formatJson)).toBe(formatJson(close(appraisal.root)));
  });

  test('settled first or not, the record says the same', () => {
    const appraisal = build();
    expect(close(settle(appraisal.root, formatJson))).toEqual(close(appraisal.root));
  });

  test('T39: no control character is kept in a value', () => {
    const appraisal: Appraisal = new Appraisal();
    appraisal.note(first, false, { observed: ['«\u001b]0;x\u0007»'], detail: 'a\nb' });
    expect(JSON.stringify(close(appraisal.root))).toContain('«U+001B]0;xU+0007»');
    expect(JSON.stringify(close(appraisal.root))).toContain('aU+000Ab');
  });
});
