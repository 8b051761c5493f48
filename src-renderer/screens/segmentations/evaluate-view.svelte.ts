import type { SegmentationId } from '../../../src-main/contract/ids.ts';
import { MaskFileFormat } from '../../../src-main/contract/mask-import.ts';
import type { Evaluation, ImageScores } from '../../../src-main/contract/segmentation.ts';
import type { ShownError } from '../../client/error.ts';
import { z } from 'zod';
import { attempt } from '../../state/attempt.ts';
import type { Studio } from '../../state/studio.svelte.ts';

const TRUTH_KEY = 'evaluate.truth';
const FORMAT_KEY = 'evaluate.format';

/** The comparison of a segmentation with a folder of ground truth, which is remembered. */
export class EvaluateView {
  readonly #studio: Studio;
  #result = $state.raw<{ of: SegmentationId; evaluation: Evaluation }>();
  #error = $state.raw<ShownError>();
  #isBusy = $state(false);

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  get truth(): string {
    return this.#studio.memory.read(TRUTH_KEY, z.string(), '');
  }

  set truth(path: string) {
    this.#studio.memory.remember(TRUTH_KEY, path);
  }

  /** Null for pictures: masks/NAME.png and labels/NAME.png. */
  get format(): MaskFileFormat | null {
    return this.#studio.memory.read(FORMAT_KEY, MaskFileFormat.nullable(), null);
  }

  set format(format: MaskFileFormat | null) {
    this.#studio.memory.remember(FORMAT_KEY, format);
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  /** Undefined until this segmentation has been compared. */
  resultOf(id: SegmentationId): Evaluation | undefined {
    return this.#result?.of === id ? this.#result.evaluation : undefined;
  }

  async run(id: SegmentationId): Promise<void> {
    this.#isBusy = true;
    this.#result = undefined;
    this.#error = await attempt(async () => {
      const evaluation = await this.#studio.client.segmentations.evaluate({
        id,
        truth: this.truth,
        format: this.format,
      });
      this.#result = { of: id, evaluation };
    });
    this.#isBusy = false;
  }
}

const byPath = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** The images where it fits worst first; those that cannot be scored come last. */
export function worstFirst(images: readonly ImageScores[]): ImageScores[] {
  return images.toSorted((a, b) => (a.iou ?? 2) - (b.iou ?? 2) || byPath.compare(a.relPath, b.relPath));
}
