import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Client } from '../../src-main/contract/contract.ts';
import type { RunId } from '../../src-main/contract/ids.ts';
import type { Job } from '../../src-main/contract/job.ts';
import type { PretrainOverrides } from '../../src-main/contract/pretrain.ts';
import { readEncoderFile } from '../../src-main/core/weights/encoder-file.ts';
import { SafetensorsFile } from '../../src-main/core/weights/safetensors.ts';
import { drawsFor } from '../../src-main/core/tensor/random.ts';
import { haltingFork } from '../support/halting.ts';
import { TINY_EPOCHS, TINY_RUN, TINY_STEPS, tinyCollection } from '../support/pretraining.ts';
import {
  forkBuiltWorker,
  startService,
  waitForState,
  type RunningService,
} from '../support/running-service.ts';
import { differingTensors } from '../support/same-tensors.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { sharpOf } from '../support/test-images.ts';

/** Kills of one run; more by hand: R2O_KILLS=20. */
const KILLS = Number(process.env.R2O_KILLS ?? 2);
/** A kill comes up to so many steps after the one before, and then up to so long into a step or a checkpoint. */
const STEPS_TO_KILL = 3;
const KILL_WITHIN_MS = 400;
const DEVICE = 'onnx:cpu';
/** Every image once. */
const SHORT_RUN: PretrainOverrides = { ...TINY_RUN, epochs: 1 };
/** Of util-linux: sets limits of a running process. */
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;
const TIMEOUT_MS = 300_000 + KILLS * 40_000;

async function start(running: RunningService, overrides: PretrainOverrides = {}) {
  const { id: collectionId } = await tinyCollection(running);
  const request = { collectionId, device: DEVICE, overrides: { ...TINY_RUN, ...overrides } };
  return running.client.runs.start(request);
}

