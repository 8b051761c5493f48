import { untrack } from 'svelte';
import type { Client } from '../../../../src-main/contract/contract.ts';
import type { ConceptId, ImageId, MaskId, SegmentationId } from '../../../../src-main/contract/ids.ts';
import type { Job } from '../../../../src-main/contract/job.ts';
import { MapOf, type MapPoints, type MapState } from '../../../../src-main/contract/map.ts';
import type { Mask, ReviewState } from '../../../../src-main/contract/mask.ts';
import type { ShownError } from '../../../client/error.ts';
import { t } from '../../../i18n/language.svelte.ts';
import { attempt } from '../../../state/attempt.ts';
import { describeFirst, layOutFirst } from '../../../state/described.ts';
import type { Navigation } from '../../../state/navigation.svelte.ts';
import type { Toasts } from '../../../state/toasts.svelte.ts';
import { changeInBatches } from '../../../state/undo-batches.ts';
import { MASKS_AT_ONCE, ObjectList } from '../../concepts/object-list.svelte.ts';
import {
  cloudOf,
  groupingOf,
  joined,
  MapColour,
  pointsAgain,
  type Cloud,
  type ConceptLook,
} from './map-groups.ts';

/** Images that one call may review. */
const IMAGES_AT_ONCE = 500;

/** What the view needs of the studio. */
type Surroundings = { client: Client; navigation: Navigation; toasts: Toasts };

/** The map of a segmentation: `masks/SEGMENTATION?map=objects&mapColour=review`. */
export class MapView {
  readonly #studio: Surroundings;
  readonly #id: SegmentationId;
  readonly #looksOfConcepts: () => ReadonlyMap<ConceptId, ConceptLook>;
  /** Objects of the selection; those that are selected in it are left out of what is done. */
  readonly objects: ObjectList;
  #state = $state.raw<MapState>();
  #job = $state.raw<Job>();
  #error = $state.raw<ShownError>();
  #cloud = $state.raw<Cloud>();
  #chosen = $state.raw<readonly number[]>([]);
  #activeId = $state<number>();
  #lastLoad: Promise<void> = Promise.resolve();
  /** One that has been asked for and waits for the one before it. */
  #nextLoad: Promise<void> | undefined;
  #isUpdateWanted = false;

  readonly of = $derived.by(() => MapOf.catch('objects').parse(this.#studio.navigation.query.map));
  readonly colour = $derived.by(() => {
    const wanted = MapColour.safeParse(this.#studio.navigation.query.mapColour).data;
    return this.colours.find((one) => one === wanted) ?? this.colours[0] ?? 'review';
  });
  /** Images are of no concept. */
  readonly colours = $derived.by(() =>
    MapColour.options.filter((one) => one !== 'concept' || this.of === 'objects'),
  );
  readonly grouping = $derived.by(
    () => this.#cloud && groupingOf(this.#cloud, this.colour, this.#looksOfConcepts()),
  );
  /** The number of the group of each point, and 1 for the selected ones. [n, 2] */
  readonly looks = $derived.by(() => {
    const looks = new Uint8Array((this.grouping?.of.length ?? 0) * 2);
    this.grouping?.of.forEach((group, point) => (looks[point * 2] = group));
    for (const point of this.#chosen) looks[point * 2 + 1] = 1;
    return looks;
  });

  /** @param looksOfConcepts the colours of concepts, and what they count as */
  constructor(
    studio: Surroundings,
    id: SegmentationId,
    looksOfConcepts: () => ReadonlyMap<ConceptId, ConceptLook>,
  ) {
    this.#studio = studio;
    this.#id = id;
    this.#looksOfConcepts = looksOfConcepts;
    this.objects = new ObjectList(studio.client, studio.toasts, async (cursor, limit) => {
      const from = Number(cursor ?? 0);
      const ids = untrack(() => this.chosenMasks);
      const items = await studio.client.maps.objects({ id, ids: ids.slice(from, from + limit) });
      return { items, nextCursor: from + limit < ids.length ? String(from + limit) : null };
    });
  }

  /** Undefined until the points have been read. */
  get cloud(): Cloud | undefined {
    return this.#cloud;
  }

  /** The job that has to end first. */
  get job(): Job | undefined {
    return this.#job;
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  /** Whether there is no map, because its job was cancelled. */
  get isMissing(): boolean {
    return this.#state?.map === null && !this.#job && !this.#error;
  }

  get isOutdated(): boolean {
    return this.#state?.map?.isOutdated === true && !this.#job;
  }

  /** The selected points. */
  get chosen(): readonly number[] {
    return this.#chosen;
  }

  get chosenMasks(): MaskId[] {
    return this.#chosen.flatMap((point) => {
      const maskId = this.#cloud?.maskIds[point];
      return maskId ? [maskId] : [];
    });
  }

  get chosenImages(): ImageId[] {
    return this.#chosen.flatMap((point) => this.#cloud?.imageIds[point] ?? []);
  }

  /** The point that the keyboard is on. */
  get active(): number | undefined {
    return this.#activeId;
  }

  activate(point: number | undefined): void {
    this.#activeId = point;
  }

  show(change: { map?: MapOf; mapColour?: MapColour }): void {
    const isOther = change.map !== undefined && change.map !== this.of;
    this.#studio.navigation.setQuery(change);
    if (!isOther) return;
    this.choose([]);
    this.activate(undefined);
    this.#cloud = undefined;
    void this.load();
  }

  /** Reads the points; lays them out first if that has never been done. */
  load(): Promise<void> {
    return this.#loadInTurn();
  }

  /** Lays out what has changed since. */
  update(): Promise<void> {
    this.#isUpdateWanted = true;
    return this.#loadInTurn();
  }

  /** One after the other; what is asked for while one waits is read by that. */
  #loadInTurn(): Promise<void> {
    this.#nextLoad ??= this.#lastLoad.then(() => {
      const isUpdate = this.#isUpdateWanted;
      this.#nextLoad = undefined;
      this.#isUpdateWanted = false;
      return this.#load(isUpdate);
    });
    this.#lastLoad = this.#nextLoad;
    return this.#nextLoad;
  }

