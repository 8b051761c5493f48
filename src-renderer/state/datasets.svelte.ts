import type { Client } from '../../src-main/contract/contract.ts';
import type { Dataset, DatasetVersion } from '../../src-main/contract/dataset.ts';
import type { DatasetVersionId } from '../../src-main/contract/ids.ts';
import { attempt, attemptLoudly } from './attempt.ts';
import { coalesce } from './coalesce.ts';
import type { Toasts } from './toasts.svelte.ts';

const REST_MS = 500;

/** All datasets with their versions, kept up to date by events. */
export class Datasets {
  readonly #client: Client;
  readonly #toasts: Toasts;
  #all = $state.raw<readonly Dataset[]>([]);
  #changes = $state(0);
  readonly #reload: () => Promise<void>;

  constructor(client: Client, toasts: Toasts) {
    this.#client = client;
    this.#toasts = toasts;
    this.#reload = coalesce(() => attempt(() => this.load()), REST_MS);
  }

  get all(): readonly Dataset[] {
    return this.#all;
  }

  /** Grows whenever a version or one of its exports may have changed. */
  get changes(): number {
    return this.#changes;
  }

  /** The version that was made last. */
  get newest(): DatasetVersion | undefined {
    return this.#versions().sort((a, b) => b.id - a.id)[0];
  }

  find(versionId: number): DatasetVersion | undefined {
    return this.#versions().find(({ id }) => id === versionId);
  }

  /** The dataset that has this name already: another version of it would be made. */
  named(name: string): Dataset | undefined {
    return this.#all.find((dataset) => dataset.name === name.trim());
  }

  async load(): Promise<void> {
    this.#all = await this.#client.datasets.list();
    this.#changes++;
  }

  /** An event reported a change. */
  refresh(): Promise<void> {
    return this.#reload();
  }

  /** An export of some version has moved on. */
  touch(): void {
    this.#changes++;
  }

  remove(id: DatasetVersionId): Promise<boolean> {
    return attemptLoudly(this.#toasts, async () => {
      await this.#client.datasets.remove({ id });
      await this.load();
    });
  }

  #versions(): DatasetVersion[] {
    return this.#all.flatMap(({ versions }) => versions);
  }
}
