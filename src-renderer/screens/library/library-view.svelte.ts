import { untrack } from 'svelte';
import { z } from 'zod';
import type { Collection } from '../../../src-main/contract/collection.ts';
import { ImageId, type CollectionId } from '../../../src-main/contract/ids.ts';
import type { TagCount } from '../../../src-main/contract/tags.ts';
import type { Job } from '../../../src-main/contract/job.ts';
import type { ShownError } from '../../client/error.ts';
import { ImageList } from '../../state/image-list.svelte.ts';
import { attempt, showError } from '../../state/attempt.ts';
import { startSegmenting } from '../../state/job-results.ts';
import { Selection } from '../../state/selection.svelte.ts';
import type { Studio } from '../../state/studio.svelte.ts';
import { filterAddress, filterOf, imageQueryOf, type ImageFilter } from './image-filter.ts';

const Tab = z.enum(['images', 'duplicates', 'problems']);
export type LibraryTab = z.infer<typeof Tab>;

const TilePx = z.number().min(80).max(360);
const TILE_KEY = 'library.tile';
const WHOLE_KEY = 'library.whole';
const DEFAULT_TILE_PX = 168;
/** Images that one call may change. */
const IMAGES_AT_ONCE = 500;

/** What the library screen shows: all of it follows from the page's address, `library/COLLECTION/TAB/IMAGE`. */
export class LibraryView {
  readonly #studio: Studio;
  readonly #collectionId = $derived.by(() => this.selected?.id);

