import { z } from 'zod';
import type { Client } from '../../src-main/contract/contract.ts';
import type { SegmentationEvent } from '../../src-main/contract/event.ts';
import type { SegmentationId } from '../../src-main/contract/ids.ts';
import type { Segmentation, SegmentRequest } from '../../src-main/contract/segmentation.ts';
import { attempt, attemptLoudly } from './attempt.ts';
import { ChangeLog } from './change-log.ts';
import { coalesce } from './coalesce.ts';
import type { Toasts } from './toasts.svelte.ts';
import type { ViewMemory } from './view-memory.svelte.ts';

const REST_MS = 500;
const SELECTED_KEY = 'segmentation';

/**
 * All segmentations, the newest first, kept up to date by events; and the one that the screens of masks and concepts
 * show, which outlives a restart.
 */
export class Segmentations {
  readonly #client: Client;
  readonly #toasts: Toasts;
  readonly #memory: ViewMemory;
  readonly #named: () => string | undefined;
  #all = $state.raw<readonly Segmentation[]>([]);
  #changes = $state(0);
  readonly #announce: () => Promise<void>;
  /** What `changes` has counted. */
  readonly log = new ChangeLog();
  readonly #reload: () => Promise<void>;

  /** The one that the address names; otherwise the one that was selected last, or the newest if that one was deleted. */
  readonly selected = $derived.by(() => {
    const named = this.#named();
    if (named !== undefined) return this.find(Number(named));
    const id = this.#memory.read(SELECTED_KEY, z.number(), 0);
    return this.find(id) ?? this.#all[0];
  });

  /** @param named the one that the page's address names, if it does */
  constructor(
    client: Client,
    toasts: Toasts,
    memory: ViewMemory,
    named: () => string | undefined = () => undefined,
  ) {
    this.#client = client;
    this.#toasts = toasts;
    this.#memory = memory;
    this.#named = named;
    this.#reload = coalesce(() => attempt(() => this.load()), REST_MS);
    this.#announce = coalesce(() => Promise.resolve(this.#changes++), REST_MS);
  }

  get all(): readonly Segmentation[] {
    return this.#all;
  }

  /** Grows whenever a segmentation, its concepts or its masks may have changed. */
  get changes(): number {
    return this.#changes;
  }

  /** Whether the address names a segmentation that does not exist. */
  get isUnknown(): boolean {
    return this.#named() !== undefined && this.selected === undefined;
  }

  find(id: number): Segmentation | undefined {
    return this.#all.find((segmentation) => segmentation.id === id);
  }

  /** Shows it on screens whose address names none. */
  remember(id: number): void {
    this.#memory.remember(SELECTED_KEY, id);
  }

  async load(): Promise<void> {
    this.#all = await this.#client.segmentations.list({});
    this.log.add(null);
    this.#changes++;
  }

  /** An event reported a change. Masks are not in the list, so those leave it as it is. */
  apply(event: SegmentationEvent): Promise<void> {
    if (event.what === 'all') return this.#reload();
    this.log.add(event);
    return this.#announce();
  }

  /** The job of a segmentation has moved on, or one was removed. */
  refresh(): Promise<void> {
    return this.#reload();
  }

  /** Starts a segmentation and selects it. @returns it, or undefined when it was refused */
  async start(request: SegmentRequest): Promise<Segmentation | undefined> {
    const started: Segmentation[] = [];
    await this.#change(async () => {
      started.push((await this.#client.segmentations.start(request)).segmentation);
    });
    if (started[0]) this.remember(started[0].id);
    return started[0];
  }

  /** @param isNewOnly leaves images that have changed since as they are */
  resume(id: SegmentationId, isNewOnly = false): Promise<boolean> {
    return this.#change(() => this.#client.segmentations.resume({ id, isNewOnly }));
  }

  rename(id: SegmentationId, name: string): Promise<boolean> {
    return this.#change(() => this.#client.segmentations.rename({ id, name }));
  }

  remove(id: SegmentationId): Promise<boolean> {
    return this.#change(() => this.#client.segmentations.remove({ id }));
  }

  #change(call: () => Promise<unknown>): Promise<boolean> {
    return attemptLoudly(this.#toasts, async () => {
      await call();
      await this.load();
    });
  }
}
