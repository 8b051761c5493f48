import { join } from 'node:path';
import { expect, test } from 'vitest';
import { phrase } from '../../../src-main/contract/error-texts/error-text.ts';
import { NotedReader } from '../../../src-main/core/image/noted-reader.ts';
import { CrashRecovery } from '../../../src-main/jobs/crash-recovery.ts';
import type { RunEnd } from '../../../src-main/jobs/job-run.ts';
import { callWorkerStopped, isCrash, jobWorkerStopped } from '../../../src-main/jobs/worker-channel.ts';
import type { WorkerJob } from '../../../src-main/worker/protocol/job.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const crash: RunEnd = {
  state: 'interrupted',
  isCrash: true,
  error: { code: 'WORKER_FAILED', message: 'ended by SIGSEGV', hint: null },
};

function scan() {
  const folder = join(tempFolder(), 'reading');
  const job: WorkerJob = {
    kind: 'scan',
    rootPath: '/photos',
    limits: { maxPixels: 1, maxFileBytes: 1 },
    cache: { folder, thumbnailBytes: 0, decodedBytes: 0 },
    readingFolder: folder,
  };
  const crashAt = (path: string) =>
    void NotedReader.takeUp(folder).read(path, () => new Promise(() => undefined));
  return { recovery: new CrashRecovery(job), crashAt };
}

test('a job goes on as long as each crash shows more, and not for ever', () => {
  const { recovery, crashAt } = scan();
  for (const path of ['a', 'b', 'c']) {
    crashAt(path);
    expect(recovery.continuesAfter(crash)).toBe(true);
    // Alone, and so the culprit.
    crashAt(path);
    expect(recovery.continuesAfter(crash)).toBe(true);
  }
  crashAt('d');
  expect(recovery.continuesAfter(crash)).toBe(true);
  // Harmless alone, and the worker crashes all the same.
  recovery.forget();
  crashAt('e');
  expect(recovery.continuesAfter(crash)).toBe(false);
});

test('a job does not go on by itself with nothing open, after an end that it reported, or when it was killed', () => {
  const { recovery, crashAt } = scan();
  expect(recovery.continuesAfter(crash)).toBe(false);
  crashAt('a');
  expect(recovery.continuesAfter({ ...crash, isCrash: false })).toBe(false);
  expect(recovery.continuesAfter({ state: 'done' })).toBe(false);
  expect(recovery.continuesAfter(crash)).toBe(true);
});

test.each([
  ['SIGSEGV', null, true],
  ['SIGABRT', null, true],
  ['SIGKILL', null, false],
  ['SIGTERM', null, false],
  ['spawn ENOENT', null, false],
  [null, 1_000, true],
  [null, 0xc0000005, true],
  [null, 137, false],
  [null, 0, false],
  [null, null, false],
])('a worker that ended by %s with code %s crashed: %s', (signal, code, expected) => {
  expect(isCrash({ signal, code })).toBe(expected);
});

test('what a worker ended by is said as data, with memory where that is the likely cause', () => {
  const killed = { code: null, signal: 'SIGKILL' };
  const byCode = { code: 3, signal: null };
  expect(jobWorkerStopped(killed)).toMatchObject({
    code: 'WORKER_FAILED',
    message: 'The worker process stopped unexpectedly (ended by SIGKILL).',
    hint: expect.stringMatching(/out of memory.*resume the job/) as string,
    text: { key: 'job-worker-out-of-memory', values: { exit: phrase('ended-by', { signal: 'SIGKILL' }) } },
  });
  expect(jobWorkerStopped(byCode)).toMatchObject({
    message: 'The worker process stopped unexpectedly (exit code 3).',
    text: { key: 'job-worker-stopped', values: { exit: phrase('exit-code', { code: 3 }) } },
  });
  expect(callWorkerStopped(killed)).toMatchObject({ text: { key: 'worker-out-of-memory' } });
  expect(callWorkerStopped(byCode)).toMatchObject({ text: { key: 'worker-stopped' } });
});
