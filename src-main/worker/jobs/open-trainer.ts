import { join } from 'node:path';
import { userError } from '../../contract/errors.ts';
import type { PretrainConfig } from '../../contract/pretrain.ts';
import { torchDeviceOf } from '../../domain/torch-device.ts';
import { DEVICE_IDS, type DeviceId } from '../../core/compile/devices/report.ts';
import { modelNetwork, targetName } from '../../core/model/networks.ts';
import { initialWeights } from '../../core/model/parameters.ts';
import { ARCHITECTURES, architectureName } from '../../core/model/architectures.ts';
import { prefixedWeights, type Encoder } from '../../core/weights/encoder.ts';
import { openModel } from '../../core/weights/open-model.ts';
import type { BatchSource, StepBatch } from '../../core/train/batch.ts';
import { openCheckpoint, type Saved } from '../../core/train/checkpoint.ts';
import type { Stepper } from '../../core/train/train.ts';
import { trainingSpecOf } from '../../core/train/training-spec.ts';
import { Trainer } from '../../core/train/trainer.ts';
import type { WorkerJobOf } from '../protocol/job.ts';

type PretrainJob = WorkerJobOf<'pretrain'>;

/** Where a run starts. */
type Start = {
  /** The next step to do. */
  startStep: number;
  /** Region maps of the preview before, none at the beginning. */
  previews: readonly Uint8Array[];
};

/** A trainer with its weights in place. */
export type OpenedTrainer = AsyncDisposable & Start & { trainer: Trainer };

/** The same of any engine, with the batches that it trains on. */
export type OpenedRun<B extends StepBatch> = Start & {
  trainer: Stepper<B> & Saved & Pick<Trainer, 'embed' | 'productsOf' | 'encoder'>;
  batches: () => BatchSource<B>;
};

/**
 * Opens the networks of a run: from its checkpoint, from the encoder of another model, or freshly drawn.
 * @throws UserError CHECKPOINT_DAMAGED, MODEL_UNAVAILABLE, BAD_INPUT for a parent of another architecture; DeviceError
 */
export async function openTrainer(
  job: PretrainJob,
  engine: { device: DeviceId; threads: number; tensorflowFolder?: string },
): Promise<OpenedTrainer> {
  const { config, checkpoint } = job;
  if (!checkpoint) {
    const trainer = await Trainer.open({ config, ...engine });
    await trainer.restore(await startingWeights(job));
    return opened(trainer, 0, []);
  }
  const path = join(job.runFolder, checkpoint.file);
  await using saved = await openCheckpoint(path, checkpoint.sha256);
  const { superpixelSlots } = saved;
  const trainer = await Trainer.open({
    config,
    ...engine,
    ...(superpixelSlots !== undefined && { superpixelSlots }),
  });
  await saved.restore(trainer);
  return opened(trainer, saved.step, await saved.previews());
}

function opened(trainer: Trainer, startStep: number, previews: readonly Uint8Array[]): OpenedTrainer {
  return { trainer, startStep, previews, [Symbol.asyncDispose]: () => trainer[Symbol.asyncDispose]() };
}

/** Online and target network start alike (SPEC section 6). */
async function startingWeights({ config, parent }: PretrainJob): Promise<Record<string, Float32Array>> {
  const { model } = trainingSpecOf(config);
  const drawn = initialWeights(modelNetwork(model), config.seed);
  const encoder = await parentEncoder({ config, parent });
  const start = { ...drawn, ...(encoder ? prefixedWeights(encoder, 'online.backbone') : {}) };
  const copies = Object.entries(start).flatMap(([name, data]) =>
    targetName(name) !== name && targetName(name) in start ? [[targetName(name), data] as const] : [],
  );
  return { ...start, ...Object.fromEntries(copies) };
}

/**
 * The encoder of the model that a run starts from; undefined where it starts from random weights.
 * @throws UserError MODEL_UNAVAILABLE, BAD_INPUT for a model of another architecture
 */
export async function parentEncoder({
  config,
  parent,
}: Pick<PretrainJob, 'config' | 'parent'>): Promise<Encoder | undefined> {
  if (!parent) return undefined;
  const encoder = await openModel(parent);
  refuseOtherNetwork(encoder, config);
  return encoder;
}

/** The device of a run. @throws UserError for one that this version does not know */
export function deviceOf(name: string): DeviceId {
  const id = DEVICE_IDS.find((one) => one === name);
  if (id) return id;
  throw userError('no-device', { name }, { action: { kind: 'show-devices' } });
}

/** The same, and the CPU for what the app's own engine does of a run on PyTorch. */
export function ownDeviceOf(name: string): DeviceId {
  return torchDeviceOf(name) ? 'onnx:cpu' : deviceOf(name);
}

function refuseOtherNetwork(parent: Encoder, config: PretrainConfig): void {
  const [has, wants] = [architectureName(parent.spec), architectureName(ARCHITECTURES[config.encoder])];
  if (has === wants) return;
  throw userError('other-network', { wants, has });
}
