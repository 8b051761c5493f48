import type { JobPhase } from '../../contract/job.ts';
import { learningMs } from '../../core/segment/head/learn-foreground.ts';
import type { LearningProgress } from '../../core/segment/head/learn-rounds.ts';
import type { ServiceLink } from '../service-link.ts';
import { TimeLeft, type WholeJob } from './time-left.ts';

/** Time of one thread to cut an image roughly where `learningMs` was measured; test/bench/segment/NOTES.md. */
const MEASURED_CUT_MS = 40;
/**
 * Time to cut an image after a rough cut, and to file what was cut to the end, as shares of the time of the first cut;
 * test/bench/segment/NOTES.md.
 */
const [CUT_AGAIN_SHARE, FILING_SHARE] = [2.8, 0.2];

/** The work of a segmentation, as far as it is known when its sample is taken. */
export type SegmentPlan = {
  /** Images without masks, and those of them that are in the sample. */
  waiting: number;
  sampledWaiting: number;
  /** Images from which the collection is learned. */
  sample: number;
  /** Channels of the features from which a head is learned; 0 if none is. */
  dim: number;
  /** Heads of other collections that are tried too. */
  heads: number;
  threads: number;
};

/** Reports how far a segmentation is, with one time over all of its phases: see [Note: One time for all phases]. */
export class SegmentProgress {
  readonly #link: ServiceLink;
  readonly #time = new TimeLeft();
  #plan: SegmentPlan | undefined;
  #sampled = 0;
  #samplingStartedMs = 0;
  #cutMs = 0;

  constructor(link: ServiceLink) {
    this.#link = link;
  }

  /** Something that takes a moment and counts nothing. */
  doing(phase: JobPhase): void {
    this.#link.report({ phase, done: 0, total: null, unit: 'images', ...this.#time.at(0) });
  }

  startSampling(plan: SegmentPlan): void {
    this.#plan = plan;
    this.#samplingStartedMs = performance.now();
    this.#time.start(null);
    this.#count('learning-concepts', { done: 0, total: plan.sample });
  }

  /** @param cutMs time of one thread to cut the image; null for one that could not be read */
  sampled(cutMs: number | null): void {
    this.#sampled++;
    this.#cutMs += cutMs ?? this.#meanCutMs();
    if (!this.#plan) return;
    this.#time.expectLater(this.#learningMs() + this.#findingMs());
    this.#count('learning-concepts', { done: this.#sampled, total: this.#plan.sample });
  }

  startLearning(): void {
    this.#time.start(this.#learningMs());
    this.#time.expectLater(this.#findingMs());
    this.doing('grouping-concepts');
  }

  learning({ done, total, share }: LearningProgress): void {
    const phase = 'learning-foreground';
    this.#link.report({ phase, done, total, unit: 'steps', ...this.#time.at(share) });
  }

  startFinding(): void {
    this.#time.start(this.#plan ? this.#findingMs() : null);
    this.#time.expectLater(0);
  }

  /** @param images `before` are those that had their masks when the job started */
  finding(images: { done: number; total: number; before: number }): void {
    const { done, total, before } = images;
    const share = total === before ? 1 : (done - before) / (total - before);
    this.#report('finding-objects', { done, total }, this.#time.at(share));
  }

  #count(phase: JobPhase, images: { done: number; total: number }): void {
    this.#report(phase, images, this.#time.at(images.done / Math.max(images.total, 1)));
  }

  #report(phase: JobPhase, { done, total }: { done: number; total: number }, whole: WholeJob): void {
    this.#link.report({ phase, done, total, unit: 'images', ...whole });
  }

  #meanCutMs(): number {
    return this.#sampled === 0 ? 0 : this.#cutMs / this.#sampled;
  }

  /** As many times longer than where it was measured as images take to be cut. */
  #learningMs(): number {
    const { sample = 0, dim = 0, heads = 0 } = this.#plan ?? {};
    if (dim === 0) return 0;
    return (learningMs({ imageCount: sample, dim, heads }) * this.#meanCutMs()) / MEASURED_CUT_MS;
  }

  /**
   * Images of the sample are known by then; all others are read and cut as those of the sample were. Where a head is
   * learned, first cuts are rough: the images are cut again, whether it is used or not.
   */
  #findingMs(): number {
    if (!this.#plan) return 0;
    const { waiting, sampledWaiting, dim, threads } = this.#plan;
    const knownMs = (this.#meanCutMs() * (dim > 0 ? CUT_AGAIN_SHARE : FILING_SHARE)) / threads;
    const newMs = (performance.now() - this.#samplingStartedMs) / Math.max(this.#sampled, 1);
    return sampledWaiting * knownMs + (waiting - sampledWaiting) * newMs;
  }
}
