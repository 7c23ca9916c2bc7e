/** The compliance suite of JMESPath's own project against the engine behind `JmesPath()`. */
import { expect, test } from 'vitest';
import { AttestError } from '../../packages/core/src/errors.ts';
import { formatJson, parseJson } from '../../packages/core/src/json/index.ts';
import { compileToText } from '../../packages/core/src/policy/jmespath.ts';
import { expectDocument } from '../setup/document.ts';
import { withVectors } from '../setup/vectors.ts';
import { type Answer, countTable, deviationTable, expectAnswers } from './deviations.ts';

/** None: the dialect is the JMESPath that the suite describes, and integers beyond 2^53 are not in it. */
const deviations = {};

interface Case {
  readonly expression: string;
  readonly result?: unknown;
  readonly error?: string;
  readonly bench?: string;
}

const files = [
  'basic',
  'boolean',
  'current',
  'escape',
  'filters',
  'functions',
  'identifiers',
  'indices',
  'literal',
  'multiselect',
  'pipe',
  'slice',
  'syntax',
  'unicode',
  'wildcard',
  'benchmarks',
];

const jsonOf = (value: unknown) => parseJson(new TextEncoder().encode(JSON.stringify(value)), { maxDepth: 100 });

/** The result's text, members in byte order, or the name of the error. */
function found(given: unknown, expression: string): { readonly got: string; readonly why?: string } {
  try {
    return { got: compileToText(expression)(jsonOf(given), { taken: 0 }) };
  } catch (error) {
    if (!(error instanceof AttestError)) throw error;
    return { got: /^JMESPath ([a-z-]+):/.exec(error.message)?.[1] ?? error.message, why: error.message };
  }
}

withVectors('JMESPath', 'conformance/jmespath.test/tests', (folder) => {
  const answers = files.flatMap((file) => {
    const groups: readonly { readonly given: unknown; readonly cases: readonly Case[] }[] = folder.json(`${file}.json`);
    const cases = groups.flatMap(({ given, cases: inner }) => inner.map((each) => ({ given, ...each })));
    return cases
      .filter(({ bench }) => bench === undefined)
      .map(({ given, expression, result, error }): Answer => {
        const want = error ?? formatJson(jsonOf(result), { sorted: true });
        return { name: `${file} ${expression}`, want, ...found(given, expression) };
      });
  });

  test('there are 892 cases beside the benchmarks', () => expect(answers).toHaveLength(892));
  test('all are answered as the suite wants, but those listed', () => expectAnswers(answers, deviations));
  test('the document says so', () => {
    const counts = countTable(answers, (name) => name.split(' ')[0] ?? '');
    const differences =
      Object.keys(deviations).length > 0 ? deviationTable(answers, deviations) : 'No case is answered otherwise.';
    expectDocument(
      'docs/explain/conformance.md',
      'jmespath',
      ['### JMESPath (jmespath.test)', counts, differences].join('\n\n'),
    );
  });
});
