/**
 * One measurement of pretraining in a process of its own: the pure step on one batch over and over, or the whole
 * pipeline from files to updated weights. Prints one line of JSON.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ContentHash } from '../../../src-main/contract/ids.ts';
import { DEFAULT_IMAGE_LIMITS } from '../../../src-main/core/image/image-limits.ts';
import { modelNetwork } from '../../../src-main/core/model/networks.ts';
import { initialWeights } from '../../../src-main/core/model/parameters.ts';
import { BatchMaker, type BatchMakerSpec } from '../../../src-main/core/train/batch-maker.ts';
import { configure } from '../../../src-main/core/train/configure.ts';
import { train } from '../../../src-main/core/train/train.ts';
import { ratesAt, superpixelSpecOf, trainingSpecOf } from '../../../src-main/core/train/training-spec.ts';
import { Trainer } from '../../../src-main/core/train/trainer.ts';
import { ThreadedBatches } from '../../../src-main/worker/threads/threaded-batches.ts';
import type { PretrainMeasurement, PretrainMeasureOptions } from './measurement.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as PretrainMeasureOptions;
const images = readdirSync(options.folder)
  .toSorted()
  .map((relPath) => ({ relPath, pathBytes: null, contentHash: hashOf(join(options.folder, relPath)) }));
// One K throughout: a measurement of steps, not of compilations.
const config = configure('quick', images.length, {
  batchSize: options.batch,
  viewPx: options.sizePx,
  kSchedule: { type: 'constant', epochs: [0], values: [options.regionCount] },
});
const spec: BatchMakerSpec = {
  rootPath: options.folder,
  images,
  batchSize: config.batchSize,
  epochImages: null,
  seed: 1,
  parity: 'recommended',
  superpixels: superpixelSpecOf(config),
  clusteredStride: 16,
  limits: DEFAULT_IMAGE_LIMITS,
  cache: { folder: options.cacheFolder, decodedBytes: 2 ** 32, superpixelBytes: 2 ** 30 },
  memoryBytes: 2 ** 28,
  notes: { folder: join(options.cacheFolder, 'reading'), culprits: [] },
};

console.log(JSON.stringify(await measure()));
// ONNX Runtime's threads keep the process alive otherwise.
process.exit(0);

async function measure(): Promise<PretrainMeasurement> {
  await using trainer = await Trainer.open({ config, device: 'onnx:cpu', threads: options.threads });
  await trainer.restore(initialWeights(modelNetwork(trainingSpecOf(config).model), 1));
  return await (options.mode === 'pure' ? measurePure(trainer) : measurePipeline(trainer));
}

async function measurePure(trainer: Trainer): Promise<PretrainMeasurement> {
  const batch = await new BatchMaker(spec).make(0);
  const times: number[] = [];
  for (let step = 0; step <= options.steps; step++) {
    const startedMs = performance.now();
    await trainer.step({ ...batch, step }, ratesAt(config, images.length, step));
    // The first one compiles.
    if (step > 0) times.push(performance.now() - startedMs);
  }
  return summary(times, []);
}

async function measurePipeline(trainer: Trainer): Promise<PretrainMeasurement> {
  const totalSteps = options.steps + 1;
  await using batches = new ThreadedBatches({
    spec,
    entry: new URL(`file://${options.batchThread}`),
    threads: 1,
    ahead: 2,
    endStep: totalSteps,
  });
  const run = { trainer, batches, imageCount: images.length, startStep: 0, totalSteps };
  const times: number[] = [];
  const waits: number[] = [];
  for await (const { step, stepMs, waitMs } of train({ ...run, signal: new AbortController().signal })) {
    if (step === 0) continue;
    times.push(stepMs);
    waits.push(waitMs);
  }
  return summary(times, waits);
}

/** From the sum of all steps: a pipeline that stalls now and then must not hide it in a median. */
function summary(times: readonly number[], waits: readonly number[]): PretrainMeasurement {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    imagesPerS: ((times.length * config.batchSize) / sum(times)) * 1_000,
    stepMs: sum(times) / times.length,
    waitMs: waits.length === 0 ? 0 : sum(waits) / waits.length,
  };
}

function hashOf(path: string): ContentHash {
  return ContentHash.parse(createHash('sha256').update(readFileSync(path)).digest('hex'));
}
