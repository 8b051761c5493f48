import type { Client } from '../../src-main/contract/contract.ts';
import type { CollectionId, ModelId, RunId } from '../../src-main/contract/ids.ts';
import type { PresetName, PretrainOverrides } from '../../src-main/contract/pretrain.ts';
import type { Run } from '../../src-main/contract/run.ts';
import { t } from '../i18n/language.svelte.ts';
import { LiveList } from './live-list.svelte.ts';
import type { Toasts } from './toasts.svelte.ts';

export type PretrainRequest = {
  collectionId: CollectionId;
  preset: PresetName;
  overrides: PretrainOverrides;
  device?: string;
  fromModelId?: ModelId;
  name?: string;
};

/** All pretrainings, the newest first, kept up to date by events. */
export class Runs extends LiveList<Run> {
  readonly #client: Client;

  constructor(client: Client, toasts: Toasts) {
    super(() => client.runs.list({}), toasts);
    this.#client = client;
  }

  /** @returns the new run, or undefined when it was refused */
  async start(request: PretrainRequest): Promise<Run | undefined> {
    const started: Run[] = [];
    await this.change(async () => {
      started.push((await this.#client.runs.start(request)).run);
    });
    return started[0];
  }

  /** @param device where to continue, if not on the device of the run */
  resume(id: RunId, device?: string): Promise<boolean> {
    return this.change(() => this.#client.runs.resume({ id, ...(device !== undefined && { device }) }));
  }

  extend(id: RunId, epochs: number): Promise<boolean> {
    return this.change(() => this.#client.runs.extend({ id, epochs }));
  }

  /** @param name that of the model */
  async keepBest(id: RunId, name: string): Promise<void> {
    const isKept = await this.change(() => this.#client.runs.keepBest({ id, name }));
    if (isKept) this.toasts.show({ tone: 'success', title: t('runs.kept') });
  }

  rename(id: RunId, name: string): Promise<boolean> {
    return this.change(() => this.#client.runs.rename({ id, name }));
  }

  remove(id: RunId): Promise<boolean> {
    return this.change(() => this.#client.runs.remove({ id }));
  }
}
