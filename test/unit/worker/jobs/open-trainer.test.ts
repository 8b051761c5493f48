import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RunId } from '../../../../src-main/contract/ids.ts';
import type { ModelWeights } from '../../../../src-main/domain/model-weights.ts';
import { DEFAULT_IMAGE_LIMITS } from '../../../../src-main/core/image/image-limits.ts';
import { branchNetwork, targetName } from '../../../../src-main/core/model/networks.ts';
import { networkSpecs } from '../../../../src-main/core/model/parameters.ts';
import { RESNET18_HALF } from '../../../../src-main/core/model/resnet.ts';
import { prefixedWeights, untrainedEncoder } from '../../../../src-main/core/weights/encoder.ts';
import { SafetensorsFile } from '../../../../src-main/core/weights/safetensors.ts';
import type { HostData } from '../../../../src-main/core/tensor/dtype.ts';
import { writeCheckpoint } from '../../../../src-main/core/train/checkpoint.ts';
import { configure } from '../../../../src-main/core/train/configure.ts';
import { Trainer } from '../../../../src-main/core/train/trainer.ts';
import { trainingSpecOf } from '../../../../src-main/core/train/training-spec.ts';
import { openTrainer } from '../../../../src-main/worker/jobs/open-trainer.ts';
import type { WorkerJobOf } from '../../../../src-main/worker/protocol/job.ts';
import { TINY_RUN } from '../../../support/pretraining.ts';
import { differingTensors } from '../../../support/same-tensors.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

type PretrainJob = WorkerJobOf<'pretrain'>;

const config = configure('quick', 12, TINY_RUN);
const engine = { device: 'onnx:cpu', threads: 1 } as const;
const parent: ModelWeights = { kind: 'untrained', architecture: 'resnet18-half', seed: 77 };
const parentEncoder = untrainedEncoder(RESNET18_HALF, parent.seed);

function jobOf(change: Partial<PretrainJob> = {}): PretrainJob {
  const runFolder = tempFolder();
  return {
    kind: 'pretrain',
    runId: RunId.parse(1),
    rootPath: runFolder,
    limits: DEFAULT_IMAGE_LIMITS,
    cache: { folder: runFolder, thumbnailBytes: 0, decodedBytes: 0 },
    config,
    device: engine.device,
    readingFolder: join(runFolder, 'reading'),
    runFolder,
    modelsFolder: runFolder,
    modelPrefix: 'run-1',
    checkpoint: null,
    parent: null,
    bestStability: null,
    tensorflowFolder: join(runFolder, 'tensorflow'),
    torch: { folder: join(runFolder, 'torch'), options: [] },
    planTo: null,
    ...change,
  };
}

async function stateOf(job: PretrainJob): Promise<Record<string, HostData>> {
  await using opened = await openTrainer(job, engine);
  expect(opened.startStep).toBe(0);
  return await opened.trainer.snapshot();
}

/** A run's folder with a checkpoint after 7 steps, of a trainer that had grown to `superpixelSlots`. */
async function checkpointed(superpixelSlots: number): Promise<PretrainJob & { path: string }> {
  const job = jobOf();
  const path = join(job.runFolder, 'checkpoint-7.safetensors');
  await using trainer = await Trainer.open({ config, ...engine, superpixelSlots });
  const { sha256 } = await writeCheckpoint(path, trainer, { step: 7, previews: [] });
  return { ...job, path, checkpoint: { file: 'checkpoint-7.safetensors', sha256, step: 7 } };
}

async function offsetOf(path: string, tensor: string): Promise<number> {
  await using file = await SafetensorsFile.open(path);
  const entry = file.tensors.get(tensor);
  if (!entry) throw new Error(`${path} has no tensor '${tensor}'`);
  return entry.offset;
}

describe('a run that begins', () => {
  test.each([
    ['freshly drawn weights', null],
    ['a parent model', parent],
  ])('has a target network equal to the online one, from %s', async (_, from) => {
    const state = await stateOf(jobOf({ parent: from }));
    const names = Object.keys(networkSpecs(branchNetwork(trainingSpecOf(config).model, 'online')));
    const onlineOf = (of: (name: string) => string) =>
      Object.fromEntries(names.map((name) => [name, state[of(name)] ?? new Float32Array()]));
    expect(differingTensors(onlineOf(targetName), onlineOf(String))).toEqual([]);
    const start = from ? prefixedWeights(parentEncoder, 'online.backbone') : {};
    expect(differingTensors(state, start)).toEqual([]);
  });
});

describe('a run that resumes', () => {
  test('has room for as many superpixels as when it was saved', async () => {
    await using opened = await openTrainer(await checkpointed(40), engine);
    expect(opened).toMatchObject({ startStep: 7, previews: [] });
    expect(opened.trainer.superpixelSlots).toBe(40);
  });

  test('refuses a checkpoint with one flipped byte inside a tensor', async () => {
    const { path, ...job } = await checkpointed(40);
    const at = await offsetOf(path, 'online.backbone.conv1.weight');
    const bytes = readFileSync(path);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    await expect(openTrainer(job, engine)).rejects.toMatchObject({ code: 'CHECKPOINT_DAMAGED' });
  });
});
