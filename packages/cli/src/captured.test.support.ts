/** Commands in this process: what they print is caught, and their exit code is the result. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './main.ts';
import { screenOf } from './ui.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever a command printed
  readonly json: () => any;
}

/** @param line what is typed behind `assay`, words apart by single blanks; or the words */
export async function assay(
  line: string | readonly string[],
  given: {
    readonly stdin?: Uint8Array;
    readonly env?: Record<string, string>;
    readonly now?: Date;
    /** Told what is written to stdout, as it is written. */
    readonly heard?: (text: string) => void;
  } = {},
): Promise<Ran> {
  const { stdin = new Uint8Array(), env = {}, now = new Date(), heard } = given;
  const [out, err]: [string[], string[]] = [[], []];
  const code = await run(typeof line === 'string' ? line.split(' ') : line, {
    out: screenOf(
      {
        write(text) {
          out.push(text);
          heard?.(text);
        },
      },
      env,
    ),
    err: screenOf({ write: (text) => err.push(text) }, env),
    stdin: async () => stdin,
    env,
    now: () => now,
  });
  const stdout = out.join('');
  return { code, stdout, stderr: err.join(''), json: () => JSON.parse(stdout) };
}

/** Runs a test in a folder of its own, which is gone afterwards. */
export async function inFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-cli-'));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
