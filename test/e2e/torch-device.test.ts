import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { RunId } from '../../src-main/contract/ids.ts';
import type { Job } from '../../src-main/contract/job.ts';
import { torchPlanFolder } from '../../src-main/domain/data-layout.ts';
import { TINY_EPOCHS, TINY_RUN, TINY_STEPS, tinyCollection } from '../support/pretraining.ts';
import { missingPython } from '../support/python.ts';
import { startService, waitForState, type RunningService } from '../support/running-service.ts';
import { noteTorchPython } from '../support/stand-in-python.ts';
import { tempFolder } from '../support/temp-folder.ts';

const PYTHON = process.env.R2O_TEST_PYTHON ?? '/usr/bin/python3';
const reason = missingPython('torch', 'numpy', 'PIL');
const named = (name: string) => `${name}${reason === undefined ? '' : ` (skipped: ${reason})`}`;

/** At the usual learning rates, a rounding of the first steps is a difference of all digits after some more. */
const OVERRIDES = {
  ...TINY_RUN,
  baseLr: 0.005,
  // One K, and so one compilation of the app's own engine.
  kSchedule: { type: 'constant' as const, epochs: [1], values: [6] },
  previews: 2,
};
const STEPS = TINY_EPOCHS * TINY_STEPS;

async function prepared() {
  // Threads that wait for each other do not take the cores of other tests meanwhile: a hundred times the time of a step.
  vi.stubEnv('OMP_WAIT_POLICY', 'passive');
  onTestFinished(() => void vi.unstubAllEnvs());
  const dataFolder = join(tempFolder(), 'data');
  noteTorchPython(join(dataFolder, 'torch'), PYTHON);
  const running = startService({ dataFolder });
  const { id: collectionId } = await tinyCollection(running);
  const start = (device: string, overrides = {}) =>
    running.client.runs.start({ collectionId, device, overrides: { ...OVERRIDES, ...overrides } });
  return { ...running, dataFolder, start };
}