  /** @param isAdding whether what is selected already stays so */
  choose(points: readonly number[], isAdding = false): void {
    this.#chosen = isAdding ? joined(this.#chosen, points) : points;
    this.objects.chosen.clear();
    if (this.of === 'objects') void this.objects.refresh();
  }

  toggle(point: number): void {
    const isChosen = this.#chosen.includes(point);
    this.choose(isChosen ? this.#chosen.filter((one) => one !== point) : [...this.#chosen, point]);
  }

  chooseAll(): void {
    this.choose(Array.from({ length: this.#cloud?.imageIds.length ?? 0 }, (_, point) => point));
  }

  /** The points of a group of the legend. */
  pointsOf(key: string): number[] {
    const { groups = [], of = new Uint8Array() } = this.grouping ?? {};
    const wanted = groups.findIndex((group) => group.key === key);
    const points: number[] = [];
    of.forEach((group, point) => group === wanted && points.push(point));
    return points;
  }

  /** The object of a point; undefined for an image, and for one that is gone. */
  async objectOf(point: number): Promise<(Mask & { relPath: string }) | undefined> {
    const maskId = this.#cloud?.maskIds[point];
    if (!maskId) return undefined;
    const found = await this.#studio.client.maps.objects({ id: this.#id, ids: [maskId] });
    return found[0];
  }

  review(review: ReviewState): Promise<void> {
    const { client } = this.#studio;
    const title = (count: number) => t('masks.reviewed', { count });
    if (this.of === 'objects') return this.#change((ids) => client.masks.review({ ids, review }), title);
    const calls = (imageIds: ImageId[]) => client.masks.reviewImages({ id: this.#id, imageIds, review });
    return this.#do({ items: this.chosenImages, atOnce: IMAGES_AT_ONCE, call: calls }, title);
  }

  /** @param name of the concept, as shown */
  move(conceptId: ConceptId | null, name: string): Promise<void> {
    const { client } = this.#studio;
    return this.#change(
      (ids) => client.masks.setConcept({ ids, conceptId }),
      (count) => t('concepts.moved', { count, name }),
    );
  }

  remove(): Promise<void> {
    return this.#change(
      (ids) => this.#studio.client.masks.remove({ ids }),
      (count) => t('map.removed', { count }),
    );
  }

  #change(
    call: (ids: MaskId[]) => Promise<{ changed: number; batch: number | null }>,
    titleOf: (count: number) => string,
  ): Promise<void> {
    const items = this.chosenMasks.filter((id) => !this.objects.chosen.has(id));
    return this.#do({ items, atOnce: MASKS_AT_ONCE, call }, titleOf);
  }

  async #do<T>(
    work: {
      items: readonly T[];
      atOnce: number;
      call: (items: T[]) => Promise<{ changed: number; batch: number | null }>;
    },
    titleOf: (count: number) => string,
  ): Promise<void> {
    if (work.items.length === 0) return;
    const { of } = this;
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- used only here, and nothing changes it
    const done = new Set(this.#chosen.map((point) => this.#idOf(point)));
    await changeInBatches(this.#studio, work, titleOf);
    // What was selected in the meantime stays so. Points may have other numbers by now, their objects have not.
    if (of === this.of) this.choose(this.#chosen.filter((point) => !done.has(this.#idOf(point))));
    await this.load();
  }

  async #load(isUpdate: boolean): Promise<void> {
    const { client } = this.#studio;
    const [id, of] = [this.#id, untrack(() => this.of)];
    this.#error = await attempt(async () => {
      this.#state = await client.maps.state({ id });
      if (isUpdate || !this.#state.map || this.#state.job) {
        if (!this.#state.job) await describeFirst(client, id, (job) => (this.#job = job));
        this.#state = await layOutFirst(client, id, (job) => (this.#job = job));
      }
      const cloud = this.#state.map ? await readAll(client, id, of) : undefined;
      // Another map may have been asked for meanwhile.
      if (cloud && of === untrack(() => this.of)) this.#keep(cloud);
    });
  }

  #idOf(point: number): number | undefined {
    return this.of === 'objects' ? this.#cloud?.maskIds[point] : this.#cloud?.imageIds[point];
  }

  /** Takes over points that were read, with the selection where its objects still are. */
  #keep(cloud: Cloud): void {
    const before = this.#cloud;
    const [chosen, active] = [this.#chosen, this.#activeId];
    this.#cloud = cloud;
    this.#chosen = before ? pointsAgain(before, chosen, cloud) : [];
    this.#activeId = before && active !== undefined ? pointsAgain(before, [active], cloud)[0] : undefined;
  }
}

/** All points, page by page; from the start again where another layout takes the place of the first. */
async function readAll(client: Client, id: SegmentationId, of: MapOf): Promise<Cloud> {
  const pages: MapPoints[] = [];
  for (let from: number | null = 0; from !== null;) {
    const page: MapPoints = await client.maps.points({ id, of, from });
    const isOther = pages[0] !== undefined && pages[0].laidOutAtMs !== page.laidOutAtMs;
    if (isOther) pages.length = 0;
    else pages.push(page);
    from = isOther ? 0 : page.next;
  }
  return cloudOf(pages);
}
