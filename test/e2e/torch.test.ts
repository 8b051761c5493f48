import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunId } from '../../src-main/contract/ids.ts';
import { shownStateOfRun } from '../../src-main/contract/shown-state.ts';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import { missingPython } from '../support/python.ts';
import { startService, waitForState, type RunningService } from '../support/running-service.ts';
import { tempFolder } from '../support/temp-folder.ts';

const root = resolve(import.meta.dirname, '../../resources/torch');
const PYTHON = process.env.R2O_TEST_PYTHON ?? '/usr/bin/python3';
const reason = missingPython('torch', 'numpy', 'PIL');

const OVERRIDES = {
  encoder: 'resnet18-half',
  hidden: 32,
  embedding: 16,
  viewPx: 64,
  batchSize: 4,
  epochs: 10,
  superpixels: 24,
  decodedPx: 96,
  previews: 0,
  // At a higher one, a rounding of the first steps is a difference of all digits after ten.
  baseLr: 0.005,
} as const;
const STEPS = 20;

function python(...args: string[]): string {
  const env = { ...process.env, OMP_NUM_THREADS: '1' };
  const { status, stderr } = spawnSync(PYTHON, args, { cwd: root, encoding: 'utf8', env });
  if (status !== 0) throw new Error(`python ended with ${status}: ${stderr}`);
  return stderr;
}

const train = (folder: string, ...options: string[]) =>
  python('-m', 'r2o_torch', folder, '--workers', '0', ...options);

/** The losses of PyTorch by step. */
const lossesIn = (folder: string): Map<number, number> =>
  new Map(
    readFileSync(join(folder, 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { step: number; loss: number })
      .map(({ step, loss }) => [step, loss]),
  );

async function lossesOf(client: RunningService['client'], id: RunId): Promise<Map<number, number>> {
  const [curve] = await client.runs.curves({ id, names: ['loss'], maxPoints: 10_000 });
  return new Map(curve?.points.map(([step, value]) => [step, value]));
}

function expectSame(ours: Map<number, number>, theirs: Map<number, number>, from: number): void {
  const steps = [...theirs.keys()].filter((step) => step >= from);
  expect(steps.length).toBeGreaterThanOrEqual(10);
  // Float32 in another order, and what ten updates make of it.
  for (const step of steps) {
    expect(Math.abs((ours.get(step) ?? NaN) - (theirs.get(step) ?? NaN)), `step ${step}`).toBeLessThan(1e-4);
  }
}

async function planned() {
  const running = startService();
  const { client } = running;
  const folder = tempFolder();
  await writeScenes(folder, { count: 8, seed: 31 });
  const { collection, job } = await client.collections.add({ path: join(folder, 'images') });
  await waitForState(client, job.id, 'done');
  const planTo = join(tempFolder(), 'plan');
  const started = await client.runs.start({ collectionId: collection.id, overrides: OVERRIDES, planTo });
  await waitForState(client, started.job.id, 'done');
  return { ...running, planTo, id: started.run.id };
}

describe.skipIf(reason !== undefined)(
  `PyTorch${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  { tags: ['tools'] },
  () => {
    test('computes every golden number', () => {
      expect(python('-m', 'unittest', 'tests.test_golden')).toContain('OK');
    });

    test('computes in two processes what it computes in one, and continues as if it had not stopped', () => {
      expect(python('-m', 'unittest', 'tests.test_run')).toContain('OK');
    });

    test('a run begins in PyTorch and continues here with the same losses, and the other way round', async () => {
      const { client, bugs, planTo, id } = await planned();
      expect(await client.runs.get({ id })).toMatchObject({ checkpointStep: 0, finishedAtMs: null });
      train(planTo, '--until', '8');
      const eight = join(planTo, 'checkpoint-8.safetensors');
      const keptEight = join(tempFolder(), 'checkpoint-8.safetensors');
      copyFileSync(eight, keptEight);
      train(planTo);
      const theirs = lossesIn(planTo);
      expect(theirs.size).toBe(STEPS);

      // Begun there, continued here.
      expect(await client.runs.take({ id, path: eight })).toMatchObject({ checkpointStep: 8 });
      const again = join(tempFolder(), 'again');
      const { job } = await client.runs.resume({ id });
      await waitForState(client, job.id, 'done');
      const ours = await lossesOf(client, id);
      expectSame(ours, theirs, 8);
      expect(await client.runs.get({ id })).toMatchObject({ checkpointStep: STEPS });
      expect((await client.models.list()).length).toBe(1);

      // Begun here: twice as long, and continued there.
      const longer = await client.runs.extend({ id, epochs: 2 * OVERRIDES.epochs });
      await client.jobs.pause({ id: longer.job.id });
      await waitForState(client, longer.job.id, 'paused');
      const handed = await client.runs.resume({ id, planTo: again });
      await waitForState(client, handed.job.id, 'done');
      const from = (await client.runs.get({ id })).checkpointStep ?? 0;
      expect(from).toBeGreaterThanOrEqual(STEPS);
      train(again, '--until', String(from + 12));
      const { job: rest } = await client.runs.resume({ id });
      await waitForState(client, rest.id, 'done');
      expectSame(await lossesOf(client, id), lossesIn(again), from);
      expect(bugs).toEqual([]);
    });
  },
);

describe('a run that PyTorch is to train', () => {
  test('is planned into an empty folder, whole, and takes only its own checkpoints', async () => {
    const { client, planTo, id } = await planned();
    const job = JSON.parse(readFileSync(join(planTo, 'job.json'), 'utf8')) as { images: unknown[] };
    expect(job).toMatchObject({ version: 1, totalSteps: STEPS, config: { batchSize: 4 } });
    expect(job.images).toHaveLength(8);
    expect(readFileSync(join(planTo, 'superpixels.bin')).length).toBe(8 * 64 * 64 * 2);
    const { collectionId, ...shown } = await client.runs.get({ id });
    expect(shownStateOfRun(shown)).toBe('planned');
    await expect(client.runs.resume({ id, planTo })).rejects.toMatchObject({ code: 'TARGET_NOT_EMPTY' });
    const path = join(tempFolder(), 'other.safetensors');
    writeFileSync(path, 'no checkpoint at all');
    await expect(client.runs.take({ id, path })).rejects.toMatchObject({ code: 'CHECKPOINT_DAMAGED' });
    await expect(client.runs.take({ id, path: `${path}.no` })).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
    });
    // Of a network with another width.
    const planOther = join(tempFolder(), 'other');
    const other = await client.runs.start({
      collectionId: collectionId ?? 0,
      overrides: { ...OVERRIDES, hidden: 64 },
      planTo: planOther,
    });
    await waitForState(client, other.job.id, 'done');
    const foreign = client.runs.take({ id, path: join(planOther, 'checkpoint-0.safetensors') });
    await expect(foreign).rejects.toThrow('is missing or has another size');
    expect(await client.runs.get({ id })).toMatchObject({ checkpointStep: 0 });
    const own = join(planTo, 'checkpoint-0.safetensors');
    writeFileSync(join(planTo, 'metrics.jsonl'), '{"step":0,"loss":1.5}\nhalf a li');
    const taken = await client.runs.take({ id, path: own });
    expect(taken).toMatchObject({ checkpointStep: 0 });
    expect(shownStateOfRun(taken)).toBe('taken');
    mkdirSync(join(tempFolder(), 'x'));
    rmSync(planOther, { recursive: true });
  });
});
