import {
  ExportFormat,
  FORMAT_IMAGES,
  type Export,
  type ExportImages,
  type ExportOptions,
} from '../../../src-main/contract/export.ts';
import type { DatasetVersionId } from '../../../src-main/contract/ids.ts';
import type { ShownError } from '../../client/error.ts';
import { attempt } from '../../state/attempt.ts';
import type { Studio } from '../../state/studio.svelte.ts';

const FORMAT_KEY = 'export-format';

/** Formats by what they are for, in the order in which they are shown. */
export const FORMAT_GROUPS: readonly { id: 'labeling' | 'training' | 'plain'; formats: ExportFormat[] }[] = [
  { id: 'training', formats: ['coco', 'yolo', 'coco-polygon', 'coco-panoptic', 'voc', 'huggingface', 'huggingface-parquet'] }, // prettier-ignore
  { id: 'labeling', formats: ['cvat', 'label-studio', 'labelme', 'datumaro'] },
  { id: 'plain', formats: ['index-png', 'binary-png', 'csv', 'sqlite'] },
];

/** An export before it is started. */
export class ExportForm {
  readonly #studio: Pick<Studio, 'client' | 'memory'>;
  readonly #versionId: DatasetVersionId;
  #format = $state<ExportFormat>('coco');
  #wantedImages = $state<ExportImages>('copy');
  #path = $state('');
  /** Whether the path is still the one that was suggested. */
  #isSuggested = true;
  #isStarting = $state(false);
  #error = $state.raw<ShownError>();
  polygons = $state<ExportOptions['polygons']>('exact');
  labelmeShapes = $state<ExportOptions['labelmeShapes']>('mask');

  /** What may happen to the images in the selected format. */
  readonly choices = $derived.by(() => FORMAT_IMAGES[this.#format]);
  readonly images = $derived.by(() =>
    this.choices.includes(this.#wantedImages) ? this.#wantedImages : (this.choices[0] ?? 'copy'),
  );
  readonly hasPolygons = $derived.by(
    () =>
      this.#format === 'yolo' ||
      this.#format === 'coco-polygon' ||
      (this.#format === 'labelme' && this.labelmeShapes === 'polygon'),
  );
  readonly canStart = $derived.by(() => !this.#isStarting && this.#path.trim() !== '');

  constructor(studio: Pick<Studio, 'client' | 'memory'>, versionId: DatasetVersionId) {
    this.#studio = studio;
    this.#versionId = versionId;
    this.#format = studio.memory.read(FORMAT_KEY, ExportFormat, 'coco');
  }

  get format(): ExportFormat {
    return this.#format;
  }

  get path(): string {
    return this.#path;
  }

  get isStarting(): boolean {
    return this.#isStarting;
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  chooseFormat(format: ExportFormat): Promise<void> {
    this.#format = format;
    this.#studio.memory.remember(FORMAT_KEY, format);
    return this.suggest();
  }

  chooseImages(images: ExportImages): void {
    this.#wantedImages = images;
  }

  /** A typed path stays, whichever format is selected next. */
  typePath(path: string): void {
    this.#path = path;
    this.#isSuggested = path.trim() === '';
  }

  /** A folder chosen in the system's dialog gets the suggested name below it. */
  chooseFolder(folder: string): void {
    const name = this.#path.split(/[\\/]/).at(-1) ?? '';
    const separator = folder.includes('\\') ? '\\' : '/';
    this.typePath(`${folder.replace(/[\\/]$/, '')}${separator}${name}`);
  }

  async suggest(): Promise<void> {
    if (!this.#isSuggested) return;
    const format = this.#format;
    this.#error = await attempt(async () => {
      const { path } = await this.#studio.client.exports.suggestPath({ versionId: this.#versionId, format });
      if (this.#isSuggested && format === this.#format) this.#path = path;
    });
  }

  /** @returns the export that was queued, or undefined where it was refused */
  async start(): Promise<Export | undefined> {
    const { format, images, polygons, labelmeShapes } = this;
    const started: Export[] = [];
    this.#isStarting = true;
    this.#error = await attempt(async () => {
      const options = { format, images, polygons, labelmeShapes, outPath: this.#path.trim() };
      started.push((await this.#studio.client.exports.start({ versionId: this.#versionId, options })).export);
    });
    this.#isStarting = false;
    return started[0];
  }
}
