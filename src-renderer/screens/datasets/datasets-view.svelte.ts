import type { Studio } from '../../state/studio.svelte.ts';
import { VersionDetail } from '../../state/version-detail.svelte.ts';

/** The datasets screen: `datasets/VERSION` shows a version, `datasets/new` composes one. */
export class DatasetsView {
  readonly #studio: Studio;
  readonly version = $derived.by(() => {
    const { navigation, datasets } = this.#studio;
    if (navigation.path[0] === 'new') return undefined;
    return datasets.find(Number(navigation.path[0])) ?? datasets.newest;
  });
  readonly #versionId = $derived.by(() => this.version?.id);
  readonly detail = $derived.by(() =>
    this.#versionId === undefined ? undefined : new VersionDetail(this.#studio.client, this.#versionId),
  );

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  /** While a version is made its event comes before its answer, and must not take the form away. */
  stayAtNew(): void {
    this.#studio.navigation.replace('datasets', 'new');
  }

  show(id: number | 'new'): void {
    this.#studio.navigation.go('datasets', id);
  }
}