/** The job once it runs no more. */
async function over(client: Client, id: Job['id']): Promise<Job> {
  for (;;) {
    const job = await client.jobs.get({ id });
    if (!['queued', 'running'].includes(job.state)) return job;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Runs to the end and returns what identifies the weights. */
async function finish(client: Client, run: RunId, job: Job['id']) {
  await waitForState(client, job, 'done');
  const model = (await client.models.list()).find(({ runId }) => runId === run);
  const curves = await client.runs.curves({ id: run, names: ['loss', 'stability'] });
  return { sha256: model?.sha256, curves };
}

async function trainUndisturbed(epochs: number) {
  const running = startService();
  const { run, job } = await start(running, { epochs });
  return { ...running, run, outcome: await finish(running.client, run.id, job.id) };
}

const trained = new Map<number, ReturnType<typeof trainUndisturbed>>();

/** A run that nothing disturbed, trained once; its service ends with the test that was the first to ask. */
function undisturbed(epochs = TINY_EPOCHS) {
  const training = trained.get(epochs) ?? trainUndisturbed(epochs);
  trained.set(epochs, training);
  return training;
}

/** The float32 tensors of a safetensors file whose names begin with `prefix`, without it. */
async function tensorsOf(path: string, prefix: string): Promise<Record<string, Float32Array>> {
  await using file = await SafetensorsFile.open(path);
  const names = [...file.tensors.keys()].filter((name) => name.startsWith(prefix));
  const read = async (name: string) =>
    new Float32Array(Uint8Array.from((await file.read(name)).bytes).buffer);
  const entries = names.map(async (name) => [name.slice(prefix.length), await read(name)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** Waits until the run has done `step` steps, or all that it does. */
async function doneUntil(
  client: Client,
  { run, job, step }: { run: RunId; job: Job['id']; step: number },
): Promise<void> {
  while ((await client.runs.get({ id: run })).step < step) {
    if ((await client.jobs.get({ id: job })).state !== 'running') return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('a pretraining', { timeout: TIMEOUT_MS }, () => {
  test('ends with a model, curves, previews and a checkpoint', async () => {
    const { client, service, bugs, run } = await undisturbed();
    expect(run).toMatchObject({
      device: DEVICE,
      imageCount: 12,
      totalSteps: TINY_EPOCHS * TINY_STEPS,
      step: 0,
    });
    const ended = await client.runs.get({ id: run.id });
    expect(ended).toMatchObject({ state: 'done', step: 12, checkpointStep: 12, skippedImages: [] });
    expect(ended.finishedAtMs).not.toBeNull();
    const curves = await client.runs.curves({ id: run.id });
    const values = Object.fromEntries(curves.map(({ name, points }) => [name, points.map(([, y]) => y)]));
    expect(values.loss).toHaveLength(12);
    expect(values.loss?.every((loss) => loss > 0 && loss < 4)).toBe(true);
    expect(values.regionCount).toEqual([6, 6, 6, 6, 6, 6, 3, 3, 3, 3, 3, 3]);
    expect(values.learningRate?.at(-1)).toBeLessThan(values.learningRate?.[4] ?? 0);
    expect(values.featureSpread?.every((spread) => spread > 0.1)).toBe(true);

    const previews = await client.runs.previews({ id: run.id });
    expect(previews.steps).toEqual([0, 4, 12]);
    expect(previews.images).toHaveLength(2);
    const out = join(tempFolder(), 'strip.png');
    await client.runs.writePreviews({ id: run.id, path: out });
    expect(existsSync(out)).toBe(true);

    const [model] = await client.models.list();
    expect(model).toMatchObject({
      origin: 'run',
      architecture: 'resnet18-half',
      runId: run.id,
      name: run.name,
    });
    expect(model?.card.training).toMatchObject({ steps: 12, imageCount: 12, device: DEVICE });
    expect(readdirSync(join(service.layout.runs, String(run.id))).toSorted()).toEqual([
      'best.safetensors',
      'checkpoint-12.safetensors',
      'images.json',
    ]);
    const { encoder } = await readEncoderFile(join(service.layout.models, model?.file ?? ''));
    const checkpoint = join(service.layout.runs, String(run.id), 'checkpoint-12.safetensors');
    const online = await tensorsOf(checkpoint, 'online.backbone.');
    expect(Object.keys(online).toSorted()).toEqual(Object.keys(encoder.weights).toSorted());
    expect(differingTensors(encoder.weights, online)).toEqual([]);
    expect(bugs).toEqual([]);
  });

  test('killed at random moments and resumed each time, gives the weights of the undisturbed run', async () => {
    const epochs = Math.max(KILLS, TINY_EPOCHS);
    const { outcome: expected } = await undisturbed(epochs);
    expect(expected.sha256).toMatch(/^[0-9a-f]{64}$/);

    const running = startService();
    const { client, service } = running;
    // So often that many kills hit a checkpoint that is being written.
    const { run, job } = await start(running, { epochs, checkpointMinutes: 0.002 });
    const draw = drawsFor({ seed: Number(process.env.R2O_KILL_SEED ?? 1), step: 0, stream: 'kills' });
    const killedAt: number[] = [];
    while (killedAt.length < KILLS) {
      await waitForState(client, job.id, 'running', 'done');
      // Of the steps that the kill before had left behind: with none more, it hits the preparation.
      const { step } = await client.runs.get({ id: run.id });
      await doneUntil(client, { run: run.id, job: job.id, step: step + Math.floor(draw() * STEPS_TO_KILL) });
      await new Promise((resolve) => setTimeout(resolve, draw() * KILL_WITHIN_MS));
      if ((await client.jobs.get({ id: job.id })).state === 'done') break;
      process.kill(service.queue.workerPid ?? Number.NaN, 'SIGKILL');
      await waitForState(client, job.id, 'interrupted');
      killedAt.push((await client.runs.get({ id: run.id })).step);
      await client.runs.resume({ id: run.id });
    }
    if (process.env.R2O_KILLS)
      console.log(`killed after steps ${killedAt.join(', ')} of ${epochs * TINY_STEPS}`);
    expect(killedAt.length).toBeGreaterThan(0);
    expect(await finish(client, run.id, job.id)).toEqual(expected);
  });

  test('pauses with a checkpoint, refuses a damaged one, and ends with the same weights even if it was stopped', async () => {
    const { outcome: expected } = await undisturbed();
    // The second preview, after four steps.
    const { fork, halted } = haltingFork(forkBuiltWorker, { kind: 'pretrain/preview', after: 1 });
    const running = startService({ fork });
    const { client, service } = running;
    const { run, job } = await start(running);
    await halted();
    await client.jobs.pause({ id: job.id });
    await waitForState(client, job.id, 'paused');
    const paused = await client.runs.get({ id: run.id });
    expect(paused).toMatchObject({ step: 4, checkpointStep: 4 });

    const checkpoint = join(service.layout.runs, String(run.id), `checkpoint-${paused.step}.safetensors`);
    const bytes = readFileSync(checkpoint);
    truncateSync(checkpoint, 1_000_000);
    await client.runs.resume({ id: run.id });
    await expect(waitForState(client, job.id, 'done')).rejects.toThrow(/damaged/);
    writeFileSync(checkpoint, bytes);

    const resumed = await client.runs.resume({ id: run.id });
    expect(resumed.job.id).toBe(job.id);
    await waitForState(client, job.id, 'running');
    await client.jobs.cancel({ id: job.id });
    await waitForState(client, job.id, 'cancelled', 'done');
    const [stopped] = await client.models.list();
    expect(stopped?.runId).toBe(run.id);

    if ((await client.jobs.get({ id: job.id })).state === 'cancelled')
      await client.runs.resume({ id: run.id });
    expect(await finish(client, run.id, job.id)).toEqual(expected);
  });

  test('can be extended, is what another run starts from, and leaves its models when it is removed', async () => {
    const running = startService();
    const { client, service } = running;
    const { run, job } = await start(running, {
      epochs: 1,
      // Two of the three steps that all images would make.
      epochImages: 8,
      kSchedule: { type: 'constant', epochs: [0], values: [3] },
    });
    await waitForState(client, job.id, 'done');
    await expect(client.runs.resume({ id: run.id })).rejects.toMatchObject({ code: 'WRONG_STATE' });
    await expect(client.runs.extend({ id: run.id, epochs: 1 })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    const longer = await client.runs.extend({ id: run.id, epochs: 2 });
    await waitForState(client, longer.job.id, 'done');
    expect(await client.runs.get({ id: run.id })).toMatchObject({ step: 4, totalSteps: 4, state: 'done' });

    const [model, earlier] = await client.models.list();
    if (!model || run.collectionId === null) throw new Error('the run left no model');
    expect([earlier?.name, model.name]).toEqual([run.name, `${run.name}, step 4`]);
    const next = await client.runs.start({
      collectionId: run.collectionId,
      device: DEVICE,
      fromModelId: model.id,
      overrides: { ...SHORT_RUN, seed: 5 },
    });
    expect(next.run.name).toBe(`${run.name} (2)`);
    await waitForState(client, next.job.id, 'done');
    expect(await client.runs.get({ id: next.run.id })).toMatchObject({ parentModelId: model.id, step: 3 });
    const best = await client.runs.keepBest({ id: run.id });
    expect(best.name).toMatch(/best preview/);
    await client.runs.remove({ id: run.id });
    expect(existsSync(join(service.layout.runs, String(run.id)))).toBe(false);
    await expect(client.runs.get({ id: run.id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const names = (await client.models.list()).map(({ name }) => name);
    expect(names).toHaveLength(4);
    expect(new Set(names).size).toBe(names.length);
  });

  test('fails with the next step when no image is left; once they are back, it skips broken ones by name', async () => {
    const running = startService();
    const { client } = running;
    const { id: collectionId, folder } = await tinyCollection(running);
    renameSync(folder, `${folder}-unplugged`);
    const { run, job } = await client.runs.start({ collectionId, device: DEVICE, overrides: SHORT_RUN });
    await expect(waitForState(client, job.id, 'done')).rejects.toThrow(/There is no folder/);
    expect((await client.jobs.get({ id: job.id })).error).toMatchObject({ code: 'FOLDER_NOT_FOUND' });
    renameSync(`${folder}-unplugged`, folder);
    rmSync(join(folder, 'photo-3.png'));
    writeFileSync(join(folder, 'photo-5.png'), 'no longer an image');
    await client.runs.resume({ id: run.id });
    await waitForState(client, job.id, 'done');
    const { skippedImages, step } = await client.runs.get({ id: run.id });
    expect(step).toBe(TINY_STEPS);
    expect(skippedImages.map(({ relPath }) => relPath).toSorted()).toEqual(['photo-3.png', 'photo-5.png']);
    for (const { detail } of skippedImages) expect(detail).toMatch(/rescan/i);
  });

  test('stops at a loss that is no number, and says what to change', async () => {
    const running = startService();
    const { client } = running;
    const { job } = await start(running, { baseLr: 1_000, warmupEpochs: 0, weightDecay: 1, epochs: 30 });
    await expect(waitForState(client, job.id, 'done')).rejects.toThrow(/diverged/);
    const { error } = await client.jobs.get({ id: job.id });
    expect(error).toMatchObject({ code: 'TRAINING_DIVERGED' });
    expect(error?.hint).toMatch(/baseLr/);
  });

  test.skipIf(!hasPrlimit)(
    `whose memory runs out ends with its checkpoint and says what to do${hasPrlimit ? '' : ' (no prlimit)'}`,
    async () => {
      const at = { kind: 'pretrain/checkpoint', after: 1 } as const;
      const { fork, halted, release } = haltingFork(forkBuiltWorker, at, at);
      const running = startService({ fork });
      const { client, service } = running;
      const { run, job } = await start(running, { checkpointMinutes: 0.0001, epochs: 40 });
      await halted();
      // No new page from now on, for arrays, activations and libraries alike.
      execFileSync('prlimit', ['--pid', String(service.queue.workerPid), '--data=1000000']);
      release();
      const ended = await over(client, job.id);
      expect(['failed', 'interrupted']).toContain(ended.state);
      // Who notices first is chance: the engine or an array of ours says so, V8 and libraries abort.
      expect(ended.error?.code).toBe(ended.state === 'failed' ? 'OUT_OF_MEMORY' : 'WORKER_FAILED');
      expect(ended.error?.hint).toMatch(/batchSize/);
      const failedAt = (await client.runs.get({ id: run.id })).checkpointStep ?? 0;
      expect(failedAt).toBeGreaterThan(0);

      await client.runs.resume({ id: run.id });
      await halted();
      await client.jobs.pause({ id: job.id });
      await waitForState(client, job.id, 'paused');
      expect((await client.runs.get({ id: run.id })).checkpointStep).toBeGreaterThan(failedAt + 1);
    },
  );

  test('that cannot fit is refused before it starts, with a batch that does', async () => {
    const { client } = startService();
    const folder = join(tempFolder(), 'many');
    mkdirSync(folder);
    for (let index = 0; index < 256; index++) {
      const data = Buffer.alloc(8 * 8 * 3).fill(Buffer.from([index, 255 - index, 99]));
      await sharpOf({ data, widthPx: 8, heightPx: 8 })
        .png()
        .toFile(join(folder, `${index}.png`));
    }
    const { collection, job } = await client.collections.add({ path: folder });
    await waitForState(client, job.id, 'done');
    // 360 GiB of activations.
    const overrides = { encoder: 'resnet50', viewPx: 512, batchSize: 256 } as const;
    const request = { collectionId: collection.id, device: DEVICE, overrides };
    const plan = await client.runs.plan(request);
    expect(plan.refusal?.message).toMatch(/needs about \d+.* GiB of memory/);
    const error: unknown = await client.runs.start(request).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'OUT_OF_MEMORY' });
    expect(await client.runs.list({})).toEqual([]);
    const proposed = Number(/batchSize of (\d+)/.exec(plan.refusal?.hint ?? '')?.[1]);
    const smaller = await client.runs.plan({ ...request, overrides: { ...overrides, batchSize: proposed } });
    expect(smaller).toMatchObject({ refusal: null, warnings: [] });
  });

  test('with the official slips and every superpixel a region of its own, trains too', async () => {
    const running = startService();
    const { client } = running;
    const { run, job } = await start(running, {
      parity: 'official',
      epochs: 2,
      kSchedule: { type: 'piecewise', epochs: [1, 2], values: [9_999, 4] },
      optimizer: 'lars',
    });
    await waitForState(client, job.id, 'done');
    const curves = await client.runs.curves({ id: run.id, names: ['loss', 'regionCount'] });
    expect(curves.find(({ name }) => name === 'loss')?.points).toHaveLength(6);
  });
});