  readonly selected = $derived.by(() => {
    const { library, navigation } = this.#studio;
    const [id] = navigation.path;
    return id === undefined ? library.all[0] : library.find(Number(id));
  });
  /** Whether the address names a collection or a part of it that does not exist. */
  readonly isMissing = $derived.by(() => {
    const [id, tab] = this.#studio.navigation.path;
    return (id !== undefined && !this.selected) || (tab !== undefined && !Tab.safeParse(tab).success);
  });
  readonly tab = $derived.by(() => Tab.safeParse(this.#studio.navigation.path[1]).data ?? 'images');
  /** The single image that is shown. */
  readonly openId = $derived.by(() => ImageId.safeParse(Number(this.#studio.navigation.path[2])).data);
  readonly filter = $derived.by(() => filterOf(this.#studio.navigation.query));
  /** As text, which is equal where the filter is: a list lives as long as that. */
  readonly #query = $derived.by(() => JSON.stringify(imageQueryOf(this.filter)));
  /** The usable images of the selected collection that the filter lets through. */
  readonly images = $derived.by(() => {
    void this.#query;
    const query = untrack(() => imageQueryOf(this.filter));
    return this.#collectionId === undefined
      ? undefined
      : new ImageList(this.#studio.client, { collectionId: this.#collectionId, ...query });
  });
  /** The scan of the selected collection that has not ended. */
  readonly scan = $derived.by(() => (this.selected ? this.scanOf(this.selected.id) : undefined));
  /** The latest scan of the selected collection, ended or not. */
  readonly latestScan = $derived.by(
    () => this.scan ?? this.#studio.jobs.ended.find((job) => isScanOf(job, this.#collectionId)),
  );

  /** Images that were selected; they stay so while the filter changes. */
  readonly selection = new Selection<ImageId>();
  /** Tags of the selected collection. */
  #tags = $state.raw<readonly TagCount[]>([]);
  /** Only the latest answer counts. */
  #tagReads = 0;

  isAdding = $state(false);
  #addError = $state.raw<ShownError>();
  #activeId = $state<ImageId>();

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  scanOf(id: CollectionId): Job | undefined {
    return this.#studio.jobs.open.find((job) => isScanOf(job, id));
  }

  /** The image that the keyboard is on. */
  get activeId(): ImageId | undefined {
    return this.openId ?? this.#activeId;
  }

  activate(id: ImageId): void {
    this.#activeId = id;
  }

  get addError(): ShownError | undefined {
    return this.#addError;
  }

  get tilePx(): number {
    return this.#studio.memory.read(TILE_KEY, TilePx, DEFAULT_TILE_PX);
  }

  set tilePx(px: number) {
    this.#studio.memory.remember(TILE_KEY, px);
  }

  /** Whether tiles show whole photos, or fill their squares. */
  get isWhole(): boolean {
    return this.#studio.memory.read(WHOLE_KEY, z.boolean(), false);
  }

  set isWhole(isWhole: boolean) {
    this.#studio.memory.remember(WHOLE_KEY, isWhole);
  }

  get tags(): readonly TagCount[] {
    return this.#tags;
  }

  /** Rereads the tags of the selected collection. */
  async readTags(): Promise<void> {
    const collectionId = this.#collectionId;
    const asked = ++this.#tagReads;
    if (collectionId === undefined) return;
    const error = await attempt(async () => {
      const tags = await this.#studio.client.tags.list({ collectionId });
      if (asked === this.#tagReads) this.#tags = tags;
    });
    if (error) showError(this.#studio.toasts, error);
  }

  /** Gives the selected images tags, or takes them away. @returns whether that went well */
  tagSelected(change: { add?: string[]; remove?: string[] }): Promise<boolean> {
    return this.#forSelected(async (imageIds) => {
      await this.#studio.client.tags.change({ imageIds, ...change });
    });
  }

  /** Hides the selected images from pretraining and datasets, or shows them again. */
  hideSelected(isHidden: boolean): Promise<boolean> {
    return this.#forSelected(async (imageIds) => {
      await this.#studio.client.lookAlikes.setHidden({ imageIds, isHidden });
    });
  }

  async #forSelected(work: (imageIds: ImageId[]) => Promise<void>): Promise<boolean> {
    const ids = [...this.selection.ids];
    const error = await attempt(async () => {
      for (let at = 0; at < ids.length; at += IMAGES_AT_ONCE) await work(ids.slice(at, at + IMAGES_AT_ONCE));
    });
    if (error) showError(this.#studio.toasts, error);
    return error === undefined;
  }

  /** Changes what is shown of the collection; the address says so. */
  show(change: Partial<ImageFilter>): void {
    this.#studio.navigation.setQuery(filterAddress({ ...this.filter, ...change }));
  }

  select(id: CollectionId): void {
    this.#studio.navigation.go('library', id);
  }

  showTab(tab: LibraryTab): void {
    if (this.selected) this.#studio.navigation.go('library', this.selected.id, tab);
  }

  open(id: ImageId): void {
    if (this.selected) this.#studio.navigation.goWithin(this.selected.id, this.tab, id);
    this.#activeId = id;
  }

  /** Another image while one is open; the back button still leads to the grid. */
  turnTo(id: ImageId): void {
    if (this.selected) this.#studio.navigation.replaceWithin(this.selected.id, this.tab, id);
    this.#activeId = id;
  }

  close(): void {
    if (this.selected) this.#studio.navigation.replaceWithin(this.selected.id, this.tab);
  }

  /** Lets the address say what is shown. */
  settleAddress(): void {
    const { navigation } = this.#studio;
    if (this.selected && navigation.path.length === 0) navigation.settle('library', this.selected.id);
  }

  startAdding(): void {
    this.#addError = undefined;
    this.isAdding = true;
  }

  /** Adds folders and shows the first; those that are refused are explained in the dialog. */
  async add(paths: readonly string[]): Promise<void> {
    this.#addError = undefined;
    const isStillHere = this.#studio.navigation.stay();
    const collections: Collection[] = [];
    for (const path of paths) {
      const added = await this.#studio.library.add(path);
      if ('code' in added) this.#addError = added;
      else collections.push(added);
    }
    this.isAdding = this.#addError !== undefined;
    if (collections[0] && isStillHere()) this.select(collections[0].id);
  }

  /** Adds the sample and shows the form that segments it: what comes next is one button. */
  async trySample(): Promise<void> {
    const isStillHere = this.#studio.navigation.stay();
    const sample = await this.#studio.library.addSample();
    if (!sample) return;
    this.isAdding = false;
    if (isStillHere()) startSegmenting(this.#studio, sample.id);
  }
}

const isScanOf = ({ spec }: Job, id: CollectionId | undefined): boolean =>
  spec.kind === 'scan' && spec.collectionId === id;
