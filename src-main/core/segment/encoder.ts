import type { RgbImage } from '../image/decode.ts';
import { normalisedValues, normalisePixels } from '../image/augment/normalise.ts';
import { resizeRgb } from '../image/resize-rgb.ts';
import type { Backbone, FeatureSpec, InputRules, InputSize } from '../model/backbone.ts';
import type { EncoderInput, FrozenEncoder, OpenEncoder, RunOptions } from './frozen-encoder.ts';

/** One map of features over the whole image: `data` [height, width, channels] float32, in cells of `stride` pixels. */
export type FeatureMap = {
  data: Float32Array;
  height: number;
  width: number;
  channels: number;
  stride: number;
};

/** Encoders kept open for one input size each: a collection has few aspect ratios. */
const MAX_OPEN = 5;
/** Shapes from the square on: at 320 px 320 x 320, 256 x 416 and 192 x 544. Each may be a session to open. */
const SHAPES = 3;
/** Pixels by which the shorter side falls from one shape to the next. */
const SHAPE_STEP_PX = 64;
/** The stride of the map that distinguishes concepts: that of layer3 in a ResNet, on which R2O clusters. */
const EMBEDDING_STRIDE = 16;
/** The finest stride of the maps that are read, see `segmentFeatures`. */
const FINEST_STRIDE = 8;

/** How large an image enters an encoder; the aspect ratio is kept about, sides are what the encoder asks for. */
export type InputScale =
  /** Root of the number of input pixels, about. */
  | { sidePx: number }
  /** The longer side, about. */
  | { longSidePx: number };

/** Gives the features of an image: a FeatureExtractor, or whoever asks one in another thread. */
type FeatureSource = (input: EncoderInput) => Promise<FeatureMap[]>;

/** What a thread needs of an encoder that another one runs. */
export type RemoteEncoder = { rules: InputRules; encode: FeatureSource };

/** Brings an image to one of the encoder's few input sizes. */
export async function encoderInput(
  image: RgbImage,
  rules: InputRules,
  scale: InputScale,
): Promise<EncoderInput> {
  const size = inputSize(image, rules, scale);
  const { data } = await resizeRgb(image, size);
  const pixels = new Float32Array(data.length);
  normalisePixels(data, normalisedValues(rules.mean, rules.std), pixels);
  return { pixels, ...size };
}

/** The map whose features distinguish concepts: of those of the stride nearest to 16 the first. */
export function embeddingFeature<Map extends { stride: number }>(maps: readonly Map[]): Map {
  const [first, ...rest] = maps;
  if (!first) throw new Error('an encoder gives features');
  const distance = ({ stride }: Map) => Math.abs(Math.log2(stride / EMBEDDING_STRIDE));
  return rest.reduce((best, map) => (distance(map) < distance(best) ? map : best), first);
}

/** The maps that segmentation reads: finer ones than a superpixel say little of what it shows. */
export function segmentFeatures({ features }: Pick<Backbone, 'features'>): FeatureSpec[] {
  const coarse = features.filter(({ stride }) => stride >= FINEST_STRIDE);
  return coarse.length > 0 ? coarse : [...features];
}

export type ExtractorOptions = Omit<RunOptions, 'features'> & {
  /** Some of the encoder's own; all of them where left out. */
  features?: readonly FeatureSpec[];
};

/** An encoder ready to run on images of any aspect ratio. */
export class FeatureExtractor {
  readonly #encoder: FrozenEncoder;
  readonly #options: RunOptions;
  readonly #open = new Map<string, Promise<OpenEncoder>>();

  constructor(encoder: FrozenEncoder, options: ExtractorOptions) {
    this.#encoder = encoder;
    this.#options = { features: encoder.backbone.features, ...options };
  }

  /** How images must be given to `features`. */
  get rules(): InputRules {
    return this.#encoder.backbone.input;
  }

  /** Channels of all maps together. */
  get dim(): number {
    return this.#options.features.reduce((sum, { channels }) => sum + channels, 0);
  }

  /** Features of one image at a given scale: one map for each feature that was asked for. */
  async featureMaps(image: RgbImage, scale: InputScale): Promise<FeatureMap[]> {
    return await this.features(await encoderInput(image, this.rules, scale));
  }

  /** As `featureMaps`, for an image that `encoderInput` prepared. */
  async features(input: EncoderInput): Promise<FeatureMap[]> {
    const encoder = await this.#openFor(input);
    const maps = await encoder.run(input);
    return this.#options.features.map(({ name, channels, stride }, index) => {
      const data = maps[index];
      const [height, width] = [input.heightPx / stride, input.widthPx / stride];
      if (data?.length !== height * width * channels) {
        throw new Error(`'${name}' should be ${height} x ${width} x ${channels}`);
      }
      return { data, height, width, channels, stride };
    });
  }

  [Symbol.dispose](): void {
    for (const encoder of this.#open.values()) void encoder.then((open) => open[Symbol.dispose]());
    this.#open.clear();
  }

  #openFor({ widthPx, heightPx }: InputSize): Promise<OpenEncoder> {
    const key = this.#encoder.isAnySize ? '' : `${widthPx}x${heightPx}`;
    const opened = this.#open.get(key) ?? this.#encoder.open({ widthPx, heightPx }, this.#options);
    // Re-inserted, so that the first of the map is the one unused for longest.
    this.#open.delete(key);
    this.#open.set(key, opened);
    const [oldest] = this.#open;
    if (this.#open.size > MAX_OPEN && oldest) {
      this.#open.delete(oldest[0]);
      void oldest[1].then((encoder) => encoder[Symbol.dispose]());
    }
    return opened;
  }
}

/**
 * Sides of the network's input: multiples of what it asks for, and of the few shapes with those the one nearest to
 * the image's aspect ratio. Few, because each shape may be a session with its own memory.
 */
export function inputSize(
  { widthPx, heightPx }: InputSize,
  { multipleOf, fixedPx }: InputRules,
  scale: InputScale,
): InputSize {
  if (fixedPx) return fixedPx;
  const wanted = Math.abs(Math.log(widthPx / heightPx));
  const rounded = (px: number) => Math.max(multipleOf, Math.round(px / multipleOf) * multipleOf);
  const shapes = Array.from({ length: SHAPES }, (_, step) => {
    const { shorter, longer } = shapeAt(step, scale, rounded);
    return { shorter, longer, distance: Math.abs(Math.log(longer / shorter) - wanted) };
  });
  const { shorter, longer } = shapes.reduce((best, shape) => (shape.distance < best.distance ? shape : best));
  return widthPx > heightPx ? { widthPx: longer, heightPx: shorter } : { widthPx: shorter, heightPx: longer };
}

/** The shape that is `step` from the square: of the same area, or of the same longer side. */
function shapeAt(step: number, scale: InputScale, rounded: (px: number) => number) {
  if ('longSidePx' in scale) {
    const longer = rounded(scale.longSidePx);
    return { longer, shorter: rounded((longer * (2 * SHAPES - 2 - step)) / (2 * SHAPES - 2)) };
  }
  const shorter = rounded(scale.sidePx - step * SHAPE_STEP_PX);
  return { shorter, longer: Math.max(shorter, rounded(scale.sidePx ** 2 / shorter)) };
}
