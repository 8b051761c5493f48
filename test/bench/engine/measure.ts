/**
 * One measurement of the engine, in a process of its own: time of a training step or of inference, and
 * the peak memory of the process. Prints one line of JSON, the same fields as `torch_r2o_step.py`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CompileStage } from '../../../src-main/core/compile/runtime/compile-stage.ts';
import { openEngine } from '../../../src-main/core/compile/runtime/engine.ts';
import { openInference } from '../../../src-main/core/compile/runtime/inference-session.ts';
import { exportInference } from '../../../src-main/core/compile/runtime/export-inference.ts';
import type { NamedSpecs, StepFunction } from '../../../src-main/core/compile/trace/trace.ts';
import { modelNetwork, type ModelSpec } from '../../../src-main/core/model/networks.ts';
import { evalNormalisation } from '../../../src-main/core/model/normalisation.ts';
import { initialWeights, networkSpecs, weightOf } from '../../../src-main/core/model/parameters.ts';
import { RESNET18, RESNET50, resnetFeatures, resnetNetwork } from '../../../src-main/core/model/resnet.ts';
import type { HostData } from '../../../src-main/core/tensor/dtype.ts';
import { RandomStream } from '../../../src-main/core/tensor/random.ts';
import { sizeOf } from '../../../src-main/core/tensor/shape.ts';
import { tf } from '../../../src-main/core/tensor/tfjs.ts';
import {
  clusterInputs,
  clusterStep,
  trainingState,
  updateInputs,
  updateStep,
  type TrainingSpec,
} from '../../../src-main/core/train/update-step.ts';
import type { Measurement, MeasureOptions } from './measurement.ts';

/** As `torch_r2o_step.py` sets them by default. */
const REGIONS = 32;
const KMEANS_ITERATIONS = 10;
const SUPERPIXELS = 100;

const options = JSON.parse(process.argv[2] ?? '{}') as MeasureOptions;
switch (options.mode) {
  case 'step':
    console.log(JSON.stringify(await measureStep(options)));
    break;
  case 'export':
    await writeEncoder(options);
    break;
  case 'infer':
    console.log(JSON.stringify(await measureInference(options)));
    break;
}
// ONNX Runtime's threads keep the process alive otherwise.
process.exit(0);

async function measureStep({
  arch,
  batch,
  sizePx,
  steps,
  threads,
  profilePrefix,
  tensorflowFolder,
  dumpFolder,
}: MeasureOptions): Promise<Measurement> {
  const model: ModelSpec = {
    encoder: arch === 'resnet18' ? RESNET18 : RESNET50,
    hidden: 1024,
    embedding: 256,
  };
  const spec: TrainingSpec = {
    model,
    optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0 },
    batch,
    viewPx: sizePx,
    isWeightedByArea: false,
  };
  const startedMs = performance.now();
  const device = tensorflowFolder === undefined ? 'onnx:cpu' : 'tfjs:tensorflow';
  using engine = await openEngine(device, trainingState(spec), { threads, tensorflowFolder });
  const profile = (part: string) =>
    profilePrefix === undefined ? {} : { profilePrefix: `${profilePrefix}-${part}` };
  const clusterSpecs = {
    ...clusterInputs(spec, SUPERPIXELS),
    centres: { shape: [REGIONS], dtype: 'int32' as const },
  };
  using cluster = await engine.prepare({
    name: 'cluster',
    build: withKMeans(clusterStep(spec)),
    inputs: clusterSpecs,
    ...profile('cluster'),
  });
  const updateSpecs = updateInputs(spec, REGIONS);
  const stages: Measurement['stages'] = [];
  const onStage = ({ print, ...stage }: CompileStage) => {
    const file = `${String(stages.length).padStart(2, '0')}-${stage.name.replaceAll(' ', '-')}.txt`;
    writeFileSync(join(dumpFolder ?? '', file), `${print()}\n`);
    stages.push(stage);
  };
  using update = await engine.prepare({
    name: 'update',
    build: updateStep(spec),
    inputs: updateSpecs,
    ...profile('update'),
    ...(dumpFolder === undefined ? {} : { onStage }),
  });
  const compileMs = performance.now() - startedMs;
  await engine.state.restore(initialWeights(modelNetwork(model), 1));
  const clusterData = randomInputs(clusterSpecs, 1);
  clusterData.centres = Int32Array.from({ length: REGIONS }, (_, i) => (i * 37) % (batch * SUPERPIXELS));
  const updateData = {
    ...randomInputs(updateSpecs, 2),
    learningRate: Float32Array.of(1e-3),
    emaDecay: Float32Array.of(0.99),
  };
  const times = await time(steps, async () => {
    await cluster.run(clusterData);
    const { loss } = await update.run(updateData);
    if (!Number.isFinite(loss?.[0])) throw new Error(`the loss is ${loss?.[0]}`);
  });
  return {
    ...summary(times, batch),
    compileMs: Math.round(compileMs),
    ...(update.memory ? { memory: update.memory } : {}),
    ...(dumpFolder === undefined ? {} : { stages }),
  };
}

