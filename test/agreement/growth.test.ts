import { expect, it } from 'vitest';
import { runBundled } from '../support/run-bundled.ts';

const MIB = 2 ** 20;

it('500 training steps grow neither memory nor the number of tensors', async () => {
  const { status, stdout, stderr } = await runBundled('test/agreement/growth-child.ts', {
    nodeFlags: ['--expose-gc'],
  });
  expect(status, stderr).toBe(0);
  // Printed by growth-child.ts.
  const [early, late] = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
    rss: number;
    external: number;
    tensors: number;
  }[];
  if (!early || !late) throw new Error('two readings are expected');
  expect(late.tensors).toBe(early.tensors);
  // One copy of this state is 1.4 MiB: a leak of one a step would show as 560 MiB.
  expect((late.rss - early.rss) / MIB).toBeLessThan(16);
  expect((late.external - early.external) / MIB).toBeLessThan(8);
});
