import { untrack } from 'svelte';
import { SvelteSet } from 'svelte/reactivity';
import type { Client } from '../../../src-main/contract/contract.ts';
import { ConceptId, type ImageId, type SegmentationId } from '../../../src-main/contract/ids.ts';
import type { Concept } from '../../../src-main/contract/segmentation.ts';
import type { ShownError } from '../../client/error.ts';
import { t } from '../../i18n/language.svelte.ts';
import { attempt, attemptLoudly } from '../../state/attempt.ts';
import { coalesce } from '../../state/coalesce.ts';
import type { Navigation } from '../../state/navigation.svelte.ts';
import type { Segmentations } from '../../state/segmentations.svelte.ts';
import type { Toasts } from '../../state/toasts.svelte.ts';

const REST_MS = 400;

/** What the view needs of the studio. */
type Surroundings = {
  client: Client;
  segmentations: Segmentations;
  navigation: Navigation;
  toasts: Toasts;
};
type Change = Parameters<Client['concepts']['update']>[0];

/** How people call a concept: by its name, or by its number while it has none. */
export function conceptTitle({ name, number }: Pick<Concept, 'name' | 'number'>): string {
  return name ?? t('concepts.unnamed', { number });
}

/**
 * The concepts screen: `concepts/SEGMENTATION/CONCEPT` shows one next to the others, and with `/masks` behind it all its
 * objects.
 */
export class ConceptsView {
  readonly #studio: Surroundings;
  #all = $state.raw<readonly Concept[]>([]);
  #of = $state<SegmentationId>();
  #error = $state.raw<ShownError>();
  /** Settles when the last change has been made and the concepts have been read again. */
  #lastTurn: Promise<unknown> = Promise.resolve();
  /** The ones selected for a bulk action. */
  readonly chosen = new SvelteSet<ConceptId>();
  readonly refresh: () => Promise<void>;

