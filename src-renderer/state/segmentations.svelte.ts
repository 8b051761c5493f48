import { z } from 'zod';
import type { Client } from '../../src-main/contract/contract.ts';
import type { SegmentationEvent } from '../../src-main/contract/event.ts';
import type { SegmentationId } from '../../src-main/contract/ids.ts';
import type { Segmentation, SegmentRequest } from '../../src-main/contract/segmentation.ts';
import { ChangeLog } from './change-log.ts';
import { coalesce } from './coalesce.ts';
import { LiveList } from './live-list.svelte.ts';
import type { Toasts } from './toasts.svelte.ts';
import type { ViewMemory } from './view-memory.svelte.ts';

const REST_MS = 500;
const SELECTED_KEY = 'segmentation';

/**
 * All segmentations, the newest first, kept up to date by events; and the one that the screens of masks and concepts
 * show, which outlives a restart.
 */
export class Segmentations extends LiveList<Segmentation> {
  readonly #client: Client;
  readonly #memory: ViewMemory;
  readonly #named: () => string | undefined;
  readonly #announce: () => Promise<void>;
  /** What `changes` has counted. */
  readonly log = new ChangeLog();

  /** The one that the address names; otherwise the one that was selected last, or the newest if that one was deleted. */
  readonly selected = $derived.by(() => {
    const named = this.#named();
    if (named !== undefined) return this.find(Number(named));
    const id = this.#memory.read(SELECTED_KEY, z.number(), 0);
    return this.find(id) ?? this.all[0];
  });

  /** @param named the one that the page's address names, if it does */
  constructor(
    client: Client,
    toasts: Toasts,
    memory: ViewMemory,
    named: () => string | undefined = () => undefined,
  ) {
    super(() => client.segmentations.list({}), toasts);
    this.#client = client;
    this.#memory = memory;
    this.#named = named;
    this.#announce = coalesce(() => {
      super.touch();
      return Promise.resolve();
    }, REST_MS);
  }

  /** Whether the address names a segmentation that does not exist. */
  get isUnknown(): boolean {
    return this.#named() !== undefined && this.selected === undefined;
  }

  /** After a reading of the list, anything may have changed. */
  override touch(): void {
    this.log.add(null);
    super.touch();
  }

  /** Shows it on screens whose address names none. */
  remember(id: number): void {
    this.#memory.remember(SELECTED_KEY, id);
  }

  /** An event reported a change. Masks are not in the list, so those leave it as it is. */
  apply(event: SegmentationEvent): Promise<void> {
    if (event.what === 'all') return this.refresh();
    this.log.add(event);
    return this.#announce();
  }

  /** Starts a segmentation and selects it. @returns it, or undefined when it was refused */
  async start(request: SegmentRequest): Promise<Segmentation | undefined> {
    const started: Segmentation[] = [];
    await this.change(async () => {
      started.push((await this.#client.segmentations.start(request)).segmentation);
    });
    if (started[0]) this.remember(started[0].id);
    return started[0];
  }

  /** @param isNewOnly leaves images that have changed since as they are */
  resume(id: SegmentationId, isNewOnly = false): Promise<boolean> {
    return this.change(() => this.#client.segmentations.resume({ id, isNewOnly }));
  }

  rename(id: SegmentationId, name: string): Promise<boolean> {
    return this.change(() => this.#client.segmentations.rename({ id, name }));
  }

  remove(id: SegmentationId): Promise<boolean> {
    return this.change(() => this.#client.segmentations.remove({ id }));
  }
}
