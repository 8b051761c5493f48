import { expect, onTestFinished, test, vi } from 'vitest';
import { CallCancelled, CallWorker } from '../../../src-main/jobs/call-worker.ts';
import type { WorkerChannel } from '../../../src-main/jobs/worker-channel.ts';
import { workerOf } from '../../support/scripted-worker.ts';

test('calls whose worker is killed fail with the reason, and the next call gets a new worker', async () => {
  const channels: WorkerChannel[] = [];
  const bugs: unknown[] = [];
  const fork = () => {
    const channel = workerOf('silent')();
    channels.push(channel);
    return channel;
  };
  const calls = new CallWorker({ fork, onBug: (error) => void bugs.push(error) });
  onTestFinished(() => calls[Symbol.dispose]());

  const underWay = [calls.call({ kind: 'probe' }), calls.call({ kind: 'probe' })];
  expect(channels).toHaveLength(1);
  process.kill(channels[0]?.pid ?? Number.NaN, 'SIGKILL');
  for (const outcome of await Promise.allSettled(underWay)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'WORKER_FAILED' } });
    expect(String(outcome.status === 'rejected' && outcome.reason)).toContain('SIGKILL');
  }

  const next = calls.call({ kind: 'probe' });
  expect(channels).toHaveLength(2);
  channels[1]?.kill();
  await expect(next).rejects.toMatchObject({ code: 'WORKER_FAILED' });
  expect(bugs).toEqual([]);
});

test('a worker that was ended for what it said before fails its calls with those words', async () => {
  const calls = new CallWorker({ fork: workerOf('last-words'), onBug: () => undefined });
  onTestFinished(() => calls[Symbol.dispose]());
  await expect(calls.call({ kind: 'probe' })).rejects.toMatchObject({
    code: 'OUT_OF_MEMORY',
    message: expect.stringContaining('network.onnx') as string,
  });
});

test('a worker that breaks the protocol fails its calls and is ended, and the next call gets a new worker', async () => {
  const bugs: unknown[] = [];
  const scripts = ['silent', 'babbling'] as const;
  let forked = 0;
  const fork = () => workerOf(scripts[1 - forked++] ?? 'silent')();
  const calls = new CallWorker({ fork, onBug: (error) => void bugs.push(error) });
  onTestFinished(() => calls[Symbol.dispose]());
  await expect(calls.call({ kind: 'probe' })).rejects.toMatchObject({ code: 'WORKER_FAILED' });
  expect(bugs).toHaveLength(1);
  const next = calls.call({ kind: 'probe' });
  expect(forked).toBe(2);
  setTimeout(() => calls[Symbol.dispose]());
  await expect(next).rejects.toMatchObject({ code: 'WORKER_FAILED' });
});

test('a worker that computes without end is stopped with the reason, and the next call gets a new worker', async () => {
  let forked = 0;
  const fork = () => {
    forked++;
    return workerOf('silent')();
  };
  const calls = new CallWorker({ fork, onBug: () => undefined, silentMs: 1 });
  onTestFinished(() => calls[Symbol.dispose]());
  const inspected = calls.call({ kind: 'inspect-encoder', path: '/weights/endless.onnx', choices: {} });
  await expect(inspected).rejects.toMatchObject({
    code: 'WORKER_FAILED',
    message: expect.stringContaining('did not respond') as string,
  });
  await expect(calls.call({ kind: 'probe' })).rejects.toMatchObject({ code: 'WORKER_FAILED' });
  expect(forked).toBe(2);
});

test('a call that takes too long says so, rather than that memory ran out, and the next call gets a new worker', async () => {
  let forked = 0;
  const fork = () => {
    forked++;
    return workerOf('silent')();
  };
  const calls = new CallWorker({ fork, onBug: () => undefined, timeoutOf: () => 2 });
  onTestFinished(() => calls[Symbol.dispose]());
  await expect(calls.call({ kind: 'probe' })).rejects.toMatchObject({
    text: { key: 'worker-slow', values: { seconds: 1 } },
  });
  const next = calls.call({ kind: 'probe' });
  expect(forked).toBe(2);
  setTimeout(() => calls[Symbol.dispose]());
  await expect(next).rejects.toMatchObject({ code: 'WORKER_FAILED' });
});

test('a call says how far it is, and ends at once when nobody waits for it, whatever its worker still says', async () => {
  const bugs: unknown[] = [];
  const fork = vi.fn(workerOf('lingering'));
  const calls = new CallWorker({ fork, onBug: (error) => void bugs.push(error) });
  onTestFinished(() => calls[Symbol.dispose]());
  const stop = new AbortController();
  const first = Promise.withResolvers<unknown>();
  const call = calls.call({ kind: 'open-webgpu' }, { signal: stop.signal, onProgress: first.resolve });
  expect(await first.promise).toEqual({ done: 1, total: 3 });
  stop.abort();
  await expect(call).rejects.toThrow(CallCancelled);
  await expect(calls.call({ kind: 'open-webgpu' }, { signal: stop.signal })).rejects.toThrow(CallCancelled);

  const second = Promise.withResolvers<unknown>();
  void calls.call({ kind: 'open-webgpu' }, { onProgress: second.resolve }).catch(() => undefined);
  expect(await second.promise).toEqual({ done: 2, total: 3 });
  expect(fork).toHaveBeenCalledTimes(1);
  expect(bugs).toEqual([]);
});
