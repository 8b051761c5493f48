import { expect, onTestFinished, test } from 'vitest';
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
