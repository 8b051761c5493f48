import type { Client } from '../../src-main/contract/contract.ts';
import type { Collection } from '../../src-main/contract/collection.ts';
import type { ServiceEvent } from '../../src-main/contract/event.ts';
import type { CollectionId } from '../../src-main/contract/ids.ts';
import type { Image } from '../../src-main/contract/image.ts';
import type { Job } from '../../src-main/contract/job.ts';
import { toShownError, type ShownError } from '../client/error.ts';

const PAGE_SIZE = 120;
const ACTIVE = ['queued', 'running', 'pausing', 'paused', 'cancelling', 'interrupted'] as const;

/** The library: collections, the images of the selected one, and the scans under way. */
export class Library {
  readonly #client: Client;
  #collections = $state<Collection[]>([]);
  #selectedId = $state<CollectionId>();
  #images = $state<Image[]>([]);
  #nextCursor = $state<string | null>(null);
  #problems = $state<Image[]>([]);
  #jobs = $state<Job[]>([]);
  #error = $state<ShownError>();
  #isLoaded = $state(false);

  readonly selected = $derived(this.#collections.find(({ id }) => id === this.#selectedId));
  /** The newest scan of the selected collection that has not ended. */
  readonly scan = $derived(
    this.#jobs.find(({ spec }) => spec.kind === 'scan' && spec.collectionId === this.#selectedId),
  );

  constructor(client: Client) {
    this.#client = client;
  }

  get collections(): readonly Collection[] {
    return this.#collections;
  }

  get images(): readonly Image[] {
    return this.#images;
  }

  get problems(): readonly Image[] {
    return this.#problems;
  }

  get hasMore(): boolean {
    return this.#nextCursor !== null;
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Reads everything, then follows the events until `signal` ends. */
  async follow(signal: AbortSignal): Promise<void> {
    const events = await this.#client.events.watch(undefined, { signal });
    await this.#attempt(async () => {
      this.#collections = await this.#client.collections.list();
      this.#jobs = (await this.#client.jobs.page({ states: [...ACTIVE] })).items;
      const [first] = this.#collections;
      if (first) await this.select(first.id);
    });
    this.#isLoaded = true;
    for await (const event of events) await this.#attempt(() => this.#apply(event));
  }

  async select(id: CollectionId): Promise<void> {
    this.#selectedId = id;
    await this.#attempt(() => this.#reload(id));
  }

  async loadMore(): Promise<void> {
    const id = this.#selectedId;
    const cursor = this.#nextCursor;
    if (id === undefined || cursor === null) return;
    this.#nextCursor = null;
    await this.#attempt(async () => {
      const page = await this.#client.images.page({
        collectionId: id,
        statuses: ['ok', 'changed'],
        cursor,
        limit: PAGE_SIZE,
      });
      if (id !== this.#selectedId) return;
      this.#images.push(...page.items);
      this.#nextCursor = page.nextCursor;
    });
  }

  /** @returns whether the folder was added */
  async add(path: string): Promise<boolean> {
    return this.#attempt(async () => {
      const { collection } = await this.#client.collections.add({ path });
      this.#collections = await this.#client.collections.list();
      await this.select(collection.id);
    });
  }

  rescan(id: CollectionId): Promise<boolean> {
    return this.#attempt(() => this.#client.collections.rescan({ id }));
  }

  remove(id: CollectionId): Promise<boolean> {
    return this.#attempt(() => this.#client.collections.remove({ id }));
  }

  control(job: Job, verb: 'pause' | 'resume' | 'cancel'): Promise<boolean> {
    return this.#attempt(() => this.#client.jobs[verb]({ id: job.id }));
  }

  dismissError(): void {
    this.#error = undefined;
  }

  async #apply(event: ServiceEvent): Promise<void> {
    switch (event.type) {
      case 'job':
        this.#applyJob(event.job);
        return;
      case 'collection':
        await this.#refresh(event.collectionId);
        return;
      case 'collection-removed':
        this.#collections = this.#collections.filter(({ id }) => id !== event.collectionId);
        if (this.#selectedId === event.collectionId) this.#clear();
        return;
      case 'run':
      case 'run-removed':
      case 'model':
      case 'model-removed':
        return;
      default:
        event satisfies never;
    }
  }

  #applyJob(job: Job): void {
    const others = this.#jobs.filter(({ id }) => id !== job.id);
    const isActive = ACTIVE.some((state) => state === job.state);
    this.#jobs = isActive ? [job, ...others] : others;
    if (job.error) this.#error = { message: job.error.message, hint: job.error.hint };
  }

  async #refresh(id: CollectionId): Promise<void> {
    const fresh = await this.#client.collections.get({ id });
    const isKnown = this.#collections.some((collection) => collection.id === id);
    this.#collections = isKnown
      ? this.#collections.map((collection) => (collection.id === id ? fresh : collection))
      : [...this.#collections, fresh];
    // While the first screen is not full yet, a running scan fills it.
    if (id === this.#selectedId && this.#images.length < PAGE_SIZE) await this.#reload(id);
  }

  async #reload(id: CollectionId): Promise<void> {
    const [page, problems] = await Promise.all([
      this.#client.images.page({ collectionId: id, statuses: ['ok', 'changed'], limit: PAGE_SIZE }),
      this.#client.images.page({ collectionId: id, statuses: ['problem', 'missing'], limit: PAGE_SIZE }),
    ]);
    if (id !== this.#selectedId) return;
    this.#images = page.items;
    this.#nextCursor = page.nextCursor;
    this.#problems = problems.items;
  }

  #clear(): void {
    this.#selectedId = undefined;
    this.#images = [];
    this.#problems = [];
    this.#nextCursor = null;
  }

  /** The boundary at which a failed call becomes a message on the page. */
  async #attempt(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.#error = toShownError(error);
      return false;
    }
  }
}
