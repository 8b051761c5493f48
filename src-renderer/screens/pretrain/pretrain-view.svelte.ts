import { SvelteMap } from 'svelte/reactivity';
import type { CollectionId, ModelId } from '../../../src-main/contract/ids.ts';
import type { Model } from '../../../src-main/contract/model.ts';
import {
  EncoderName,
  PresetName,
  type PretrainOverrides,
  type PretrainPlan,
} from '../../../src-main/contract/pretrain.ts';
import type { ShownError } from '../../client/error.ts';
import { t } from '../../i18n/language.svelte.ts';
import { attempt } from '../../state/attempt.ts';
import { autoName } from '../../state/auto-name.ts';
import { RunDetail } from '../../state/run-detail.svelte.ts';
import type { Studio } from '../../state/studio.svelte.ts';

/** The pretrain screen: `pretrain/RUN` shows a run, `pretrain/new` plans one. */
export class PretrainView {
  readonly #studio: Studio;
  readonly run = $derived.by(() => {
    const { navigation, runs } = this.#studio;
    if (navigation.path[0] === 'new') return undefined;
    const [id] = navigation.path;
    return id === undefined ? runs.all[0] : runs.find(Number(id));
  });
  readonly #runId = $derived.by(() => this.run?.id);
  readonly detail = $derived.by(() =>
    this.#runId === undefined ? undefined : new RunDetail(this.#studio.client, this.#runId),
  );
  /** The run that is compared with the shown one: `?compare=RUN`. */
  readonly other = $derived.by(() => {
    const id = Number(this.#studio.navigation.query.compare);
    return id === this.#runId ? undefined : this.#studio.runs.find(id);
  });
  /** Whether the address names a run that does not exist. */
  readonly isMissing = $derived.by(() => {
    const [id] = this.#studio.navigation.path;
    return id !== undefined && id !== 'new' && this.run === undefined;
  });
  readonly #otherId = $derived.by(() => this.other?.id);
  readonly otherDetail = $derived.by(() =>
    this.#otherId === undefined ? undefined : new RunDetail(this.#studio.client, this.#otherId),
  );

  #collectionId = $state<number>();
  #preset = $state<PresetName>('quick');
  /** What was changed of each preset: the others stay what they are. */
  #overrides = $state.raw<Readonly<Partial<Record<PresetName, PretrainOverrides>>>>({});
  #parentId = $state<ModelId>();
  device = $state('');
  readonly #plans = new SvelteMap<PresetName, PretrainPlan>();
  #planError = $state.raw<ShownError>();
  #planning = 0;
  /** The collection that the plans are of. */
  #plannedId: CollectionId | undefined;

  readonly collection = $derived.by(() => {
    const { library } = this.#studio;
    const wanted = this.#collectionId;
    return (wanted === undefined ? undefined : library.find(wanted)) ?? library.all[0];
  });

  /** Models that a run can start from. */
  readonly parents = $derived.by(() =>
    this.#studio.models.all.filter(({ architecture }) => EncoderName.safeParse(architecture).success),
  );
  /** The one that it is to start from; none for random weights. */
  readonly parent = $derived.by((): Model | undefined =>
    this.parents.find(({ id }) => id === this.#parentId),
  );

  /** The preset that is selected at first may be in the address: `pretrain/new?preset=masks`. */
  constructor(studio: Studio) {
    this.#studio = studio;
    this.#preset = PresetName.safeParse(studio.navigation.query.preset).data ?? 'quick';
  }

  get preset(): PresetName {
    return this.#preset;
  }

  set preset(preset: PresetName) {
    const { parent } = this;
    this.#preset = preset;
    if (parent) this.override({ encoder: EncoderName.parse(parent.architecture) });
  }

  /** What was changed of the selected preset. */
  get overrides(): PretrainOverrides {
    return this.overridesOf(this.#preset);
  }

  overridesOf(preset: PresetName): PretrainOverrides {
    return this.#overrides[preset] ?? {};
  }

  get planError(): ShownError | undefined {
    return this.#planError;
  }

  plan(preset: PresetName): PretrainPlan | undefined {
    return this.#plans.get(preset);
  }

  chooseCollection(id: number): void {
    this.#collectionId = id;
  }

  /** Sets one setting of the preset to another value; undefined gives the preset's back. */
  override(change: PretrainOverrides): void {
    const entries = Object.entries({ ...this.overrides, ...change }).filter(
      ([, value]) => value !== undefined,
    );
    this.#overrides = { ...this.#overrides, [this.#preset]: Object.fromEntries(entries) };
    // The weights of one network are of no use to another.
    if (this.parent && this.parent.architecture !== this.overrides.encoder) this.#parentId = undefined;
  }

  /**
   * Starts from the weights of a model, with its network.
   * @param id as text; empty for random weights
   */
  chooseParent(id: string): void {
    const parent = this.parents.find((model) => String(model.id) === id);
    this.#parentId = parent?.id;
    if (parent) this.override({ encoder: EncoderName.parse(parent.architecture) });
  }

  /** Back to what the preset says. */
  reset(): void {
    this.#overrides = { ...this.#overrides, [this.#preset]: {} };
    this.#parentId = undefined;
  }

  compare(id: string): void {
    this.#studio.navigation.setQuery({ compare: id === '' ? undefined : id });
  }

  /** Lets the address say what is shown. */
  settleAddress(): void {
    const { navigation } = this.#studio;
    if (this.run && navigation.path.length === 0) navigation.settle('pretrain', this.run.id);
  }

  show(id: number | 'new'): void {
    this.#studio.navigation.go('pretrain', id);
  }

  /** Asks what each preset would be, with what was changed of it. Only the latest question counts. */
  async planAll(): Promise<void> {
    const { collection, device } = this;
    if (!collection) return;
    const asked = ++this.#planning;
    if (this.#plannedId !== collection.id) this.#plans.clear();
    this.#plannedId = collection.id;
    const error = await attempt(async () => {
      for (const preset of PresetName.options) {
        const plan = await this.#studio.client.runs.plan({
          collectionId: collection.id,
          preset,
          overrides: this.overridesOf(preset),
          ...(device === '' ? {} : { device }),
        });
        if (asked !== this.#planning) return;
        this.#plans.set(preset, plan);
      }
    });
    if (asked === this.#planning) this.#planError = error;
  }

  async start(): Promise<void> {
    const { collection, preset, overrides, device, parent } = this;
    if (!collection) return;
    const isStillHere = this.#studio.navigation.stay();
    const run = await this.#studio.runs.start({
      collectionId: collection.id,
      preset,
      overrides,
      ...(device === '' ? {} : { device }),
      ...(parent ? { fromModelId: parent.id } : {}),
      name: autoName(t(`runs.nameOf.${preset}`, { name: collection.name }), this.#studio.runs.all),
    });
    if (run && isStillHere()) this.show(run.id);
  }
}
