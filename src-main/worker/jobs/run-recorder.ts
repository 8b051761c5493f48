import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentHash } from '../../contract/ids.ts';
import type { RunMetric, SkippedImage } from '../../contract/run.ts';
import { bestEncoderFile, checkpointName, isCheckpointName, modelFile } from '../../domain/data-layout.ts';
import type { MetricPoint } from '../../domain/metric-point.ts';
import { encodePng } from '../../core/mask/png.ts';
import { architectureName } from '../../core/model/architectures.ts';
import { writeEncoderFile } from '../../core/weights/encoder-file.ts';
import { writeCheckpoint, type Saved } from '../../core/train/checkpoint.ts';
import type { Preview } from '../../core/train/preview.ts';
import { regionPalette } from '../../core/train/region-palette.ts';
import type { Encoder } from '../../core/weights/encoder.ts';
import { MetricWindow } from './metric-window.ts';
import type { WorkerJobOf } from '../protocol/job.ts';
import type { ServiceLink } from '../service-link.ts';
import type { ListedImage } from './training-images.ts';

export type RunRecorderOptions = {
  job: WorkerJobOf<'pretrain'>;
  link: ServiceLink;
  trainer: Saved;
  /** The encoder that is kept, as it is now. */
  encoder: () => Promise<Encoder>;
  /** Region maps of the latest preview. */
  previews: () => readonly Uint8Array[];
  totalSteps: number;
  saved: SavedStep;
};

/** Where a resumed run starts: the steps in the last checkpoint that the store knows, undefined without one. */
export type SavedStep = { step: number | undefined };

/** Curves are sent at most this often. */
const SEND_EVERY_MS = 1_000;
/** Values that a curve keeps at most: more than any chart shows. */
const MAX_POINTS = 4_000;

/** Keeps what a run brings forth: curves and previews in the store, checkpoints and encoders on the disk. */
export class RunRecorder {
  readonly #options: RunRecorderOptions;
  readonly #window: MetricWindow;
  #points: MetricPoint[] = [];
  #skipped: SkippedImage[] = [];
  #sentAtMs = performance.now();
  #checkpointAtMs = performance.now();
  #bestStability: number;

  constructor(options: RunRecorderOptions) {
    this.#options = options;
    this.#window = new MetricWindow(Math.ceil(options.totalSteps / MAX_POINTS));
    this.#bestStability = options.job.bestStability ?? -Infinity;
  }

  /** Notes a finished step; sends what has gathered now and then. */
  async step(
    step: number,
    values: Partial<Record<RunMetric, number>>,
    skipped: readonly SkippedImage[] = [],
  ): Promise<void> {
    this.#points.push(...this.#window.add(step, values));
    this.#skipped.push(...skipped);
    if (performance.now() - this.#sentAtMs >= SEND_EVERY_MS) await this.#send();
  }

  /**
   * Keeps a preview that was taken after `step` steps, and the encoder where it is the best so far.
   * @param images those whose regions it shows
   */
  async preview(step: number, preview: Preview, images: readonly ListedImage[]): Promise<void> {
    const { job, link } = this.#options;
    const isBest = step > 0 && preview.stability > this.#bestStability;
    if (isBest) await this.#writeEncoder(bestEncoderFile(job.runFolder), step);
    if (isBest) this.#bestStability = preview.stability;
    const palette = regionPalette(preview.regionCount);
    const { viewPx } = job.config;
    const shown = await Promise.all(
      preview.maps.map(async (map, index) => {
        const image = images[index];
        if (!image) throw new Error(`there is no preview image ${index}`);
        const png = await encodePng({ data: map, widthPx: viewPx, heightPx: viewPx }, { palette });
        return { imageId: image.id, contentHash: image.contentHash, png };
      }),
    );
    await link.ask({
      kind: 'pretrain/preview',
      step,
      images: shown,
      bestStability: isBest ? preview.stability : null,
    });
    this.#points.push({ name: 'stability', step, value: preview.stability });
    await this.#send();
  }

  isCheckpointDue(): boolean {
    const { checkpointMinutes } = this.#options.job.config;
    return performance.now() - this.#checkpointAtMs >= checkpointMinutes * 60_000;
  }

  /** Saves the state after `step` steps; once this resolves, the run resumes from there. */
  async checkpoint(step: number): Promise<void> {
    await this.#send();
    const { job, link, trainer, previews, saved } = this.#options;
    if (saved.step === step) return;
    const file = checkpointName(step);
    const { sha256 } = await writeCheckpoint(join(job.runFolder, file), trainer, {
      step,
      previews: previews(),
    });
    await link.ask({ kind: 'pretrain/checkpoint', file, sha256, step });
    saved.step = step;
    this.#checkpointAtMs = performance.now();
    // Only now: until the store knew the new one, a resumed run would have started at the old one.
    for (const name of await readdir(job.runFolder)) {
      if (isCheckpointName(name) && name !== file) await rm(join(job.runFolder, name), { force: true });
    }
  }

  /** Keeps the encoder after `step` steps as a model. */
  async model(step: number, isFinished: boolean): Promise<void> {
    const { job, link } = this.#options;
    const file = `${job.modelPrefix}-${step}.safetensors`;
    const { sha256, architecture } = await this.#writeEncoder(modelFile(job.modelsFolder, file), step);
    await link.ask({
      kind: 'pretrain/model',
      file,
      sha256: ContentHash.parse(Buffer.from(sha256).toString('hex')),
      architecture,
      step,
      isFinished,
    });
  }

  async #writeEncoder(path: string, step: number) {
    const { config } = this.#options.job;
    const encoder = await this.#options.encoder();
    const facts = { viewPx: config.viewPx, batchesTracked: step };
    const { sha256 } = await writeEncoderFile(path, encoder, facts);
    return { sha256, architecture: architectureName(encoder.spec) };
  }

  async #send(): Promise<void> {
    const [points, skipped] = [this.#points, this.#skipped];
    this.#sentAtMs = performance.now();
    if (points.length === 0 && skipped.length === 0) return;
    this.#points = [];
    this.#skipped = [];
    await this.#options.link.ask({ kind: 'pretrain/metrics', points, skipped });
  }
}