/** Writes the encoder that `measureInference` loads: an app exports once and runs many times. */
async function writeEncoder({ arch, batch, sizePx, modelPath = '' }: MeasureOptions): Promise<void> {
  const spec = arch === 'resnet18' ? RESNET18 : RESNET50;
  const network = resnetNetwork(spec, 'net');
  const model = await exportInference({
    name: 'encoder',
    build: ({ images }, weights) => {
      const normalise = evalNormalisation(weights);
      const { c4, c5 } = resnetFeatures(images as tf.Tensor4D, { spec, prefix: 'net', weights, normalise });
      return { c4, c5 };
    },
    inputs: { images: { shape: [batch, sizePx, sizePx, 3], dtype: 'float32' } },
    weightSpecs: networkSpecs(network),
    weights: initialWeights(network, 1),
    imageOrder: 'nhwc',
  });
  writeFileSync(modelPath, model);
}

async function measureInference({
  batch,
  sizePx,
  steps,
  threads,
  modelPath = '',
}: MeasureOptions): Promise<Measurement> {
  const startedMs = performance.now();
  using encoder = await openInference(modelPath, 'onnx:cpu', threads);
  const compileMs = performance.now() - startedMs;
  const images = randomData(batch * sizePx * sizePx * 3, 3);
  const times = await time(steps, async () => {
    await encoder.run({ images });
  });
  return { ...summary(times, batch), compileMs: Math.round(compileMs) };
}

/** The cluster stage with Lloyd's iterations after it, as the yardstick runs them. */
function withKMeans(build: StepFunction): StepFunction {
  return (inputs, state) => {
    const result = build(inputs, state);
    const rows = weightOf(result.outputs, 'rows') as tf.Tensor2D; // [B * S, C]
    const lengths = tf.sum(tf.square(rows), 1, true); // [B * S, 1]
    let centres = tf.gather(rows, weightOf(inputs, 'centres')); // [K, C]
    let labels: tf.Tensor = tf.zeros([1], 'int32');
    for (let iteration = 0; iteration < KMEANS_ITERATIONS; iteration++) {
      const products = tf.matMul(rows, centres, false, true); // [B * S, K]
      const distances = tf.add(tf.sub(lengths, tf.mul(products, 2)), tf.sum(tf.square(centres), 1));
      labels = tf.argMin(distances, 1); // [B * S]
      const members = tf.oneHot(labels, REGIONS); // [B * S, K]
      const sizes = tf.maximum(tf.sum(tf.cast(members, 'float32'), 0), 1); // [K]
      const sums = tf.matMul(tf.cast(members, 'float32'), rows, true, false); // [K, C]
      centres = tf.div(sums, tf.reshape(sizes, [-1, 1]));
    }
    return { outputs: { labels }, state: result.state };
  };
}

async function time(steps: number, work: () => Promise<void>): Promise<number[]> {
  await work();
  const times: number[] = [];
  for (let step = 0; step < steps; step++) {
    const startedMs = performance.now();
    await work();
    times.push(performance.now() - startedMs);
  }
  return times;
}

function summary(times: readonly number[], batch: number) {
  const medianMs = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN;
  return {
    medianMs,
    minMs: Math.min(...times),
    imagesPerS: (batch / medianMs) * 1e3,
    peakRssMiB: peakRssMiB(),
  };
}

/** Peak memory of this process; the kernel's own count where there is one. */
function peakRssMiB(): number {
  const status = process.platform === 'linux' ? readFileSync('/proc/self/status', 'utf8') : '';
  const peakKiB = /VmHWM:\s+(\d+)/.exec(status)?.[1];
  return Math.round((peakKiB === undefined ? process.resourceUsage().maxRSS : Number(peakKiB)) / 1024);
}

function randomInputs(specs: NamedSpecs, seed: number): Record<string, HostData> {
  return Object.fromEntries(
    Object.entries(specs).map(([name, { shape }]) => [name, randomData(sizeOf(shape), seed)]),
  );
}

/** Uniform in [0, 1): masks as the yardstick's, images off centre, which batch normalisation removes. */
function randomData(size: number, seed: number): Float32Array {
  const random = new RandomStream(seed);
  return new Float32Array(size).map(() => random.uniform());
}
