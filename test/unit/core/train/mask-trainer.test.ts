import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RESNET18_HALF } from '../../../../src-main/core/model/resnet.ts';
import { openCheckpoint, writeCheckpoint } from '../../../../src-main/core/train/checkpoint.ts';
import { configure } from '../../../../src-main/core/train/configure.ts';
import { readMaskLessons, writeMaskLessons } from '../../../../src-main/core/train/mask-lessons-file.ts';
import { MaskTrainer, trainOnMasks } from '../../../../src-main/core/train/mask-trainer.ts';
import { totalStepsOf } from '../../../../src-main/core/train/train.ts';
import { untrainedEncoder } from '../../../../src-main/core/weights/encoder.ts';
import type { MaskLesson } from '../../../../src-main/domain/mask-lesson.ts';
import type { HostData } from '../../../../src-main/core/tensor/dtype.ts';
import { differingTensors } from '../../../support/same-tensors.ts';
import { tempFolder } from '../../../support/temp-folder.ts';
import { photoLike } from '../../../support/test-images.ts';

const IMAGES = 6;
const config = configure('masks', IMAGES, { viewPx: 64, batchSize: 2, epochs: 3 });
const totalSteps = totalStepsOf(config, IMAGES);
const engine = { config, device: 'onnx:cpu', threads: 1 } as const;

/** Bright discs on photos: something to find. */
const lessons = Array.from({ length: IMAGES }, (_, at): MaskLesson => {
  const { data, widthPx, heightPx } = photoLike(72, 60, at + 1);
  const mask = Uint8Array.from({ length: widthPx * heightPx }, (__, pixel) =>
    Number(Math.hypot((pixel % widthPx) - 20 - 6 * at, Math.floor(pixel / widthPx) - 30) < 18),
  );
  const pixels = Uint8Array.from(data, (value, byte) => (mask[Math.floor(byte / 3)] === 1 ? 250 : value));
  return { widthPx, heightPx, pixels, mask };
});

/** Trains from `startStep` on, and returns the losses. */
async function train(trainer: MaskTrainer, startStep: number, endStep = totalSteps): Promise<number[]> {
  const { signal } = new AbortController();
  const losses: number[] = [];
  const run = { trainer, lessons, imageCount: IMAGES, startStep, totalSteps, signal };
  for await (const { step, loss } of trainOnMasks(run)) {
    losses.push(loss);
    if (step + 1 === endStep) break;
  }
  return losses;
}

async function stateOf(trainer: MaskTrainer): Promise<Record<string, HostData>> {
  const names = Object.keys(trainer.stateSpecs);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await trainer.get(name)] as const)),
  );
}

describe('learning from masks', () => {
  test('resumed from a checkpoint, computes what the undisturbed run computes, bit for bit', async () => {
    await using undisturbed = await MaskTrainer.open(engine);
    await undisturbed.begin(undefined);
    const losses = await train(undisturbed, 0);
    expect(losses).toHaveLength(9);

    const path = join(tempFolder(), 'checkpoint-4.safetensors');
    await using stopped = await MaskTrainer.open(engine);
    await stopped.begin(undefined);
    await train(stopped, 0, 4);
    const { sha256 } = await writeCheckpoint(path, stopped, { step: 4, previews: [] });

    await using resumed = await MaskTrainer.open(engine);
    await using saved = await openCheckpoint(path, sha256);
    await saved.restore(resumed);
    expect(saved).toMatchObject({ step: 4, superpixelSlots: undefined });
    expect(await train(resumed, saved.step)).toEqual(losses.slice(4));
    expect(differingTensors(await stateOf(resumed), await stateOf(undisturbed))).toEqual([]);
  });

  test('learns: the loss falls', async () => {
    await using trainer = await MaskTrainer.open({
      ...engine,
      config: configure('masks', IMAGES, { viewPx: 64, batchSize: 6, epochs: 24 }),
    });
    await trainer.begin(undefined);
    const { signal } = new AbortController();
    const run = { trainer, lessons, imageCount: IMAGES, startStep: 0, totalSteps: 24, signal };
    const losses: number[] = [];
    for await (const { loss } of trainOnMasks(run)) losses.push(loss);
    const mean = (part: readonly number[]) => part.reduce((sum, loss) => sum + loss, 0) / part.length;
    expect(mean(losses.slice(-4))).toBeLessThan(0.7 * mean(losses.slice(0, 4)));
  });

  test('starts from the encoder that it is given, and gives it back before the first step', async () => {
    const parent = untrainedEncoder(RESNET18_HALF, 77);
    await using trainer = await MaskTrainer.open(engine);
    await trainer.begin(parent);
    const { weights } = await trainer.encoder();
    expect(differingTensors(weights, parent.weights)).toEqual([]);
    expect(Object.keys(weights).toSorted()).toEqual(Object.keys(parent.weights).toSorted());
  });
});

test('lessons are read from their file as they were written', async () => {
  const path = join(tempFolder(), 'lessons.safetensors');
  await writeMaskLessons(path, lessons);
  expect(await readMaskLessons(path)).toEqual(lessons);
});
