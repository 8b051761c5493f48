import type { PretrainConfig } from '../../contract/pretrain.ts';
import type { MaskLesson } from '../../domain/mask-lesson.ts';
import type { DeviceId } from '../compile/devices/report.ts';
import { openEngine, type EngineSession } from '../compile/runtime/engine.ts';
import type { HostTensors, Step } from '../compile/runtime/step.ts';
import type { NamedSpecs } from '../compile/trace/trace.ts';
import { adamWScales } from '../model/adam-w.ts';
import { answerStride, maskNetwork } from '../model/mask-network.ts';
import { initialWeights } from '../model/parameters.ts';
import type { HostData } from '../tensor/dtype.ts';
import { encoderFrom, prefixedWeights, type Encoder } from '../weights/encoder.ts';
import { maskBatchAt } from './mask-batch.ts';
import { maskInputs, maskStep, maskTrainingState, type MaskTrainingSpec } from './mask-step.ts';
import { TrainingDiverged } from './train.ts';
import { maskTrainingSpecOf, ratesAt } from './training-spec.ts';

const ENCODER = 'online.backbone';

export type MaskTrainerOptions = {
  config: PretrainConfig;
  device: DeviceId;
  /** CPU threads of one operator. */
  threads: number;
  /** Where TensorFlow is, for the devices that it drives. */
  tensorflowFolder?: string;
};

/**
 * An encoder with a pyramid head on a device, and the compiled step by which both learn from masks. Starts with all
 * zeros: restore weights or a checkpoint first. A step that fails leaves the state undefined.
 */
export class MaskTrainer implements AsyncDisposable {
  readonly config: PretrainConfig;
  readonly #spec: MaskTrainingSpec;
  readonly #engine: EngineSession;
  #step: Step | undefined;

  private constructor(config: PretrainConfig, engine: EngineSession) {
    this.config = config;
    this.#spec = maskTrainingSpecOf(config);
    this.#engine = engine;
  }

  /** @throws DeviceError when the device cannot be opened */
  static async open({ config, device, ...engine }: MaskTrainerOptions): Promise<MaskTrainer> {
    const state = maskTrainingState(maskTrainingSpecOf(config));
    return new MaskTrainer(config, await openEngine(device, state, engine));
  }

  /** What a checkpoint holds. */
  get stateSpecs(): NamedSpecs {
    return maskTrainingState(this.#spec);
  }

  /** One entry of the state. */
  get(name: string): Promise<HostData> {
    return this.#engine.state.get(name);
  }

  /** Replaces entries of the state. @throws Error for an unknown name or a wrong size */
  restore(values: HostTensors): Promise<void> {
    return this.#engine.state.restore(values);
  }

  /** Starts from the weights of an encoder, or from random ones; the head is always drawn. */
  async begin(encoder: Encoder | undefined): Promise<void> {
    const drawn = initialWeights(maskNetwork(this.#spec), this.config.seed);
    await this.restore({ ...drawn, ...(encoder ? prefixedWeights(encoder, ENCODER) : {}) });
  }

  /**
   * Learns from the batch of a step.
   * @returns its loss before the step
   * @throws DeviceError when the device fails; the state is undefined then
   */
  async step(lessons: readonly MaskLesson[], step: number, learningRate: number): Promise<number> {
    this.#step ??= await this.#engine.prepare({
      name: 'mask step',
      build: maskStep(this.#spec),
      inputs: maskInputs(this.#spec),
    });
    const { batch, imagePx } = this.#spec;
    const cellPx = answerStride(this.#spec);
    const { meanScale, squareScale } = adamWScales(step);
    const { loss } = await this.#step.run({
      ...maskBatchAt(lessons, step, { seed: this.config.seed, batch, imagePx, cellPx }),
      learningRate: Float32Array.of(learningRate),
      meanScale: Float32Array.of(meanScale),
      squareScale: Float32Array.of(squareScale),
    });
    return loss?.[0] ?? NaN;
  }

  /** The encoder, as it is kept and exported. */
  async encoder(): Promise<Encoder> {
    const names = Object.keys(this.stateSpecs).filter((name) => name.startsWith(`${ENCODER}.`));
    const state = await Promise.all(names.map(async (name) => [name, await this.get(name)] as const));
    return encoderFrom(Object.fromEntries(state), this.#spec.encoder, ENCODER);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#step?.[Symbol.dispose]();
    this.#engine[Symbol.dispose]();
    return Promise.resolve();
  }
}

export type MaskRun = {
  trainer: MaskTrainer;
  lessons: readonly MaskLesson[];
  /** Images of the run, from which the length of its schedule follows. */
  imageCount: number;
  /** First step to do; that of the checkpoint. */
  startStep: number;
  totalSteps: number;
  signal: AbortSignal;
};

/** A finished step. */
export type MaskTrainEvent = { step: number; loss: number; learningRate: number; stepMs: number };

/**
 * Trains, step by step. Between two events the state is that after `step`: the consumer may save it.
 * @throws TrainingDiverged, DeviceError, the signal's reason
 */
export async function* trainOnMasks(run: MaskRun): AsyncGenerator<MaskTrainEvent> {
  const { trainer, lessons, imageCount, signal } = run;
  for (let step = run.startStep; step < run.totalSteps; step++) {
    signal.throwIfAborted();
    const startedMs = performance.now();
    const { learningRate } = ratesAt(trainer.config, imageCount, step);
    const loss = await trainer.step(lessons, step, learningRate);
    if (!Number.isFinite(loss)) throw new TrainingDiverged(step, `loss ${loss}`);
    yield { step, loss, learningRate, stepMs: performance.now() - startedMs };
  }
}
