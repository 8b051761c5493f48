import { exportInference } from '../compile/runtime/export-inference.ts';
import type { DeviceId } from '../compile/devices/report.ts';
import { openInference, type Inference } from '../compile/runtime/inference-session.ts';
import type { RgbImage } from '../image/decode.ts';
import { normalisedValues, normalisePixels } from '../image/augment/normalise.ts';
import { resizeRgb } from '../image/resize-rgb.ts';
import { evalNormalisation } from '../model/normalisation.ts';
import { networkSpecs } from '../model/parameters.ts';
import { resnetFeatures, resnetNetwork, stageChannels } from '../model/resnet.ts';
import { prefixedWeights, type Encoder } from '../weights/encoder.ts';
import { tf } from '../tensor/tfjs.ts';

/** One stage's features: `data` [heightCells, widthCells, dim] float32 over the whole image. */
export type FeatureMap = { data: Float32Array; dim: number; widthCells: number; heightCells: number };

/** Stages of the encoder, of strides 8, 16 and 32: layer2 to layer4 of a ResNet. */
export type Stage = 'c3' | 'c4' | 'c5';
const STRIDES: Record<Stage, number> = { c3: 8, c4: 16, c5: 32 };

/** Sessions kept open: each is for one input size, and a collection has few aspect ratios. */
const MAX_SESSIONS = 5;
const MAX_STRIDE = 32;
const PREFIX = 'encoder';
/** Shapes from the square on: at 320 px 320 x 320, 256 x 416 and 192 x 544. Each is a session to open. */
const SHAPES = 3;
/** Strides by which the shorter side falls from one to the next. */
const SHAPE_STEP = 2;

export type FeatureOptions = {
  /** Root of the number of input pixels, about: the aspect ratio is kept, sides are multiples of 32. */
  sidePx: number;
};

/** An image as the encoder reads it: `pixels` [heightPx, widthPx, 3] float32, normalised. */
export type EncoderInput = { pixels: Float32Array<ArrayBuffer>; widthPx: number; heightPx: number };

/** Gives the features of an image: a FeatureExtractor, or whoever asks one in another thread. */
export type FeatureSource = (input: EncoderInput) => Promise<FeatureMap[]>;

const VALUES = normalisedValues();

/** Brings an image to one of the encoder's few input sizes. */
export async function encoderInput(image: RgbImage, { sidePx }: FeatureOptions): Promise<EncoderInput> {
  const size = inputSize(image, sidePx);
  const { data } = await resizeRgb(image, size);
  const pixels = new Float32Array(data.length);
  normalisePixels(data, VALUES, pixels);
  return { pixels, ...size };
}

export type ExtractorOptions = {
  device: DeviceId;
  threads: number;
  /** What is asked for; stages behind the last one are not computed. */
  stages: readonly Stage[];
};

/** An encoder ready to run on images of any aspect ratio. */
export class FeatureExtractor {
  readonly #encoder: Encoder;
  readonly #options: ExtractorOptions;
  readonly #sessions = new Map<string, Promise<Inference>>();

  constructor(encoder: Encoder, options: ExtractorOptions) {
    this.#encoder = encoder;
    this.#options = options;
  }

  /** Features of one image, one map a stage that was asked for. */
  async features({ pixels, widthPx, heightPx }: EncoderInput): Promise<FeatureMap[]> {
    const channels = stageChannels(this.#encoder.spec);
    const session = await this.#session({ widthPx, heightPx });
    const outputs = await session.run({ images: pixels });
    return this.#options.stages.map((stage) => {
      const data = outputs[stage];
      if (!(data instanceof Float32Array)) throw new Error(`the encoder gave no ${stage}`);
      const stride = STRIDES[stage];
      return {
        data,
        dim: channels[Math.log2(stride) - 2] ?? 0,
        widthCells: widthPx / stride,
        heightCells: heightPx / stride,
      };
    });
  }

  [Symbol.dispose](): void {
    for (const session of this.#sessions.values()) void session.then((open) => open[Symbol.dispose]());
    this.#sessions.clear();
  }

  #session(size: { widthPx: number; heightPx: number }): Promise<Inference> {
    const key = `${size.widthPx}x${size.heightPx}`;
    const known = this.#sessions.get(key) ?? this.#open(size);
    // Re-inserted, so that the first of the map is the one unused for longest.
    this.#sessions.delete(key);
    this.#sessions.set(key, known);
    const [oldest] = this.#sessions;
    if (this.#sessions.size > MAX_SESSIONS && oldest) {
      this.#sessions.delete(oldest[0]);
      void oldest[1].then((session) => session[Symbol.dispose]());
    }
    return known;
  }

  async #open({ widthPx, heightPx }: { widthPx: number; heightPx: number }): Promise<Inference> {
    const { spec } = this.#encoder;
    const { device, threads, stages } = this.#options;
    const network = resnetNetwork(spec, PREFIX);
    const model = await exportInference({
      name: 'encoder',
      build: ({ images }, values) => {
        if (!images) throw new Error('the encoder reads images');
        const x = tf.reshape<tf.Rank.R4>(images, [1, heightPx, widthPx, 3]);
        const maps = resnetFeatures(x, {
          spec,
          prefix: PREFIX,
          weights: values,
          normalise: evalNormalisation(values),
        });
        return Object.fromEntries(stages.map((stage) => [stage, maps[stage]]));
      },
      inputs: { images: { shape: [1, heightPx, widthPx, 3], dtype: 'float32' } },
      weightSpecs: networkSpecs(network),
      weights: prefixedWeights(this.#encoder, PREFIX),
      imageOrder: 'nhwc',
    });
    return openInference(model, device, threads);
  }
}

/**
 * Sides of the network's input: multiples of its stride, about sidePx^2 pixels, and of the few shapes with those
 * the one nearest to the image's aspect ratio. Few, because each shape is a session with its own memory.
 */
export function inputSize(
  { widthPx, heightPx }: { widthPx: number; heightPx: number },
  sidePx: number,
): { widthPx: number; heightPx: number } {
  const wanted = Math.abs(Math.log(widthPx / heightPx));
  const shapes = Array.from({ length: SHAPES }, (_, step) => {
    const shorter = Math.max(MAX_STRIDE, Math.round(sidePx / MAX_STRIDE - step * SHAPE_STEP) * MAX_STRIDE);
    const longer = Math.max(shorter, Math.round(sidePx ** 2 / shorter / MAX_STRIDE) * MAX_STRIDE);
    return { shorter, longer, distance: Math.abs(Math.log(longer / shorter) - wanted) };
  });
  const { shorter, longer } = shapes.reduce((best, shape) => (shape.distance < best.distance ? shape : best));
  return widthPx > heightPx ? { widthPx: longer, heightPx: shorter } : { widthPx: shorter, heightPx: longer };
}
