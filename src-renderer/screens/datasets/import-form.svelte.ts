import type { JobId, SegmentationId } from '../../../src-main/contract/ids.ts';
import type { ImportedImage, MaskFileFormat, MaskImport } from '../../../src-main/contract/mask-import.ts';
import type { ShownError } from '../../client/error.ts';
import { attempt } from '../../state/attempt.ts';
import type { Studio } from '../../state/studio.svelte.ts';

/** Images of an import that are listed; the totals count all. */
const IMAGES_SHOWN = 200;

/** An import or a preview that has been read, with the first images on which it changes something. */
export type ReadImport = { made: MaskImport; images: ImportedImage[] };

/** Corrected masks on their way back into a segmentation: previewed, imported, undone. */
export class ImportForm {
  readonly #studio: Studio;
  #segmentationId = $state<SegmentationId>();
  #started = $state.raw<{ import: MaskImport; jobId: JobId }>();
  #read = $state.raw<ReadImport>();
  #isUndone = $state(false);
  #isStarting = $state(false);
  #error = $state.raw<ShownError>();
  format = $state<MaskFileFormat>('auto');
  path = $state('');
  rejectMissing = $state(false);

  readonly segmentation = $derived.by(() => {
    const { segmentations } = this.#studio;
    const chosen = this.#segmentationId;
    return (chosen === undefined ? undefined : segmentations.find(chosen)) ?? segmentations.selected;
  });
  readonly job = $derived.by(() => this.#started && this.#studio.jobs.find(this.#started.jobId));
  readonly canStart = $derived.by(
    () => !this.#isStarting && this.segmentation !== undefined && this.path.trim() !== '',
  );

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  get isStarting(): boolean {
    return this.#isStarting;
  }

  /** What the import or the preview came to; undefined until its job has ended. */
  get read(): ReadImport | undefined {
    return this.#read;
  }

  /** Whether what was imported has been undone. */
  get isUndone(): boolean {
    return this.#isUndone;
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  choose(id: SegmentationId): void {
    this.#segmentationId = id;
  }

  /** @param isDryRun only shows what would be imported */
  async start({ isDryRun }: { isDryRun: boolean }): Promise<void> {
    const { segmentation, path, format, rejectMissing } = this;
    if (!segmentation) return;
    this.#isStarting = true;
    this.#read = undefined;
    this.#isUndone = false;
    this.#error = await attempt(async () => {
      const options = { segmentationId: segmentation.id, path: path.trim(), format, rejectMissing, isDryRun };
      const { import: made, job } = await this.#studio.client.maskImports.start(options);
      this.#studio.jobs.apply(job);
      this.#started = { import: made, jobId: job.id };
    });
    this.#isStarting = false;
  }

  /** Once its job has ended, or was cancelled: what it has imported until then can be undone. */
  async readResult(): Promise<void> {
    const started = this.#started;
    if (!started) return;
    const { id } = started.import;
    const { maskImports } = this.#studio.client;
    const error = await attempt(async () => {
      const made = await maskImports.get({ id });
      const { items } = await maskImports.images({ id, onlyDifferent: true, limit: IMAGES_SHOWN });
      // Another one may have been started meanwhile, as an import is after its preview.
      if (started === this.#started && !this.#isStarting) this.#read = { made, images: items };
    });
    if (started === this.#started && !this.#isStarting) this.#error = error;
  }

  /** Undoes what was imported, or does it again. */
  async turn(): Promise<void> {
    const batch = this.#read?.made.batch;
    if (batch == null) return;
    const { masks } = this.#studio.client;
    this.#error = await attempt(async () => {
      if (this.#isUndone) await masks.redoBatch({ batch });
      else await masks.undoBatch({ batch });
      this.#isUndone = !this.#isUndone;
    });
  }
}
