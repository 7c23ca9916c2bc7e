/** JSONTestSuite: what must parse, what must not, and what RFC 8259 leaves open. */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { utf8 } from '../../packages/core/src/bytes/index.ts';
import { Malformed } from '../../packages/core/src/errors.ts';
import { formatJson, type Json, parseJson } from '../../packages/core/src/json/index.ts';
import { expectDocument } from '../setup/document.ts';
import { withVectors } from '../setup/vectors.ts';
import { type Answer, countTable, deviationTable, expectAnswers } from './deviations.ts';

const deviations = {
  y_object_duplicated_key: 'a member that is there twice would be read differently by different readers',
};
const shortened = (text: string): string => (text.length > 100 ? `${text.slice(0, 50)} … ${text.slice(-40)}` : text);
const kinds: { readonly [letter: string]: string } = { y: 'y: must parse', n: 'n: must be refused', i: 'i: left open' };

withVectors('JSONTestSuite', 'conformance/jsontestsuite/test_parsing', (folder) => {
  const files = readdirSync(folder.path('.')).sort();
  const parse = (file: string): Json | Malformed => {
    try {
      return parseJson(folder.bytes(file));
    } catch (error) {
      if (error instanceof Malformed) return error;
      throw error;
    }
  };
  const answers = files.map((file): Answer => {
    const outcome = parse(file);
    const got = outcome instanceof Malformed ? 'refused' : 'parsed';
    const want = file.startsWith('y') ? 'parsed' : file.startsWith('n') ? 'refused' : got;
    return { name: file.replace('.json', ''), want, got, why: outcome instanceof Malformed ? outcome.message : '' };
  });

  test('T42: JSON is read as RFC 8259 has it, and never ambiguously', () => {
    expect(answers.length).toBe(318);
    expectAnswers(answers, deviations);
  });

  test('what parses is what the built-in parser reads, and is written back the same', () => {
    for (const file of files) {
      const value = parse(file);
      if (value instanceof Malformed) continue;
      expect(parseJson(utf8(formatJson(value)))).toEqual(value);
      expect(JSON.parse(formatJson(value))).toEqual(JSON.parse(folder.text(file)));
    }
  });

  test('choices are documented', () => {
    const open = answers.filter(({ name }) => name.startsWith('i_'));
    const list = open.map(({ name, got, why }) => `| \`${name}\` | ${got} | ${shortened(why ?? '')} |`);
    const text = `## JSONTestSuite

${countTable(answers, (name) => kinds[name.charAt(0)] ?? '')}

${deviationTable(answers, deviations)}

What the RFC leaves open:

| Case | Answer | Message |
|---|---|---|
${list.join('\n')}`;
    expectDocument('docs/explain/conformance.md', 'json', text);
  });
});
