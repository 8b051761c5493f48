import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { tempFolder } from '../../support/temp-folder.ts';

const collector = join(import.meta.dirname, '../../support/hold-after-collection.mjs');
/** Keeps one in a thousand of two million objects, so that each page of V8's heap still has one. */
const SCATTER = `
  globalThis.kept = [];
  for (let round = 0; round < 20; round++) {
    const made = Array.from({ length: 100_000 }, (_, at) => ({ at, text: 'object ' + at }));
    globalThis.kept.push(made.filter(({ at }) => at % 1_000 === 0));
  }
  console.log(process.memoryUsage().rss);
  setInterval(() => {}, 1_000);`;

test.skipIf(process.platform === 'win32')(
  'what V8 keeps of its pages without need does not count as held',
  async () => {
    const held = join(tempFolder(), 'held.json');
    const program = spawn(process.execPath, ['--expose-gc', '--import', collector, '-e', SCATTER], {
      env: { ...process.env, R2O_TEST_HELD: held },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [before] = (await once(program.stdout, 'data')) as [Buffer];
      program.kill('SIGUSR2');
      await expect.poll(() => existsSync(held), { timeout: 20_000 }).toBe(true);
      const { rss } = z.object({ rss: z.number() }).parse(JSON.parse(readFileSync(held, 'utf8')));
      // A Node process without anything has about 50 MiB; the scattered objects take hundreds.
      expect(Number(before)).toBeGreaterThan(150 * 2 ** 20);
      expect(rss).toBeLessThan(110 * 2 ** 20);
    } finally {
      program.kill();
    }
  },
);