/** Waits until a job has trained up to a step. */
async function trained({ client }: RunningService, { id }: Job, step: number): Promise<void> {
  for (;;) {
    const { state, progress, error } = await client.jobs.get({ id });
    if (progress?.phase === 'pretraining' && progress.done >= step * 4) return;
    if (state !== 'queued' && state !== 'running') throw new Error(`it is ${state}: ${error?.message ?? ''}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function pausedAfter(running: RunningService, job: Job, step: number): Promise<void> {
  await trained(running, job, step);
  await running.client.jobs.pause({ id: job.id });
  await waitForState(running.client, job.id, 'paused');
}

async function curvesOf({ client }: RunningService, id: RunId) {
  const curves = await client.runs.curves({ id, maxPoints: 10_000 });
  return Object.fromEntries(curves.map(({ name, points }) => [name, points]));
}

/** Processes of Linux that were started with a text among their arguments. */
const processesWith = (text: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
    } catch {
      return false;
    }
  });

describe.skipIf(reason !== undefined)(
  named('a run on torch:cpu'),
  { timeout: 1_500_000, tags: ['tools'] },
  () => {
    test('goes to the app’s own engine and back, as if it had stayed on one', async () => {
      const running = await prepared();
      const { client, bugs, dataFolder } = running;
      const own = await running.start('onnx:cpu');
      await waitForState(client, own.job.id, 'done');

      const { run, job } = await running.start('torch:cpu');
      expect(run.device).toBe('torch:cpu');
      await pausedAfter(running, job, 2);
      const { checkpointStep } = await client.runs.get({ id: run.id });
      expect(checkpointStep).toBeGreaterThanOrEqual(2);
      const there = await client.runs.resume({ id: run.id, device: 'onnx:cpu' });
      await pausedAfter(running, there.job, (checkpointStep ?? 0) + 1);
      const back = await client.runs.resume({ id: run.id, device: 'torch:cpu' });
      await waitForState(client, back.job.id, 'done');

      const [ours, theirs] = [await curvesOf(running, own.run.id), await curvesOf(running, run.id)];
      expect(Object.keys(theirs).sort()).toEqual(Object.keys(ours).sort());
      for (const [name, within] of Object.entries({
        // Float32 in another order, and what twelve updates make of it.
        loss: 1e-3,
        featureSpread: 1e-3,
        visibleShare: 0.02,
        regionCount: 0,
        learningRate: 1e-12,
        emaDecay: 1e-12,
      })) {
        expect(theirs[name]).toHaveLength(STEPS);
        theirs[name]?.forEach(([step, value], at) => {
          const expected = ours[name]?.[at]?.[1] ?? NaN;
          expect(Math.abs(value - expected), `${name} of step ${step}`).toBeLessThanOrEqual(within);
        });
      }
      // The previews show the same regions: the first is of the same weights.
      const [mine, first] = await Promise.all([own.run.id, run.id].map((id) => client.runs.previews({ id })));
      expect(first).toEqual(mine);
      expect(ours.stability?.[0]?.[1]).toBeCloseTo(theirs.stability?.[0]?.[1] ?? NaN, 3);
      const models = await client.models.list();
      expect(models.map(({ runId }) => runId).sort()).toEqual([own.run.id, run.id].sort());
      expect(models.find(({ runId }) => runId === run.id)?.card.training?.device).toBe('torch:cpu');
      // What PyTorch needed is gone, and nothing of it runs.
      expect(readdirSync(join(dataFolder, 'runs', String(run.id)))).not.toContain('torch');
      await expect.poll(() => processesWith(dataFolder)).toEqual([]);
      expect(bugs).toEqual([]);
    });

    test('takes Python with it when its worker is killed, and resumes', async () => {
      const running = await prepared();
      const { client, service, dataFolder } = running;
      const { run, job } = await running.start('torch:cpu', { checkpointMinutes: 0.02, previews: 0 });
      await trained(running, job, 3);
      const folder = torchPlanFolder(join(dataFolder, 'runs', String(run.id)));
      expect(processesWith(folder)).not.toEqual([]);
      process.kill(service.queue.workerPid ?? Number.NaN, 'SIGKILL');
      await expect.poll(() => processesWith(folder)).toEqual([]);
      await waitForState(client, job.id, 'interrupted');
      const resumed = await client.runs.resume({ id: run.id });
      await waitForState(client, resumed.job.id, 'done');
      expect((await curvesOf(running, run.id)).loss).toHaveLength(STEPS);
    });

    test('ends with what to do when its loss becomes infinite, and keeps its checkpoint', async () => {
      const running = await prepared();
      const { client } = running;
      const diverging = { baseLr: 1_000, warmupEpochs: 0, weightDecay: 1, epochs: 30, previews: 0 };
      const { run, job } = await running.start('torch:cpu', diverging);
      await expect(waitForState(client, job.id, 'done')).rejects.toThrow(/failed/);
      const { error } = await client.jobs.get({ id: job.id });
      expect(error).toMatchObject({ code: 'TRAINING_DIVERGED' });
      expect((await client.runs.get({ id: run.id })).finishedAtMs).toBeNull();
    });

    test('is refused for what PyTorch does not do', async () => {
      const running = await prepared();
      const { client } = running;
      const refused = running.start('torch:cpu', { objective: 'masks' });
      await expect(refused).rejects.toMatchObject({ code: 'BAD_INPUT' });
      const [collection] = await client.collections.list();
      const segmenting = client.segmentations.start({
        collectionId: collection?.id ?? 0,
        settings: {},
        device: 'torch:cpu',
      });
      await expect(segmenting).rejects.toThrow('can only be used for pretraining');
      await expect(running.start('torch:cuda')).rejects.toMatchObject({ code: 'DEVICE_UNAVAILABLE' });
    });
  },
);

test('a device of PyTorch that is not installed is never replaced by another', async () => {
  const running = startService();
  const { id: collectionId } = await tinyCollection(running);
  const started = running.client.runs.start({ collectionId, device: 'torch:cpu', overrides: TINY_RUN });
  await expect(started).rejects.toMatchObject({ code: 'DEVICE_UNAVAILABLE' });
  await expect(started).rejects.toThrow('The device torch:cpu cannot be used: PyTorch is not installed.');
  expect(await running.client.runs.list({})).toEqual([]);
});
