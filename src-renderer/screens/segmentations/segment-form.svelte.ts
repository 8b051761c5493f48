import type { Collection } from '../../../src-main/contract/collection.ts';
import type { ModelId } from '../../../src-main/contract/ids.ts';
import { SegmentSettings, type Segmentation } from '../../../src-main/contract/segmentation.ts';
import type { Studio } from '../../state/studio.svelte.ts';

/** Whether a setting may have the value; the contract decides. */
export function isAllowed<K extends keyof SegmentSettings>(name: K, value: SegmentSettings[K]): boolean {
  return SegmentSettings.shape[name].safeParse(value).success;
}

/** A segmentation before it is started. */
export class SegmentForm {
  readonly #studio: Studio;
  #collectionId = $state<number>();
  #modelId = $state<ModelId>();
  #settings = $state.raw<SegmentSettings>(SegmentSettings.parse({}));
  #isStarting = $state(false);
  /** Empty for the fastest. */
  device = $state('');
  /** Empty for a name made from those of the collection and the model. */
  name = $state('');

  readonly collection = $derived.by((): Collection | undefined => {
    const { library, segmentations } = this.#studio;
    const wanted = this.#collectionId ?? segmentations.selected?.collectionId;
    return (wanted === undefined ? undefined : library.find(wanted)) ?? library.all[0];
  });
  /** The selected model, while it exists; without one, objects are grouped by colour and texture. */
  readonly model = $derived.by(() =>
    this.#modelId === undefined ? undefined : this.#studio.models.find(this.#modelId),
  );
  readonly canStart = $derived.by(() => !this.#isStarting && (this.collection?.counts.usable ?? 0) > 0);

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  get settings(): SegmentSettings {
    return this.#settings;
  }

  get isStarting(): boolean {
    return this.#isStarting;
  }

  chooseCollection(id: number): void {
    this.#collectionId = id;
  }

  /** @param id as text; empty for none */
  chooseModel(id: string): void {
    this.#modelId = id === '' ? undefined : this.#studio.models.find(Number(id))?.id;
  }

  set(change: Partial<SegmentSettings>): void {
    this.#settings = { ...this.#settings, ...change };
  }

  /** @returns the new segmentation, or undefined when it was refused */
  async start(): Promise<Segmentation | undefined> {
    const { collection, model, device } = this;
    if (!collection) return undefined;
    const name = this.name.trim();
    this.#isStarting = true;
    const started = await this.#studio.segmentations.start({
      collectionId: collection.id,
      settings: this.#settings,
      ...(model ? { modelId: model.id } : {}),
      ...(device === '' ? {} : { device }),
      ...(name === '' ? {} : { name }),
    });
    this.#isStarting = false;
    return started;
  }
}
