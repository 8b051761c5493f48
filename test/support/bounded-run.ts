import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** What a script printed as JSON, and the most memory that its process held. */
export type BoundedRun<T> = { printed: T; peakMb: number };

/**
 * Runs a script in a process of its own whose memory is limited: what claims to be larger than it is then fails the
 * test instead of taking the machine down.
 * @param script a TypeScript file of types that can be erased, relative to the repository's root; the last line that
 *   it prints is JSON
 * @param options `memoryMb` bounds all memory of the process besides what Node itself reserves
 * @throws Error with the output where the process fails or does not end within two minutes
 */
export function runBounded<T>(
  script: string,
  args: readonly string[],
  { memoryMb }: { memoryMb: number },
): BoundedRun<T> {
  const measure = join(root, 'test/support/print-peak-memory.mjs');
  const command = `ulimit -d ${memoryMb * 1024}; exec "$@"`;
  const flags = ['--disable-warning=ExperimentalWarning', '--import', measure];
  const child = spawnSync(
    'bash',
    ['-c', command, 'bash', process.execPath, ...flags, join(root, script), ...args],
    { encoding: 'utf8', timeout: 120_000, maxBuffer: 2 ** 28 },
  );
  const lines = child.stdout.split('\n').filter((line) => line !== '');
  const peakMb = Number(lines.pop());
  const last = lines.pop();
  if (child.status !== 0 || last === undefined) {
    throw new Error(`${script} ended with ${child.status ?? child.signal}: ${child.stderr.slice(-2000)}`);
  }
  // The caller says what its script prints.
  return { printed: JSON.parse(last) as T, peakMb };
}
