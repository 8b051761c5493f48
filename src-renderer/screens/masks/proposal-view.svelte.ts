import { untrack } from 'svelte';
import type { Client } from '../../../src-main/contract/contract.ts';
import type { SegmentationId } from '../../../src-main/contract/ids.ts';
import type { Job } from '../../../src-main/contract/job.ts';
import type { Proposal, ProposedPart } from '../../../src-main/contract/proposal.ts';
import type { ShownError } from '../../client/error.ts';
import { t } from '../../i18n/language.svelte.ts';
import { attempt, attemptLoudly } from '../../state/attempt.ts';
import { describeFirst } from '../../state/described.ts';
import type { Toasts } from '../../state/toasts.svelte.ts';
import { DoneBatches } from '../../state/undo-batches.ts';
import { ObjectList } from '../concepts/object-list.svelte.ts';

const SHOWN = 500;

/** A part of a proposal with a name for it. */
type Part = { key: string; part: ProposedPart; count: number };

/** What the decisions of a person suggest for other objects of a segmentation: looked through, applied or thrown away. */
export class ProposalView {
  readonly objects: ObjectList;
  readonly #client: Client;
  readonly #toasts: Toasts;
  readonly #id: SegmentationId;
  #proposal = $state.raw<Proposal>();
  #job = $state.raw<Job>();
  #error = $state.raw<ShownError>();
  #key = $state<string>();
  #isClosed = false;

  readonly parts = $derived.by((): Part[] => {
    if (!this.#proposal) return [];
    const { byConcept, rejected, accepted } = this.#proposal;
    const reviews = [
      { key: 'rejected', part: { review: 'rejected' as const }, count: rejected },
      { key: 'accepted', part: { review: 'accepted' as const }, count: accepted },
    ];
    const concepts = byConcept.map(({ conceptId, count }) => ({
      key: String(conceptId),
      part: { conceptId },
      count,
    }));
    return [...concepts, ...reviews].filter(({ count }) => count > 0);
  });
  readonly part = $derived.by(() => this.parts.find(({ key }) => key === this.#key) ?? this.parts[0]);

  constructor(client: Client, toasts: Toasts, id: SegmentationId) {
    this.#client = client;
    this.#toasts = toasts;
    this.#id = id;
    this.objects = new ObjectList(client, toasts, async () => {
      const part = untrack(() => this.part);
      const items = part ? await client.proposals.masks({ id, part: part.part, limit: SHOWN }) : [];
      return { items, nextCursor: null };
    });
  }

  /** Undefined until it has been made. */
  get proposal(): Proposal | undefined {
    return this.#proposal;
  }

  /** The job that has to end first. */
  get job(): Job | undefined {
    return this.#job;
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  async make(): Promise<void> {
    this.#error = await attempt(async () => {
      await describeFirst(this.#client, this.#id, (job) => (this.#job = job));
      this.#proposal = await this.#client.proposals.make({ id: this.#id });
    });
    if (!this.#isClosed) await this.objects.refresh();
  }

  /** No list is read from now on: whoever looked has left. */
  close(): void {
    this.#isClosed = true;
  }

  async show(key: string): Promise<void> {
    this.#key = key;
    this.objects.chosen.clear();
    await this.objects.refresh();
  }

  /** Carries out all of it, or the part that is shown, without the selected objects. @returns whether that was done */
  async apply(isWhole: boolean): Promise<boolean> {
    const done = new DoneBatches();
    const part = isWhole ? undefined : this.part?.part;
    const except = [...this.objects.chosen];
    const isDone = await attemptLoudly(this.#toasts, async () =>
      done.add(await this.#client.proposals.apply({ id: this.#id, except, ...(part && { part }) })),
    );
    if (!isDone) return false;
    this.#toasts.show({
      tone: 'success',
      title: t('proposal.applied', { count: done.changed }),
      ...done.undo(this.#client, this.#toasts),
    });
    return true;
  }

  async discard(): Promise<void> {
    await attemptLoudly(this.#toasts, () => this.#client.proposals.discard({ id: this.#id }));
  }
}
