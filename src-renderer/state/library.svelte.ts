import type { Client } from '../../src-main/contract/contract.ts';
import type { BrightnessSetting } from '../../src-main/contract/brightness.ts';
import type { Collection } from '../../src-main/contract/collection.ts';
import type { CollectionId } from '../../src-main/contract/ids.ts';
import { toShownError, type ShownError } from '../client/error.ts';
import { attempt, attemptLoudly } from './attempt.ts';
import { LiveList } from './live-list.svelte.ts';
import type { Toasts } from './toasts.svelte.ts';

/** The collections, kept up to date by events. */
export class Library extends LiveList<Collection> {
  readonly #client: Client;
  #locatedId = $state<CollectionId>();

  constructor(client: Client, toasts: Toasts) {
    super(() => client.collections.list(), toasts);
    this.#client = client;
  }

  /** The collection whose folder the user is asked for. */
  get located(): Collection | undefined {
    return this.#locatedId === undefined ? undefined : this.find(this.#locatedId);
  }

  /** Asks where the folder of a collection is now, on any screen; without one, no longer. */
  locate(id: CollectionId | undefined): void {
    this.#locatedId = id;
  }

  /** @returns the new collection, or why the folder was refused */
  async add(path: string): Promise<Collection | ShownError> {
    const added: Collection[] = [];
    const error = await attempt(async () => {
      added.push((await this.#client.collections.add({ path })).collection);
      await this.load();
    });
    return error ?? added[0] ?? toShownError(new Error('The service answered without a collection.'));
  }

  /** Adds the pictures that ship with the app. @returns the collection to start with, or undefined after a failure */
  async addSample(): Promise<Collection | undefined> {
    const added: Collection[] = [];
    await attemptLoudly(this.toasts, async () => {
      const samples = await this.#client.collections.addSample();
      added.push(...samples.map(({ collection }) => collection));
      await this.load();
    });
    return added[0];
  }

  rename(id: CollectionId, name: string): Promise<boolean> {
    return attemptLoudly(this.toasts, () => this.take(() => this.#client.collections.rename({ id, name })));
  }

  /** Reads the images from another folder. @returns why the folder was refused */
  async move(id: CollectionId, path: string): Promise<ShownError | undefined> {
    return attempt(() =>
      this.take(async () => (await this.#client.collections.move({ id, path })).collection),
    );
  }

  /** The service recreates the pictures of the collection; an event reports each change. */
  setBrightness(id: CollectionId, setting: BrightnessSetting): Promise<boolean> {
    return attemptLoudly(this.toasts, () =>
      this.take(async () => (await this.#client.collections.setBrightness({ id, setting })).collection),
    );
  }

  rescan(id: CollectionId): Promise<boolean> {
    return attemptLoudly(this.toasts, () => this.#client.collections.rescan({ id }));
  }

  remove(id: CollectionId): Promise<boolean> {
    return attemptLoudly(this.toasts, async () => {
      await this.#client.collections.remove({ id });
      this.forget(id);
    });
  }

  /** An event reported a change of a collection or of its images. */
  async refreshOne(id: CollectionId): Promise<void> {
    await this.take(() => this.#client.collections.get({ id }));
    this.touch();
  }
}
