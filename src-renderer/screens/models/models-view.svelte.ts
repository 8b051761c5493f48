import type { Model } from '../../../src-main/contract/model.ts';
import type { Run } from '../../../src-main/contract/run.ts';
import type { Segmentation } from '../../../src-main/contract/segmentation.ts';
import type { Studio } from '../../state/studio.svelte.ts';

/** What is done with models in dialogs. */
export type ModelDialog = 'import' | 'untrained' | 'export' | 'rename' | 'remove';

/** The models screen: `models/MODEL` shows one. */
export class ModelsView {
  readonly #studio: Studio;
  readonly model = $derived.by(() => {
    const { models, navigation } = this.#studio;
    return models.find(Number(navigation.path[0])) ?? models.all[0];
  });
  dialog = $state<ModelDialog>();

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  /** Closes a dialog, unless another one has taken its place while it faded away. */
  close(dialog: ModelDialog): void {
    if (this.dialog === dialog) this.dialog = undefined;
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
