import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentHash } from '../../contract/ids.ts';
import type { RunMetric, SkippedImage } from '../../contract/run.ts';
import { bestEncoderFile, checkpointName, isCheckpointName, modelFile } from '../../domain/data-layout.ts';
import type { MetricPoint } from '../../domain/metric-point.ts';
import { encodePng } from '../../core/mask/png.ts';
import { architectureName } from '../../core/model/architectures.ts';
import { writeEncoderFile } from '../../core/weights/encoder-file.ts';
import { writeCheckpoint } from '../../core/train/checkpoint.ts';
import type { Previewer } from '../../core/train/preview.ts';
import { regionPalette } from '../../core/train/region-palette.ts';
import type { TrainEvent } from '../../core/train/train.ts';
import { ratesAt } from '../../core/train/training-spec.ts';
import type { Trainer } from '../../core/train/trainer.ts';
import { MetricWindow } from './metric-window.ts';
import type { WorkerJobOf } from '../protocol/job.ts';
import type { ServiceLink } from '../service-link.ts';
import type { ListedImage } from './training-images.ts';

export type RunRecorderOptions = {
  job: WorkerJobOf<'pretrain'>;
  link: ServiceLink;
  trainer: Trainer;
  previewer: Previewer;
  /** All images of the run, and the few whose regions are followed. */
  imageCount: number;
  previewImages: readonly ListedImage[];
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
  async step(event: TrainEvent): Promise<void> {
    const { batchSize } = this.#options.job.config;
    this.#points.push(...this.#window.add(event.step, valuesOf(event, batchSize)));
    this.#skipped.push(...event.skipped);
    if (performance.now() - this.#sentAtMs >= SEND_EVERY_MS) await this.#send();
  }

  /** Takes a preview after `step` steps, and keeps the encoder where the preview is the best so far. */
  async preview(step: number): Promise<void> {
    const { job, link, trainer, previewer, previewImages, imageCount } = this.#options;
    const { config } = job;
    const { regionCount } = ratesAt(config, imageCount, Math.max(step - 1, 0));
    const preview = await previewer.take(trainer, step, regionCount);
    const isBest = step > 0 && preview.stability > this.#bestStability;
    if (isBest) await this.#writeEncoder(bestEncoderFile(job.runFolder), step);
    if (isBest) this.#bestStability = preview.stability;
    const palette = regionPalette(preview.regionCount);
    const { viewPx } = config;
    const images = await Promise.all(
      preview.maps.map(async (map, index) => {
        const image = previewImages[index];
        if (!image) throw new Error(`there is no preview image ${index}`);
        const png = await encodePng({ data: map, widthPx: viewPx, heightPx: viewPx }, { palette });
        return { imageId: image.id, contentHash: image.contentHash, png };
      }),
    );
    await link.ask({
      kind: 'pretrain/preview',
      step,
      images,
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
    const { job, link, trainer, previewer, saved } = this.#options;
    if (saved.step === step) return;
    const file = checkpointName(step);
    const { sha256 } = await writeCheckpoint(join(job.runFolder, file), trainer, {
      step,
      previews: previewer.previous,
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
    const { trainer, job } = this.#options;
    const encoder = await trainer.encoder('online');
    const facts = { viewPx: job.config.viewPx, batchesTracked: step };
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

function valuesOf(
  { rates, metrics, waitMs, stepMs }: TrainEvent,
  batchSize: number,
): Partial<Record<RunMetric, number>> {
  const { update, clusterEntropy, visibleShare } = metrics;
  const { learningRate, regionCount, emaDecay } = rates;
  return {
    ...update,
    ...(clusterEntropy === undefined ? {} : { clusterEntropy }),
    visibleShare,
    learningRate,
    regionCount,
    emaDecay,
    imagesPerS: (batchSize / stepMs) * 1_000,
    waitMs,
  };
}
