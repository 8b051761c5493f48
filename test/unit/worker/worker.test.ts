import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { writeDescriptions } from '../../../src-main/core/segment/describe/description-file.ts';
import { RandomStream } from '../../../src-main/core/tensor/random.ts';
import type { FromWorker } from '../../../src-main/worker/protocol/messages.ts';
import { startWorker } from '../../../src-main/worker/worker.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** A worker, and the service's end of its channel. */
function connect() {
  const said: FromWorker[] = [];
  let listener: (message: unknown) => void = () => undefined;
  const worker = startWorker({
    send: (message) => void said.push(message),
    onMessage: (listen) => (listener = listen),
  });
  onTestFinished(() => worker[Symbol.dispose]());
  return { said, send: (message: unknown) => listener(message) };
}

test.each([
  ['of no known type', { type: 'hurry' }],
  ['that is no object', 'start'],
  ['that starts a job of no known kind', { type: 'start', job: { kind: 'dig' } }],
  ['that answers what was not asked', { type: 'answer', seq: 7, answer: null }],
])('a message %s ends the worker’s job with a reason', (_, message) => {
  const { said, send } = connect();
  send(message);
  expect(said.at(-1)).toMatchObject({
    type: 'outcome',
    outcome: { state: 'failed', error: { code: 'WORKER_FAILED' } },
  });
});

test('an answer that does not fit its ask fails the job', async () => {
  const { said, send } = connect();
  const job = {
    kind: 'import',
    rootPath: '/photos',
    options: { segmentationId: 1, path: tempFolder(), format: 'coco', rejectMissing: false },
  };
  send({ type: 'start', job });
  const saying = (type: FromWorker['type']) => () => said.find((message) => message.type === type);
  await expect.poll(saying('ask'), { timeout: 30_000 }).toMatchObject({ seq: 1 });
  send({ type: 'answer', seq: 1, answer: { images: 'none' } });
  await expect
    .poll(saying('outcome'), { timeout: 30_000 })
    .toMatchObject({ outcome: { state: 'failed', error: { code: 'WORKER_FAILED' } } });
});

/** Objects with vectors of three numbers, more than are compared with each other at once. */
async function manyObjects(): Promise<{ vectorsFile: string; entries: Uint8Array }> {
  const count = 12_000;
  const random = new RandomStream(3);
  const vectors = new Float32Array(count * 3);
  for (let row = 0; row < count; row++) {
    const vector = [random.normal(), random.normal(), random.normal()];
    vectors.set(
      vector.map((value) => value / Math.hypot(...vector)),
      row * 3,
    );
  }
  const ids = Int32Array.from({ length: count }, (_, row) => row + 1);
  const vectorsFile = join(tempFolder(), 'vectors');
  await writeDescriptions(vectorsFile, {
    model: { mean: new Float64Array(3), deviation: new Float64Array(3), features: null },
    dim: 3,
    vectors,
    maskIds: ids,
    imageIds: ids,
    revisions: ids,
    levels: new Uint8Array(count),
  });
  const entries = Float64Array.from([...ids].flatMap((id) => [id, id, 1, 0.5, 0, 0, 1, 1]));
  return { vectorsFile, entries: new Uint8Array(entries.buffer) };
}

test('a check says how far it is, and stops midway when nobody waits for it', async () => {
  const { said, send } = connect();
  const call = { kind: 'check-health', ...(await manyObjects()) };
  const progressOf = (seq: number) =>
    said.flatMap((message) =>
      message.type === 'call-progress' && message.seq === seq ? [message.progress] : [],
    );
  send({ type: 'call', seq: 1, call });
  await expect.poll(() => progressOf(1).length, { timeout: 30_000 }).toBeGreaterThan(0);
  send({ type: 'cancel-call', seq: 1 });
  // Begun later, it would end later.
  send({ type: 'call', seq: 2, call });
  const answers = () => said.filter(({ type }) => type === 'result' || type === 'call-failed');
  await expect.poll(answers, { timeout: 60_000 }).toMatchObject([{ type: 'result', seq: 2 }]);
  expect(progressOf(1).at(-1)?.done).toBeLessThan(12_000);
  expect(progressOf(2).at(-1)).toEqual({ done: 12_000, total: 12_000 });
});
