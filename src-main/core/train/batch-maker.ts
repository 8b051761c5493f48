import { UserError, userError } from '../../contract/errors.ts';
import { ImageProblemError } from '../image/image-problem.ts';
import { BOX_FIELDS, type Batch, type SkippedImage } from './batch.ts';
import { epochOf, epochOrder, stepsPerEpoch } from './batch-order.ts';
import { ImageSource, type ImageSourceSpec, type OpenedImage, type TrainingImage } from './image-source.ts';
import { refuseGoneFolder } from '../image/walk.ts';
import { makeViews } from './make-views.ts';

export type BatchMakerSpec = ImageSourceSpec & {
  images: readonly TrainingImage[];
  batchSize: number;
  epochImages: number | null;
  seed: number;
  /** `official`: every view is flipped (SPEC Q1). */
  parity: 'recommended' | 'official';
};

type Outcome = { opened: OpenedImage } | { problem: SkippedImage };

/**
 * Makes the batches of a run: reads, decodes, cuts and augments. A batch depends on nothing but the run's seed, the
 * step and the images, so any can be recreated.
 */
export class BatchMaker {
  readonly #spec: BatchMakerSpec;
  readonly #source: ImageSource;
  #epoch: { number: number; order: Uint32Array } = { number: 0, order: new Uint32Array() };

  constructor(spec: BatchMakerSpec) {
    this.#spec = spec;
    this.#source = new ImageSource(spec);
  }

  /**
   * The batch of a step. Images that cannot be used are replaced by the next ones of the epoch and listed.
   * @throws UserError NO_USABLE_IMAGES when not one image of the collection can be read
   */
  async make(step: number): Promise<Batch> {
    const { batchSize, superpixels } = this.#spec;
    const { viewPx } = superpixels;
    const { images, skipped } = await this.#openBatch(step);
    const viewLength = viewPx * viewPx * 3;
    const views = new Float32Array(2 * batchSize * viewLength);
    const spanning = new Float32Array(batchSize * viewLength);
    const boxes = new Float32Array(batchSize * 2 * BOX_FIELDS);
    images.forEach((image, index) => {
      const slice = (whole: Float32Array, at: number) =>
        whole.subarray(at * viewLength, (at + 1) * viewLength);
      const made = makeViews({
        pixels: image.pixels,
        spanning: image.spanning,
        sizePx: viewPx,
        seed: this.#spec.seed,
        step,
        index,
        parity: this.#spec.parity === 'official' ? 'official' : 'half',
        into: {
          view1: slice(views, index),
          view2: slice(views, batchSize + index),
          raw: slice(spanning, index),
        },
      });
      boxes.set(made.boxes.subarray(0, 2 * BOX_FIELDS), index * 2 * BOX_FIELDS);
    });
    return {
      step,
      views,
      spanning,
      boxes,
      superpixels: images.map((image) => image.grids),
      skipped,
    };
  }

  async #openBatch(step: number): Promise<{ images: OpenedImage[]; skipped: SkippedImage[] }> {
    const { batchSize } = this.#spec;
    const images: OpenedImage[] = [];
    const skipped: SkippedImage[] = [];
    const candidates = this.#candidatesOf(step);
    while (images.length < batchSize) {
      // Together, so that reading and decoding overlap; in this order, so that the batch is the same every time.
      const wanted = takeNext(candidates, batchSize - images.length);
      if (wanted.length === 0 && images.length === 0) throw noUsableImages(skipped);
      // A collection with fewer readable images than a batch shows some of them twice.
      if (wanted.length === 0) images.push(...images.slice(0, batchSize - images.length));
      for (const outcome of await Promise.all(wanted.map((index) => this.#open(index)))) {
        if ('opened' in outcome) images.push(outcome.opened);
        else skipped.push(outcome.problem);
      }
    }
    return { images, skipped };
  }

  /** The images of a step, then all others as replacements. */
  *#candidatesOf(step: number): Generator<number> {
    const { batchSize, seed } = this.#spec;
    const imageCount = this.#spec.images.length;
    const epoch = epochOf(step, this.#spec, imageCount);
    if (this.#epoch.number !== epoch)
      this.#epoch = { number: epoch, order: epochOrder({ imageCount, seed }, epoch) };
    const first = (step % stepsPerEpoch(this.#spec, imageCount)) * batchSize;
    for (let at = 0; at < imageCount; at++) {
      yield this.#epoch.order[(first + at) % imageCount] ?? 0;
    }
  }

  async #open(index: number): Promise<Outcome> {
    const image = this.#spec.images[index];
    if (!image) throw new Error(`there is no image ${index}`);
    try {
      return { opened: await this.#source.open(image) };
    } catch (error) {
      if (!(error instanceof ImageProblemError)) throw error;
      await refuseGoneFolder(this.#spec.rootPath);
      return { problem: { relPath: image.relPath, detail: error.message } };
    }
  }
}

function takeNext(candidates: Generator<number>, count: number): number[] {
  const taken: number[] = [];
  while (taken.length < count) {
    const next = candidates.next();
    if (next.done === true) break;
    taken.push(next.value);
  }
  return taken;
}

function noUsableImages(skipped: readonly SkippedImage[]): UserError {
  const [first] = skipped;
  return first
    ? userError('no-images-read-first', { path: first.relPath, detail: first.detail })
    : userError('no-images-read');
}
