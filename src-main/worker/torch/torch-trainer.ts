import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { PretrainConfig } from '../../contract/pretrain.ts';
import type { NamedSpecs } from '../../core/compile/trace/trace.ts';
import { backboneOf } from '../../core/model/backbone.ts';
import type { Branch } from '../../core/model/networks.ts';
import type { Products, Rows } from '../../core/superpixel/row-products.ts';
import type { SuperpixelFeatures } from '../../core/train/assign-regions.ts';
import type { BatchSource, ImageSuperpixels, StepBatch } from '../../core/train/batch.ts';
import { float32In } from '../../core/train/checkpoint.ts';
import { EngineProducts } from '../../core/train/engine-products.ts';
import { coarseMasks } from '../../core/train/step-masks.ts';
import type { StepMetrics } from '../../core/train/trainer.ts';
import { trainingSpecOf, type Rates } from '../../core/train/training-spec.ts';
import { trainingState } from '../../core/train/update-step.ts';
import { encoderFrom, type Encoder } from '../../core/weights/encoder.ts';
import { SafetensorsFile } from '../../core/weights/safetensors.ts';
import { TorchProcess, type TorchProcessOptions } from './torch-process.ts';

const Ready = z.object({ step: z.number().int() });
const Stepped = z.object({
  step: z.number().int(),
  slots: z.number().int(),
  visibleShare: z.number(),
  clusterEntropy: z.number().optional(),
  // Null for what is not finite.
  loss: z.number().nullish(),
  gradientNorm: z.number().nullish(),
  featureSpread: z.number().nullish(),
});

/**
 * The networks of a run in a process of PyTorch, as a `Trainer` is those of the app's own engine: it computes the same steps
 * (`resources/torch`), from the same plan, and the same batches, which it makes itself.
 */
export class TorchTrainer implements AsyncDisposable {
  readonly config: PretrainConfig;
  readonly #process: TorchProcess;
  readonly #products: EngineProducts;
  readonly #folder: string;
  /** The state as a file, once somebody has asked for some of it after the latest step. */
  #state: SafetensorsFile | undefined;
  #slots: number | undefined;

  private constructor(
    config: PretrainConfig,
    { process, products, folder }: { process: TorchProcess; products: EngineProducts; folder: string },
  ) {
    this.config = config;
    this.#process = process;
    this.#products = products;
    this.#folder = folder;
  }

  /**
   * @param slots superpixels of an image that the checkpoint has room for
   * @throws TorchError, the signal's reason; Error if the process starts from another step
   */
  static async open(
    config: PretrainConfig,
    { startStep, slots, ...options }: TorchProcessOptions & { startStep: number; slots: number | undefined },
    signal: AbortSignal,
  ): Promise<TorchTrainer> {
    const { process, ready } = await TorchProcess.start(options, signal);
    const { step } = Ready.parse(ready);
    if (step !== startStep) throw new Error(`PyTorch starts from step ${step}, not ${startStep}`);
    const { channels } = backboneOf(trainingSpecOf(config).model.encoder).clustered;
    const products = await EngineProducts.open(channels, options.threads);
    const trainer = new TorchTrainer(config, { process, products, folder: options.planFolder });
    trainer.#slots = slots;
    return trainer;
  }

  /** See `Trainer.superpixelSlots`. */
  get superpixelSlots(): number {
    if (this.#slots === undefined) throw new Error('the checkpoint of this run has no slots');
    return this.#slots;
  }

  get stateSpecs(): NamedSpecs {
    return trainingState(trainingSpecOf(this.config));
  }

  /** Waits for the process to have prepared the batch, which stays there. */
  batches(): BatchSource<StepBatch> {
    return {
      at: async (step) => {
        const made = Ready.parse(await this.#process.ask({ do: 'batch' }));
        if (made.step !== step) throw new Error(`PyTorch prepared step ${made.step}, not ${step}`);
        return { step, skipped: [] };
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  /** Trains on the batch that was prepared last. @throws TorchError; the state is lost then */
  async step(_batch: StepBatch, rates: Rates): Promise<StepMetrics> {
    await this.#dropState();
    const answer = Stepped.parse(await this.#process.ask({ do: 'step', rates }));
    const { slots, visibleShare, clusterEntropy, loss, gradientNorm, featureSpread } = answer;
    this.#slots = slots;
    return {
      visibleShare,
      ...(clusterEntropy !== undefined && { clusterEntropy }),
      ...(loss !== undefined && {
        update: { loss: loss ?? NaN, gradientNorm: gradientNorm ?? NaN, featureSpread: featureSpread ?? NaN },
      }),
    };
  }

  /** One entry of the state. */
  async get(name: string): Promise<Float32Array> {
    this.#state ??= await this.#save();
    return float32In(this.#state, name);
  }

  /** As `Trainer.embed`. */
  async embed(images: Float32Array, superpixels: readonly ImageSuperpixels[]): Promise<SuperpixelFeatures> {
    const { clustered } = backboneOf(trainingSpecOf(this.config).model.encoder);
    const slots = Math.max(...superpixels.map(({ count }) => count));
    const masks = coarseMasks(superpixels, slots, this.config.viewPx / clustered.stride);
    const path = join(this.#folder, 'preview.bin');
    await writeFile(path, Buffer.concat([bytesOf(images), bytesOf(masks)]));
    await this.#process.ask({ do: 'embed', path, images: superpixels.length, slots });
    const { buffer, byteOffset, byteLength } = await readFile(path);
    const rows = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
    return { rows, slots, dim: clustered.channels };
  }

  readonly productsOf = (rows: Rows): Products => this.#products.productsOf(rows);

  /** The encoder of a branch, as it is kept and exported. */
  async encoder(branch: Branch): Promise<Encoder> {
    const prefix = `${branch}.backbone`;
    const state: Record<string, Float32Array> = {};
    for (const name of Object.keys(this.stateSpecs)) {
      if (name.startsWith(`${prefix}.`)) state[name] = await this.get(name);
    }
    return encoderFrom(state, trainingSpecOf(this.config).model.encoder, prefix);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dropState();
    this.#products[Symbol.dispose]();
    await this.#process[Symbol.asyncDispose]();
  }

  async #save(): Promise<SafetensorsFile> {
    const path = this.#statePath;
    await this.#process.ask({ do: 'save', path });
    return SafetensorsFile.open(path);
  }

  async #dropState(): Promise<void> {
    const state = this.#state;
    if (!state) return;
    this.#state = undefined;
    await state[Symbol.asyncDispose]();
    await rm(this.#statePath, { force: true });
  }

  get #statePath(): string {
    return join(this.#folder, 'state.safetensors');
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
