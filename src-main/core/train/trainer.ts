import type { PretrainConfig } from '../../contract/pretrain.ts';
import type { DeviceId } from '../compile/devices/report.ts';
import { openEngine, type EngineSession } from '../compile/runtime/engine.ts';
import type { HostTensors, Step } from '../compile/runtime/step.ts';
import type { NamedSpecs } from '../compile/trace/trace.ts';
import type { Branch } from '../model/networks.ts';
import { backboneOf, type TrainableBackbone } from '../model/backbone.ts';
import { encoderFrom, type Encoder } from '../weights/encoder.ts';
import type { Products, Rows } from '../superpixel/row-products.ts';
import type { HostData } from '../tensor/dtype.ts';
import { drawsFor } from '../tensor/random.ts';
import {
  clusterSuperpixels,
  maskViews,
  maskViewsBySuperpixel,
  type RegionAssignment,
  type SuperpixelFeatures,
  type ViewMasks,
} from './assign-regions.ts';
import type { Batch, ImageSuperpixels } from './batch.ts';
import { EngineProducts } from './engine-products.ts';
import { clusterEntropy, featureSpread } from './health.ts';
import { coarseMasks, nonEmptyRows } from './step-masks.ts';
import { superpixelSpecOf, trainingSpecOf, usesEverySuperpixel, type Rates } from './training-spec.ts';
import {
  clusterInputs,
  clusterStep,
  previewStep,
  trainingState,
  updateInputs,
  updateStep,
  type TrainingSpec,
} from './update-step.ts';

/** What a step reports. */
export type StepMetrics = {
  /** Absent where both views of an image shared no region, and nothing was trained. */
  update?: {
    /** In [0, 4]. */
    loss: number;
    gradientNorm: number;
    /** Spread of the target's embeddings: 1 healthy, 0 collapsed. See `featureSpread`. */
    featureSpread: number;
  };
  /** Entropy of the cluster sizes: 1 for equal sizes. Absent where nothing was clustered. */
  clusterEntropy?: number;
  /** Share of the regions that both views of their image show. */
  visibleShare: number;
};

export type TrainerOptions = {
  config: PretrainConfig;
  device: DeviceId;
  /** CPU threads of one operator. */
  threads: number;
  /** Where TensorFlow is, for the devices that it drives. */
  tensorflowFolder?: string;
  /** Superpixels of an image to have room for; grows automatically. Kept with checkpoints, see `superpixelSlots`. */
  superpixelSlots?: number;
};

/**
 * The networks of a run on a device, and the compiled steps that train them. Starts with all zeros: restore weights
 * or a checkpoint first. A step that fails leaves the state undefined.
 */
export class Trainer implements AsyncDisposable {
  readonly config: PretrainConfig;
  readonly #spec: TrainingSpec;
  readonly #engine: EngineSession;
  readonly #products: EngineProducts;
  #slots: number;
  #cluster: { step: Step; slots: number } | undefined;
  #update: { step: Step; regionCount: number } | undefined;
  #embedding: Step | undefined;

  private constructor(
    { config, superpixelSlots = usualSlots(config) }: TrainerOptions,
    engine: EngineSession,
    products: EngineProducts,
  ) {
    this.config = config;
    this.#spec = trainingSpecOf(config);
    this.#engine = engine;
    this.#products = products;
    this.#slots = superpixelSlots;
  }

  /** @throws DeviceError when the device cannot be opened */
  static async open(options: TrainerOptions): Promise<Trainer> {
    const spec = trainingSpecOf(options.config);
    const { device, threads, tensorflowFolder } = options;
    const engine = await openEngine(device, trainingState(spec), { threads, tensorflowFolder });
    const products = await EngineProducts.open(
      backboneOf(spec.model.encoder).clustered.channels,
      options.threads,
    );
    return new Trainer(options, engine, products);
  }

  /**
   * Superpixels that an image of the compiled cluster step may have. A resumed run starts with that of its
   * checkpoint, so that it computes with the same shapes as the undisturbed one.
   */
  get superpixelSlots(): number {
    return this.#slots;
  }

