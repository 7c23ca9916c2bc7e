/** Stopping a real process: SIGTERM while requests are under way. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const built = existsSync(fileURLToPath(new URL('../../packages/server/dist/index.js', import.meta.url)));
const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test.skipIf(!built && !process.env['CI'])(
  'no accepted request is lost on SIGTERM (needs a build: npm run build)',
  async () => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('slow-service.mjs', import.meta.url))], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const url = await new Promise<string>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the service ended with ${code}`)));
      child.stdout.on('data', (data) => {
        output += data;
        if (output.includes('\n')) resolve(output.trim());
      });
    });
    const attest = async () => {
      const answer = await fetch(`${url}/attest/Slow?api-version=2020-10-01`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      });
      return [answer.status, Object.keys(JSON.parse(await answer.text()))];
    };

    const before = Array.from({ length: 40 }, attest);
    await wait(300);
    child.kill('SIGTERM');
    await wait(100);
    // Load balancers have not noticed yet: what still comes is served.
    const during = Array.from({ length: 10 }, attest);
    for (const outcome of await Promise.all([...before, ...during])) expect(outcome).toEqual([200, ['token']]);
    expect(await exited).toBe(0);
    expect(output).toMatch(/stopped\n$/);
    await expect(attest()).rejects.toThrow();
  },
);