  readonly segmentationId = $derived.by(() => this.#studio.segmentations.selected?.id);
  /** Whether the concepts of the selected segmentation have been read. */
  readonly isLoaded = $derived.by(() => this.#of !== undefined && this.#of === this.segmentationId);
  /** Those that stand for themselves: as people have put them in order, then the ones with most objects first. */
  readonly standing = $derived.by(() =>
    (this.isLoaded ? this.#all : [])
      .filter(({ mergedInto }) => mergedInto === null)
      .toSorted(
        (a, b) =>
          placeOf(a) - placeOf(b) ||
          (a.position === null ? b.maskCount - a.maskCount : 0) ||
          a.number - b.number,
      ),
  );
  /** Without those that nothing belongs to and nobody has named: there are many in a small collection. */
  readonly #worthShowing = $derived(
    this.standing.filter(({ maskCount, name }) => maskCount > 0 || name !== null),
  );
  readonly things = $derived(this.#worthShowing.filter(({ isBackground }) => !isBackground));
  readonly background = $derived(this.#worthShowing.filter(({ isBackground }) => isBackground));
  /** As they are shown, one after the other. */
  readonly shown = $derived([...this.things, ...this.background]);
  readonly current = $derived.by(() => {
    const id = this.#studio.navigation.path[1];
    return id === undefined ? this.shown[0] : this.shown.find((concept) => String(concept.id) === id);
  });
  readonly isBrowsing = $derived.by(
    () => this.#studio.navigation.path[2] === 'masks' && this.current !== undefined,
  );

  /** Whether the address names a concept that does not exist, or that counts as another one. */
  readonly isMissing = $derived(this.isLoaded && this.shown.length > 0 && this.current === undefined);

  /** Another number whenever concepts are drawn in other colours or have other objects: part of addresses. */
  readonly version = $derived.by(() =>
    hashOf(
      this.#all
        .map(({ id, mergedInto, maskCount, colour }) => `${id}.${mergedInto ?? ''}.${maskCount}.${colour}`)
        .join(),
    ),
  );

  constructor(studio: Surroundings) {
    this.#studio = studio;
    this.refresh = coalesce(() => this.#read(), REST_MS);
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  /** Those that were merged into a concept, by number. */
  mergedInto(id: ConceptId): Concept[] {
    return this.#all.filter(({ mergedInto }) => mergedInto === id);
  }

  find(id: ConceptId | null): Concept | undefined {
    return this.#all.find((concept) => concept.id === id);
  }

  /** Shows one; the back button leads over it. */
  show(id: ConceptId): void {
    this.#studio.navigation.replace('concepts', this.segmentationId ?? 0, id);
  }

  browse(id: ConceptId): void {
    this.#studio.navigation.go('concepts', this.segmentationId ?? 0, id, 'masks');
  }

  /** Shows the image of an object in the mask editor; the back button leads back to the objects. */
  openImage(id: ImageId): void {
    this.#studio.navigation.go('masks', this.segmentationId ?? 0, id);
  }

  leave(): void {
    if (this.current) this.show(this.current.id);
  }

  toggle(id: ConceptId): void {
    if (!this.chosen.delete(id)) this.chosen.add(id);
  }

  /** An empty name takes it away. */
  rename({ id }: Concept, name: string): Promise<boolean> {
    const wanted = name.trim() === '' ? null : name.trim();
    return this.#inTurn(async () => {
      if (wanted === this.find(id)?.name) return true;
      const namesake = this.standing.find((other) => other.id !== id && other.name === wanted);
      if (!namesake) return this.#change([{ id, name: wanted }]);
      this.#studio.toasts.show({
        tone: 'neutral',
        title: t('concepts.taken', { name: wanted ?? '' }),
        action: { label: t('concepts.mergeThem'), run: () => void this.merge([id], namesake.id) },
      });
      return false;
    });
  }

  /** Adds a concept and shows it. */
  create(name: string): Promise<boolean> {
    const id = this.segmentationId;
    if (id === undefined) return Promise.resolve(false);
    const isStillHere = this.#studio.navigation.stay();
    return this.#inTurn(() =>
      this.#attempt(async (client) => {
        const made = await client.concepts.create({ id, name });
        if (isStillHere()) this.show(made.id);
      }),
    );
  }

  recolour({ id }: Concept, colour: string): Promise<boolean> {
    return this.#inTurn(() => this.#change([{ id, colour }]));
  }

  /** Puts a concept before the one in front of it, or behind the one after it. */
  move(id: ConceptId, by: 1 | -1): Promise<void> {
    return this.#inTurn(async () => {
      const ids = this.shown.map((concept) => concept.id);
      const [from, segmentationId] = [ids.indexOf(id), this.segmentationId];
      const other = ids[from + by];
      if (from < 0 || other === undefined || segmentationId === undefined) return;
      [ids[from], ids[from + by]] = [other, id];
      await this.#attempt((client) => client.concepts.order({ id: segmentationId, conceptIds: ids }));
    });
  }

  /** Deletes a concept with those that were merged into it; their objects stay without one. */
  remove({ id }: Concept): Promise<void> {
    const isStillHere = this.#studio.navigation.stay();
    return this.#inTurn(async () => {
      this.chosen.delete(id);
      const isDone = await this.#attempt((client) => client.concepts.remove({ id }));
      if (isDone && isStillHere()) this.showFirst();
    });
  }

  showFirst(): void {
    this.#studio.navigation.replace('concepts', this.segmentationId ?? 0);
  }

  /** Marks concepts as background or as objects, and offers to undo it. */
  setBackground(ids: readonly ConceptId[], isBackground: boolean): Promise<void> {
    return this.#inTurn(() => this.#mark(ids, isBackground));
  }

  /** Marks concepts as background, or as objects if they all are background already. */
  toggleBackground(ids: readonly ConceptId[]): Promise<void> {
    return this.#inTurn(() => this.#mark(ids, !ids.every((id) => this.find(id)?.isBackground)));
  }

  /** Keeps a concept that is probably background as objects: nothing is suggested of it again. */
  async keepAsObjects({ id }: Concept): Promise<void> {
    await this.#inTurn(() => this.#change([{ id, isBackground: false }]));
  }

  /** Merges concepts into another one, and offers to undo it. */
  merge(ids: readonly ConceptId[], into: ConceptId): Promise<void> {
    const isStillHere = this.#studio.navigation.stay();
    return this.#inTurn(() => this.#merge(ids, into, isStillHere));
  }

  /** Which of the selected ones the others are merged into: one with a name, else the one with the most objects. */
  readonly mergeTarget = $derived.by(() => {
    const chosen = this.shown.filter(({ id }) => this.chosen.has(id));
    return chosen.find(({ name }) => name !== null) ?? chosen[0];
  });

  mergeChosen(): Promise<void> {
    const isStillHere = this.#studio.navigation.stay();
    return this.#inTurn(async () => {
      if (this.mergeTarget) await this.#merge([...this.chosen], this.mergeTarget.id, isStillHere);
    });
  }

  takeBack(id: ConceptId): Promise<boolean> {
    return this.#inTurn(() => this.#change([{ id, mergedInto: null }]));
  }

  /** Undoes the merge of the last one that was merged into a concept. */
  takeBackLast(into: ConceptId): Promise<void> {
    return this.#inTurn(async () => {
      const last = this.mergedInto(into).at(-1);
      if (last) await this.#change([{ id: last.id, mergedInto: null }]);
    });
  }

  /**
   * Makes a change once the ones before it have been made and read. Without that, a second key press would act on what
   * the page showed before the first, and toggle the same thing in the same direction.
   */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(work);
    this.#lastTurn = turn.catch(() => undefined);
    return turn;
  }

  async #mark(ids: readonly ConceptId[], isBackground: boolean): Promise<void> {
    const changed = ids
      .flatMap((id) => this.find(id) ?? [])
      .filter((concept) => concept.isBackground !== isBackground);
    const [first] = changed;
    if (!first || !(await this.#change(changed.map(({ id }) => ({ id, isBackground }))))) return;
    const values = { count: changed.length, name: conceptTitle(first) };
    this.#offerBack(
      isBackground ? t('concepts.madeBackground', values) : t('concepts.madeThings', values),
      changed.map(({ id }) => ({ id, isBackground: !isBackground })),
    );
  }

  async #merge(ids: readonly ConceptId[], into: ConceptId, isStillHere: () => boolean): Promise<void> {
    const merged = ids.filter((id) => id !== into).flatMap((id) => this.find(id) ?? []);
    const target = this.find(into);
    if (!target || merged.length === 0) return;
    // Those that were merged into one of them before go along, and come back to it.
    const before = merged.flatMap((concept) => [concept, ...this.mergedInto(concept.id)]);
    const isDone = await this.#change(merged.map(({ id }) => ({ id, mergedInto: into })));
    if (!isDone) return;
    // What was selected in the meantime stays so.
    for (const id of [...ids, into]) this.chosen.delete(id);
    if (isStillHere()) this.show(into);
    this.#offerBack(
      t('concepts.merged', { count: merged.length, name: conceptTitle(target) }),
      // The name that the other one got from them goes back first: no two may have it.
      [
        { id: into, name: target.name },
        ...before.map(({ id, mergedInto, name }) => ({ id, mergedInto, name })),
      ],
    );
  }

  #offerBack(title: string, changes: readonly Change[]): void {
    this.#studio.toasts.show({
      tone: 'neutral',
      title,
      action: { label: t('concepts.takeBack'), run: () => void this.#inTurn(() => this.#change(changes)) },
    });
  }

  #change(changes: readonly Change[]): Promise<boolean> {
    return this.#attempt(async (client) => {
      for (const change of changes) await client.concepts.update(change);
    });
  }

  /** Does something, and reads the concepts as they are then. */
  async #attempt(work: (client: Client) => Promise<unknown>): Promise<boolean> {
    const { client, toasts } = this.#studio;
    const isDone = await attemptLoudly(toasts, async () => void (await work(client)));
    await this.#read();
    return isDone;
  }

  async #read(): Promise<void> {
    // Not `segmentationId`, which is gone with its screen: a read may start or end after that.
    const selectedId = () => this.#studio.segmentations.selected?.id;
    const id = untrack(selectedId);
    if (id === undefined) return;
    this.#error = await attempt(async () => {
      const concepts = await this.#studio.client.concepts.list({ id });
      // Another one may have been selected meanwhile.
      if (id !== selectedId()) return;
      if (id !== this.#of) this.chosen.clear();
      this.#all = concepts;
      this.#of = id;
    });
  }
}

/** Where people have put it; behind all others where nobody has. */
const placeOf = ({ position }: Concept): number => position ?? Number.MAX_SAFE_INTEGER;

/** A short number for a text (FNV-1a, 32 bits). */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return hash;
}
