import type { DatasetVersionDetail } from '../../../src-main/contract/dataset.ts';
import type { Studio } from '../../state/studio.svelte.ts';
import { VersionDetail } from '../../state/version-detail.svelte.ts';
import { DRAFT_KEY, draftOf } from './recipe-draft.ts';

/** The datasets screen: `datasets/VERSION` shows a version, `datasets/new` composes one. */
export class DatasetsView {
  readonly #studio: Studio;
  readonly version = $derived.by(() => {
    const { navigation, datasets } = this.#studio;
    const [id] = navigation.path;
    if (id === 'new') return undefined;
    return id === undefined ? datasets.newest : datasets.version(Number(id));
  });
  readonly #versionId = $derived.by(() => this.version?.id);
  readonly detail = $derived.by(() =>
    this.#versionId === undefined ? undefined : new VersionDetail(this.#studio.client, this.#versionId),
  );

  /** Whether the address names a version that does not exist. */
  readonly isMissing = $derived.by(() => {
    const [id] = this.#studio.navigation.path;
    return id !== undefined && id !== 'new' && this.version === undefined;
  });
  /** The version that the shown one is compared with: `?compare=VERSION`. */
  readonly comparedId = $derived.by(
    () => this.#studio.datasets.version(Number(this.#studio.navigation.query.compare))?.id,
  );

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  /** Composes another version with the recipe of this one, which can be changed first. */
  startFrom(version: DatasetVersionDetail): void {
    this.#studio.memory.remember(DRAFT_KEY, draftOf(version));
    this.#studio.navigation.go('datasets', 'new');
  }

  /** While a version is made its event comes before its answer, and must not take the form away. */
  stayAtNew(): void {
    this.#studio.navigation.settle('datasets', 'new');
  }

  compare(id: string): void {
    this.#studio.navigation.setQuery({ compare: id === '' ? undefined : id });
  }

  /** Lets the address say what is shown. */
  settleAddress(): void {
    const { navigation } = this.#studio;
    if (this.version && navigation.path.length === 0) navigation.settle('datasets', this.version.id);
  }

  show(id: number | 'new'): void {
    this.#studio.navigation.go('datasets', id);
  }
}