  /** What a checkpoint holds. */
  get stateSpecs(): NamedSpecs {
    return trainingState(this.#spec);
  }

  /** Networks, running statistics and momentum buffers, row-major. */
  snapshot(): Promise<Record<string, HostData>> {
    return this.#engine.state.snapshot();
  }

  /** One entry of the state. */
  get(name: string): Promise<HostData> {
    return this.#engine.state.get(name);
  }

  /** Replaces entries of the state. @throws Error for an unknown name or a wrong size */
  restore(values: HostTensors): Promise<void> {
    return this.#engine.state.restore(values);
  }

  /**
   * Trains on a batch: cluster stage, masks, update (SPEC sections 4 to 8). A batch of which no region is visible in
   * both views changes only the target's running statistics (SPEC Q8).
   * @throws DeviceError when the device fails; the state is undefined then
   */
  async step(batch: Batch, rates: Rates): Promise<StepMetrics> {
    const { masks, visible, regionCount, assignment } = await this.#regionsOf(batch, rates);
    const entropy = assignment && {
      clusterEntropy: clusterEntropy(assignment.clustering.labels, clusterCountOf(assignment)),
    };
    const visibleShare = visible / (regionCount * batch.superpixels.length);
    if (visible === 0) return { visibleShare, ...entropy };
    const update = await this.#updateFor(regionCount);
    const { loss, gradientNorm, ...outputs } = await update.run({
      views: batch.views,
      masks,
      learningRate: Float32Array.of(rates.learningRate),
      emaDecay: Float32Array.of(rates.emaDecay),
    });
    const projections = float32(outputs.projections);
    const isCounted = nonEmptyRows(masks, projections, this.config);
    return {
      update: {
        loss: loss?.[0] ?? NaN,
        gradientNorm: gradientNorm?.[0] ?? NaN,
        featureSpread: featureSpread(projections, this.config.embedding, isCounted),
      },
      visibleShare,
      ...entropy,
    };
  }

  /**
   * Superpixel features of whole images in eval mode: nothing of the state changes.
   * @param images [N, H, W, 3] float32, normalised; N as in the first call
   */
  async embed(images: Float32Array, superpixels: readonly ImageSuperpixels[]): Promise<SuperpixelFeatures> {
    const { viewPx } = this.config;
    const slots = Math.max(...superpixels.map(({ count }) => count));
    this.#embedding ??= await this.#engine.prepare({
      name: 'preview step',
      build: previewStep(this.#spec),
      inputs: clusterInputs({ ...this.#spec, batch: superpixels.length }, slots),
    });
    const { rows } = await this.#embedding.run({
      spanning: images,
      superpixels: coarseMasks(superpixels, slots, viewPx / this.#backbone.clustered.stride),
    });
    return { rows: float32(rows), slots, dim: this.#backbone.clustered.channels };
  }

  /** Products of K-means in the compiled engine. */
  readonly productsOf = (rows: Rows): Products => this.#products.productsOf(rows);

  /** The encoder of a branch, as it is kept and exported. */
  async encoder(branch: Branch): Promise<Encoder> {
    const { encoder } = this.#spec.model;
    const prefix = `${branch}.backbone`;
    const names = this.#engine.state.names.filter((name) => name.startsWith(`${prefix}.`));
    const state = await Promise.all(names.map(async (name) => [name, await this.get(name)] as const));
    return encoderFrom(Object.fromEntries(state), encoder, prefix);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#embedding?.[Symbol.dispose]();
    this.#cluster?.step[Symbol.dispose]();
    this.#update?.step[Symbol.dispose]();
    this.#products[Symbol.dispose]();
    this.#engine[Symbol.dispose]();
    return Promise.resolve();
  }

  get #backbone(): TrainableBackbone {
    return backboneOf(this.#spec.model.encoder);
  }

  async #features({ spanning, superpixels }: Batch): Promise<SuperpixelFeatures> {
    const cluster = await this.#clusterFor(superpixels);
    const { rows } = await cluster.step.run({
      spanning,
      superpixels: coarseMasks(
        superpixels,
        cluster.slots,
        this.config.viewPx / this.#backbone.clustered.stride,
      ),
    });
    return { rows: float32(rows), slots: cluster.slots, dim: this.#backbone.clustered.channels };
  }

  /** Where every superpixel is a region, there is nothing to cluster and the target does not see the whole images. */
  async #regionsOf(
    batch: Batch,
    rates: Rates,
  ): Promise<ViewMasks & { regionCount: number; assignment?: RegionAssignment }> {
    const { parity, seed, viewPx } = this.config;
    const cells = viewPx / this.#backbone.pooled.stride;
    if (usesEverySuperpixel(rates.regionCount)) {
      const regionCount = Math.max(...batch.superpixels.map(({ count }) => count));
      return { ...maskViewsBySuperpixel(batch, { regionCount, cells }), regionCount };
    }
    const { regionCount } = rates;
    const assignment = await clusterSuperpixels(batch.superpixels, await this.#features(batch), {
      regionCount,
      parity,
      draw: drawsFor({ seed, step: batch.step, stream: 'kmeans' }),
      productsOf: this.productsOf,
    });
    return { ...maskViews(batch, assignment, { regionCount, cells, parity }), regionCount, assignment };
  }

  async #clusterFor(superpixels: readonly ImageSuperpixels[]): Promise<{ step: Step; slots: number }> {
    const needed = Math.max(...superpixels.map(({ count }) => count));
    this.#slots = Math.max(this.#slots, needed);
    if (this.#cluster?.slots === this.#slots) return this.#cluster;
    this.#cluster?.step[Symbol.dispose]();
    this.#cluster = undefined;
    const step = await this.#engine.prepare({
      name: 'cluster step',
      build: clusterStep(this.#spec),
      inputs: clusterInputs(this.#spec, this.#slots),
    });
    return (this.#cluster = { step, slots: this.#slots });
  }

  async #updateFor(regionCount: number): Promise<Step> {
    if (this.#update?.regionCount === regionCount) return this.#update.step;
    // Before the next one is compiled: two of them would need twice the memory.
    this.#update?.step[Symbol.dispose]();
    this.#update = undefined;
    const step = await this.#engine.prepare({
      name: 'update step',
      build: updateStep(this.#spec),
      inputs: updateInputs(this.#spec, regionCount),
    });
    this.#update = { step, regionCount };
    return step;
  }
}

/** SLIC gives some superpixels more than it is asked for now and then; growing for them costs a compilation. */
function usualSlots(config: PretrainConfig): number {
  return 8 * Math.ceil((superpixelSpecOf(config).segments * 1.1) / 8);
}

function float32(data: HostData | undefined): Float32Array {
  if (data instanceof Float32Array) return data;
  throw new Error('a step did not return the float32 output that it declares');
}

function clusterCountOf({ clustering }: RegionAssignment): number {
  return Math.max(...clustering.labels, 0) + 1;
}
