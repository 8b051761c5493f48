import type { Model } from '../../../src-main/contract/model.ts';
import type { Run } from '../../../src-main/contract/run.ts';
import type { Segmentation } from '../../../src-main/contract/segmentation.ts';
import type { Studio } from '../../state/studio.svelte.ts';

/** What is done with models in dialogs. */
export type ModelDialog = 'import' | 'untrained' | 'export' | 'rename' | 'remove';

const ENCODERS = 'encoders';

/** The models screen: `models/MODEL` shows one. */
export class ModelsView {
  readonly #studio: Studio;
  /** The page of encoders that can be downloaded: `models/encoders`. */
  readonly isGetting = $derived.by(() => this.#studio.navigation.path[0] === ENCODERS);
  readonly model = $derived.by(() => {
    const { models, navigation } = this.#studio;
    if (this.isGetting) return undefined;
    const [id] = navigation.path;
    return id === undefined ? models.all[0] : models.find(Number(id));
  });
  /** Whether the address names a model that does not exist. */
  readonly isMissing = $derived.by(
    () => this.#studio.navigation.path[0] !== undefined && !this.isGetting && this.model === undefined,
  );
  dialog = $state<ModelDialog>();
  /** A file that was dropped, for the import dialog. */
  droppedPath = $state<string>();

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  /** Closes a dialog, unless another one has taken its place while it faded away. */
  close(dialog: ModelDialog): void {
    if (this.dialog === dialog) this.dialog = undefined;
  }

  /** Opens the import dialog, with a file if one was dropped and the host knows its path. */
  startImport(path?: string): void {
    this.droppedPath = path;
    this.dialog = 'import';
  }

  /** Lets the address say what is shown. */
  settleAddress(): void {
    const { navigation } = this.#studio;
    if (this.model && navigation.path.length === 0) navigation.settle('models', this.model.id);
  }

  showEncoders(): void {
    this.#studio.navigation.go('models', ENCODERS);
  }

  /** Goes to where a training on a collection's own masks is planned. */
  planOwn(): void {
    const { navigation } = this.#studio;
    navigation.go('pretrain', 'new');
    navigation.setQuery({ preset: 'masks' });
  }

  show(id: number): void {
    this.#studio.navigation.go('models', id);
  }

  /** The run that made a model, while it exists. */
  runOf({ runId }: Model): Run | undefined {
    return runId === null ? undefined : this.#studio.runs.find(runId);
  }

  /** What was made with a model. It stays when the model goes, and cannot be resumed then. */
  usersOf({ id }: Model): { segmentations: Segmentation[]; runs: Run[] } {
    const { segmentations, runs } = this.#studio;
    return {
      segmentations: segmentations.all.filter(({ modelId }) => modelId === id),
      runs: runs.all.filter(({ parentModelId }) => parentModelId === id),
    };
  }
}

/** Whether a model was trained here, brought along, or is an untrained baseline: with its own icon and words. */
export type OriginKey = `models.origin.${Model['origin']}`;
export const originKey = ({ origin }: Pick<Model, 'origin'>): OriginKey => `models.origin.${origin}`;
