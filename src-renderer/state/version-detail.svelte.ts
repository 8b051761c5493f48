import type { Client } from '../../src-main/contract/contract.ts';
import type { DatasetDiff, DatasetVersionDetail } from '../../src-main/contract/dataset.ts';
import type { Export } from '../../src-main/contract/export.ts';
import type { DatasetVersionId } from '../../src-main/contract/ids.ts';
import type { ShownError } from '../client/error.ts';
import { attempt } from './attempt.ts';
import { coalesce } from './coalesce.ts';

const REST_MS = 500;

/** One version of a dataset: its recipe and classes, its exports, and how it differs from another one. */
export class VersionDetail {
  readonly id: DatasetVersionId;
  readonly #client: Client;
  #version = $state.raw<DatasetVersionDetail>();
  #exports = $state.raw<readonly Export[]>([]);
  #diff = $state.raw<{ from: DatasetVersionId; diff: DatasetDiff }>();
  #comparedId = $state<DatasetVersionId>();
  #error = $state.raw<ShownError>();
  readonly refresh: () => Promise<void>;

  constructor(client: Client, id: DatasetVersionId) {
    this.#client = client;
    this.id = id;
    this.refresh = coalesce(() => this.#read(), REST_MS);
  }

  get version(): DatasetVersionDetail | undefined {
    return this.#version;
  }

  /** The newest first. */
  get exports(): readonly Export[] {
    return this.#exports;
  }

  get comparedId(): DatasetVersionId | undefined {
    return this.#comparedId;
  }

  /** From the compared version to this one; undefined while it is read. */
  get diff(): DatasetDiff | undefined {
    return this.#diff?.from === this.#comparedId ? this.#diff?.diff : undefined;
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  /** Compares with another version; undefined ends it. */
  async compare(from: DatasetVersionId | undefined): Promise<void> {
    this.#comparedId = from;
    if (from === undefined) return;
    const error = await attempt(async () => {
      const diff = await this.#client.datasets.diff({ from, to: this.id });
      if (from === this.#comparedId) this.#diff = { from, diff };
    });
    if (from === this.#comparedId) this.#error = error;
  }

  async #read(): Promise<void> {
    const { id } = this;
    this.#error = await attempt(async () => {
      // A frozen version never changes.
      this.#version ??= await this.#client.datasets.version({ id });
      this.#exports = await this.#client.exports.ofVersion({ versionId: id });
    });
  }
}
