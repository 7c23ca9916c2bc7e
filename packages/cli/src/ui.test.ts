import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { printTable } from './table.ts';
import { asLine, printError, safe, screenOf, waitingFor } from './ui.ts';

const lines = (env: Record<string, string>, sink: { isTTY?: boolean; columns?: number } = {}) => {
  const written: string[] = [];
  const screen = screenOf({ write: (text) => written.push(text), ...sink }, env);
  return { screen, written };
};

test('colours are for terminals, and never where NO_COLOR is set', () => {
  const painted = (env: Record<string, string>, isTTY: boolean) => lines(env, { isTTY }).screen.paint.red('x') !== 'x';
  expect(painted({ TERM: 'xterm' }, true)).toBe(true);
  expect(painted({ TERM: 'xterm' }, false)).toBe(false);
  expect(painted({ TERM: 'xterm', NO_COLOR: '1' }, true)).toBe(false);
  expect(painted({ TERM: 'dumb' }, true)).toBe(false);
  expect(painted({ FORCE_COLOR: '1' }, false)).toBe(true);
  expect(painted({ FORCE_COLOR: '1', NO_COLOR: '1' }, false)).toBe(false);
});

test('where the locale is not UTF-8, marks and punctuation are ASCII', () => {
  const { screen, written } = lines({ LANG: 'C' });
  screen.line(`${screen.glyphs.passed} «a» → b…`);
  expect(written.join('')).toBe('+ "a" -> b...\n');
  expect(lines({ LANG: 'en_GB.UTF-8' }).screen.glyphs.passed).toBe('✓');
  expect(lines({}).screen.glyphs.passed).toBe('✓');
  expect(lines({ LC_ALL: 'POSIX', LANG: 'en_GB.UTF-8' }).screen.glyphs.passed).toBe('+');
});

test('T39: evidence cannot drive the terminal', () => {
  expect(safe('a\x1b[31mb\x07\x9b\u202ec\nd')).toBe('a\\u001b[31mb\\u0007\\u009b\\u202ec d');
});

test('T39: what ends a line outside does not begin one here', () => {
  expect(safe('a \n\r\nb\rc')).toBe('a  b\\u000dc');
  const { screen, written } = lines({});
  printError({ err: screen }, 'first\nhint: second');
  printError({ err: screen }, ['The list:', '- a', '- b\nc']);
  expect(written.join('')).toBe('error: first hint: second\nerror: the list:\n  - a\n  - b c\n');
});

test('the last column is folded, and cut only where that is asked for', () => {
  const long = '/a/path/that/is/longer/than/the/line/of/this/terminal and says so';
  const { screen, written } = lines({}, { isTTY: true, columns: 40 });
  printTable(screen, [['a', long]], { indent: 1 });
  expect(written).toEqual([' a  /a/path/that/is/longer/than/the/line/of/this/terminal\n', '    and says so\n']);
  printTable(screen, [['a', long]], { isCut: true });
  expect(written[2]).toBe('a  /a/path/that/is/longer/than/the/line…\n');
});

test('lines are lower case without a full stop; names in capitals stay', () => {
  expect(asLine('The file is wrong.')).toBe('the file is wrong');
  expect(asLine('TCB info is missing')).toBe('TCB info is missing');
  expect(asLine('Secure Boot is off.')).toBe('Secure Boot is off');
  expect(asLine('CollateralMissing: x')).toBe('CollateralMissing: x');
});

test('an error and its hints, one line each', () => {
  const { screen, written } = lines({});
  printError({ err: screen }, 'It broke.', ['Mend it.']);
  expect(written.join('')).toBe('error: it broke\nhint: mend it\n');
});

test('what takes longer than a second says so', async () => {
  const { screen, written } = lines({});
  expect(await waitingFor({ err: screen }, 'nothing', Promise.resolve(1))).toBe(1);
  expect(written).toEqual([]);
  await waitingFor({ err: screen }, 'the service', delay(1100));
  expect(written).toEqual(['waiting for the service (1 s)\n']);
});
