import type { Client } from '../../src-main/contract/contract.ts';
import type { Dataset, DatasetVersion } from '../../src-main/contract/dataset.ts';
import type { DatasetVersionId } from '../../src-main/contract/ids.ts';
import { LiveList } from './live-list.svelte.ts';
import type { Toasts } from './toasts.svelte.ts';

/** All datasets with their versions, kept up to date by events. */
export class Datasets extends LiveList<Dataset> {
  readonly #client: Client;

  constructor(client: Client, toasts: Toasts) {
    super(() => client.datasets.list(), toasts);
    this.#client = client;
  }

  /** The version that was made last. */
  get newest(): DatasetVersion | undefined {
    return this.#versions().sort((a, b) => b.id - a.id)[0];
  }

  version(versionId: number): DatasetVersion | undefined {
    return this.#versions().find(({ id }) => id === versionId);
  }

  /** The dataset that has this name already: another version of it would be made. */
  named(name: string): Dataset | undefined {
    return this.all.find((dataset) => dataset.name === name.trim());
  }

  remove(id: DatasetVersionId): Promise<boolean> {
    return this.change(() => this.#client.datasets.remove({ id }));
  }

  #versions(): DatasetVersion[] {
    return this.all.flatMap(({ versions }) => versions);
  }
}
