import type { Client } from '../../src-main/contract/contract.ts';
import type { CollectionId, ModelId, RunId } from '../../src-main/contract/ids.ts';
import type { PresetName, PretrainOverrides } from '../../src-main/contract/pretrain.ts';
import type { Run } from '../../src-main/contract/run.ts';
import { t } from '../i18n/language.svelte.ts';
import { attempt, attemptLoudly } from './attempt.ts';
import { coalesce } from './coalesce.ts';
import type { Toasts } from './toasts.svelte.ts';

export type PretrainRequest = {
  collectionId: CollectionId;
  preset: PresetName;
  overrides: PretrainOverrides;
  device?: string;
  fromModelId?: ModelId;
};

const REST_MS = 500;

/** All pretrainings, the newest first, kept up to date by events. */
export class Runs {
  readonly #client: Client;
  readonly #toasts: Toasts;
  #all = $state.raw<readonly Run[]>([]);
  #changes = $state(0);
  readonly #reload: () => Promise<void>;

  constructor(client: Client, toasts: Toasts) {
    this.#client = client;
    this.#toasts = toasts;
    this.#reload = coalesce(() => attempt(() => this.load()), REST_MS);
  }

  get all(): readonly Run[] {
    return this.#all;
  }

  /** Grows whenever a run, its curves or its previews may have changed. */
  get changes(): number {
    return this.#changes;
  }

  find(id: number): Run | undefined {
    return this.#all.find((run) => run.id === id);
  }

  async load(): Promise<void> {
    this.#all = await this.#client.runs.list({});
    this.#changes++;
  }

  /** An event reported a change. */
  refresh(): Promise<void> {
    return this.#reload();
  }

  /** @returns the new run, or undefined when it was refused */
  async start(request: PretrainRequest): Promise<Run | undefined> {
    const started: Run[] = [];
    await attemptLoudly(this.#toasts, async () => {
      started.push((await this.#client.runs.start(request)).run);
      await this.load();
    });
    return started[0];
  }

  /** @param device where to continue, if not on the device of the run */
  resume(id: RunId, device?: string): Promise<boolean> {
    return this.#change(() => this.#client.runs.resume({ id, ...(device !== undefined && { device }) }));
  }

  extend(id: RunId, epochs: number): Promise<boolean> {
    return this.#change(() => this.#client.runs.extend({ id, epochs }));
  }

  async keepBest(id: RunId): Promise<void> {
    const isKept = await this.#change(() => this.#client.runs.keepBest({ id }));
    if (isKept) this.#toasts.show({ tone: 'success', title: t('runs.kept') });
  }

  rename(id: RunId, name: string): Promise<boolean> {
    return this.#change(() => this.#client.runs.rename({ id, name }));
  }

  remove(id: RunId): Promise<boolean> {
    return this.#change(() => this.#client.runs.remove({ id }));
  }

  #change(call: () => Promise<unknown>): Promise<boolean> {
    return attemptLoudly(this.#toasts, async () => {
      await call();
      await this.load();
    });
  }
}
