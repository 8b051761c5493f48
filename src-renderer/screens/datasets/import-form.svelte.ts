import type { JobId, SegmentationId } from '../../../src-main/contract/ids.ts';
import type { MaskFileFormat, MaskImport } from '../../../src-main/contract/mask-import.ts';
import type { ShownError } from '../../client/error.ts';
import { attempt } from '../../state/attempt.ts';
import type { Studio } from '../../state/studio.svelte.ts';

/** Corrected masks on their way back into a segmentation. */
export class ImportForm {
  readonly #studio: Studio;
  #segmentationId = $state<SegmentationId>();
  #started = $state.raw<{ import: MaskImport; jobId: JobId }>();
  #result = $state.raw<MaskImport['result']>(null);
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

  get hasStarted(): boolean {
    return this.#started !== undefined;
  }

  /** Null until the import has ended well. */
  get result(): MaskImport['result'] {
    return this.#result;
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  choose(id: SegmentationId): void {
    this.#segmentationId = id;
  }

  async start(): Promise<void> {
    const { segmentation, path, format, rejectMissing } = this;
    if (!segmentation) return;
    this.#isStarting = true;
    this.#result = null;
    this.#error = await attempt(async () => {
      const options = { segmentationId: segmentation.id, path: path.trim(), format, rejectMissing };
      const { import: made, job } = await this.#studio.client.maskImports.start(options);
      this.#studio.jobs.apply(job);
      this.#started = { import: made, jobId: job.id };
    });
    this.#isStarting = false;
  }

  /** Once its job has ended. */
  async readResult(): Promise<void> {
    const started = this.#started;
    if (!started) return;
    this.#error = await attempt(async () => {
      this.#result = (await this.#studio.client.maskImports.get({ id: started.import.id })).result;
    });
  }
}
