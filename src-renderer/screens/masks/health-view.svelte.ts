import { untrack } from 'svelte';
import type { Client } from '../../../src-main/contract/contract.ts';
import type {
  HealthList,
  HealthProgress,
  HealthReport,
  SuspectObject,
} from '../../../src-main/contract/health.ts';
import type { ConceptId, MaskId, SegmentationId } from '../../../src-main/contract/ids.ts';
import type { Job } from '../../../src-main/contract/job.ts';
import type { ShownError } from '../../client/error.ts';
import { t } from '../../i18n/language.svelte.ts';
import { attempt, attemptLoudly } from '../../state/attempt.ts';
import { describeFirst } from '../../state/described.ts';
import type { Toasts } from '../../state/toasts.svelte.ts';
import { DoneBatches } from '../../state/undo-batches.ts';
import { ObjectList } from '../concepts/object-list.svelte.ts';

const SHOWN = 500;
const POLL_MS = 400;

/** What is probably wrong in a segmentation, in three lists that are looked through. */
export class HealthView {
  readonly objects: ObjectList;
  readonly #client: Client;
  readonly #toasts: Toasts;
  readonly #id: SegmentationId;
  readonly #left = new AbortController();
  #report = $state.raw<HealthReport>();
  #progress = $state.raw<HealthProgress>();
  #job = $state.raw<Job>();
  #error = $state.raw<ShownError>();
  #suspects = $state.raw<readonly SuspectObject[]>([]);

  list = $state<HealthList>('concepts');

  constructor(client: Client, toasts: Toasts, id: SegmentationId) {
    this.#client = client;
    this.#toasts = toasts;
    this.#id = id;
    this.objects = new ObjectList(client, toasts, async () => {
      if (!untrack(() => this.#report)) return { items: [], nextCursor: null };
      const list = untrack(() => this.list);
      this.#suspects = await client.health.list({ id, list, limit: SHOWN });
      return { items: [...this.#suspects], nextCursor: null };
    });
  }

  /** Undefined until everything has been checked. */
  get report(): HealthReport | undefined {
    return this.#report;
  }

  /** How far the check under way is. */
  get progress(): HealthProgress | undefined {
    return this.#progress;
  }

  /** The job that has to end first. */
  get job(): Job | undefined {
    return this.#job;
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  /** The concepts that the selected objects probably are of. */
  readonly suggested = $derived.by(() => {
    const groups: { conceptId: ConceptId; ids: MaskId[] }[] = [];
    for (const { id, otherConceptId } of this.#suspects) {
      if (otherConceptId === null || !this.objects.chosen.has(id)) continue;
      const group = groups.find(({ conceptId }) => conceptId === otherConceptId);
      if (group) group.ids.push(id);
      else groups.push({ conceptId: otherConceptId, ids: [id] });
    }
    return groups;
  });

  async check(): Promise<void> {
    this.#error = await attempt(async () => {
      await describeFirst(this.#client, this.#id, (job) => (this.#job = job));
      this.#report = await this.#checked();
    });
    await this.objects.refresh();
  }

  /** Ends a check under way: nobody looks at what it would find. */
  leave(): void {
    this.#left.abort();
  }

  async #checked(): Promise<HealthReport> {
    const [id, { signal }] = [this.#id, this.#left];
    let isOver = false;
    const show = (progress: HealthProgress | null) => {
      // An answer may come after that of the check itself.
      this.#progress = isOver || !progress ? undefined : progress;
    };
    // What keeps it from being read keeps the check from being made, which says so.
    const read = () => void this.#client.health.progress({ id }).then(show, () => undefined);
    const poll = setInterval(read, POLL_MS);
    try {
      return await this.#client.health.check({ id }, { signal });
    } finally {
      clearInterval(poll);
      isOver = true;
      this.#progress = undefined;
    }
  }

  async show(list: HealthList): Promise<void> {
    this.list = list;
    this.objects.chosen.clear();
    await this.objects.refresh();
  }

  /** Moves the selected objects to the concepts of their neighbours; one *Undo* for all of it. */
  async moveAsSuggested(): Promise<void> {
    const { suggested } = this;
    const done = new DoneBatches();
    await attemptLoudly(this.#toasts, async () => {
      for (const { ids, conceptId } of suggested)
        done.add(await this.#client.masks.setConcept({ ids, conceptId }));
    });
    // What was selected in the meantime stays so.
    for (const id of suggested.flatMap(({ ids }) => ids)) this.objects.chosen.delete(id);
    await this.objects.refresh();
    const title = t('health.moved', { count: done.changed });
    this.#toasts.show({ tone: 'success', title, ...done.undo(this.#client, this.#toasts) });
  }
}
