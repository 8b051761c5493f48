import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Client } from '../../src-main/contract/contract.ts';
import type { RunId } from '../../src-main/contract/ids.ts';
import type { PretrainOverrides } from '../../src-main/contract/pretrain.ts';
import { haltingFork } from '../support/halting.ts';
import {
  forkBuiltWorker,
  startService,
  waitForState,
  type RunningService,
} from '../support/running-service.ts';
import { saveScanned, type ScannedImage } from '../support/segmented-service.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { sharpOf, type TestPicture } from '../support/test-images.ts';

const DEVICE = 'onnx:cpu';
const [WIDTH, HEIGHT, IMAGES] = [120, 90, 8];
/** Eight steps of two crops. */
const TINY: PretrainOverrides = { viewPx: 64, batchSize: 2, epochs: 2, checkpointMinutes: 1_000 };

/** A bright disc on a ground whose colour runs from one side to the other; or on an even ground. */
function picture(seed: number, isShaded: boolean): TestPicture {
  const data = Buffer.alloc(WIDTH * HEIGHT * 3);
  for (let pixel = 0; pixel < WIDTH * HEIGHT; pixel++) {
    const [x, y] = [pixel % WIDTH, Math.floor(pixel / WIDTH)];
    const isThing = Math.hypot(x - 60, y - 45) < 26;
    const [right, down] = isShaded ? [x / WIDTH, y / HEIGHT] : [0, 0];
    const ground = [40 + 120 * right, 110 + 80 * down, 40 + 10 * seed + 60 * right];
    const colour = isThing ? [230, 60 + 10 * seed, 50] : ground;
    colour.forEach((value, c) => data.writeUInt8(value, pixel * 3 + c));
  }
  return { data, widthPx: WIDTH, heightPx: HEIGHT };
}

async function collection(running: Pick<RunningService, 'service'>, isShaded = true) {
  const folder = join(tempFolder(), 'photos');
  mkdirSync(folder);
  const images: ScannedImage[] = [];
  for (let index = 0; index < IMAGES; index++) {
    const photo = picture(index, isShaded);
    const image = { ...photo, relPath: `${index}.png`, bytes: await sharpOf(photo).png().toBuffer() };
    writeFileSync(join(folder, image.relPath), image.bytes);
    images.push(image);
  }
  return saveScanned(running, folder, images).id;
}

async function start(running: RunningService, overrides: PretrainOverrides = {}) {
  const collectionId = await collection(running);
  const request = { collectionId, preset: 'masks', device: DEVICE } as const;
  return await running.client.runs.start({ ...request, overrides: { ...TINY, ...overrides } });
}

/** Where whoever cuts an image keeps its superpixels. */
const superpixelsOf = ({ layout }: RunningService['service']) => join(layout.cache, 'embeddings');

async function outcomeOf(client: Client, run: RunId) {
  const model = (await client.models.list()).find(({ runId }) => runId === run);
  return { sha256: model?.sha256, curves: await client.runs.curves({ id: run, names: ['loss'] }) };
}

describe('an encoder that learns from masks', () => {
  test('ends as a model that segments, and paused and killed on the way it is the same', async () => {
    const { fork, halted } = haltingFork(
      forkBuiltWorker,
      { kind: 'pretrain/checkpoint', after: 2 },
      { kind: 'pretrain/checkpoint', after: 1 },
    );
    const running = startService({ fork });
    const { client, service, bugs } = running;
    const { run, job } = await start(running);
    expect(run).toMatchObject({ preset: 'masks', imageCount: IMAGES, totalSteps: 8 });
    await waitForState(client, job.id, 'done');
    const expected = await outcomeOf(client, run.id);
    expect(expected.curves[0]?.points).toHaveLength(8);
    const [model] = await client.models.list();
    expect(model).toMatchObject({ origin: 'run', architecture: 'resnet18-half', name: run.name });
    expect(model?.card.training).toMatchObject({ preset: 'masks', steps: 8, imageCount: IMAGES });
    expect(existsSync(superpixelsOf(service))).toBe(true);
    // Nothing is left that only a resumed run needs, but for its last state.
    expect(existsSync(join(service.layout.runs, String(run.id), 'lessons.safetensors'))).toBe(false);

    if (!model || run.collectionId === null) throw new Error('the run left no model');
    const segmented = await client.segmentations.start({
      collectionId: run.collectionId,
      modelId: model.id,
      settings: {},
      device: DEVICE,
    });
    await waitForState(client, segmented.job.id, 'done');
    expect(await client.segmentations.get({ id: segmented.segmentation.id })).toMatchObject({
      imageCount: IMAGES,
      unreadCount: 0,
    });

    // A checkpoint after each step, at which it halts.
    const disturbed = await start(running, { checkpointMinutes: 0.0001 });
    await halted();
    await client.jobs.pause({ id: disturbed.job.id });
    await waitForState(client, disturbed.job.id, 'paused');
    expect(await client.runs.get({ id: disturbed.run.id })).toMatchObject({ step: 3, checkpointStep: 3 });
    await client.runs.resume({ id: disturbed.run.id });
    await halted();
    process.kill(service.queue.workerPid ?? Number.NaN, 'SIGKILL');
    await waitForState(client, disturbed.job.id, 'interrupted');
    await client.runs.resume({ id: disturbed.run.id });
    await waitForState(client, disturbed.job.id, 'done');
    expect(await outcomeOf(client, disturbed.run.id)).toEqual(expected);
    expect(bugs).toEqual([]);
  });

  test('is refused where things are on a uniform background, before any image is segmented', async () => {
    const running = startService();
    const { client, service } = running;
    const collectionId = await collection(running, false);
    const request = { collectionId, preset: 'masks', device: DEVICE } as const;
    const { job } = await client.runs.start({ ...request, overrides: TINY });
    await expect(waitForState(client, job.id, 'done')).rejects.toThrow(/uniform background/);
    expect(existsSync(superpixelsOf(service))).toBe(false);
  });
});
