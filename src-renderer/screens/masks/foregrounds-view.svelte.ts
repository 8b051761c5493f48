import { SvelteSet } from 'svelte/reactivity';
import type { Client } from '../../../src-main/contract/contract.ts';
import type {
  ForegroundProposal,
  ProposedForeground,
} from '../../../src-main/contract/foreground-proposal.ts';
import type { ImageId, SegmentationId } from '../../../src-main/contract/ids.ts';
import type { Job } from '../../../src-main/contract/job.ts';
import type { ShownError } from '../../client/error.ts';
import { t } from '../../i18n/language.svelte.ts';
import { attempt, attemptLoudly } from '../../state/attempt.ts';
import { recutFirst } from '../../state/described.ts';
import type { Toasts } from '../../state/toasts.svelte.ts';
import { DoneBatches } from '../../state/undo-batches.ts';

/** Images that are shown; all of them are applied. */
const SHOWN = 500;

/** New foregrounds that corrections suggest for other images: looked through, applied or thrown away. */
export class ForegroundsView {
  readonly #client: Client;
  readonly #toasts: Toasts;
  readonly #id: SegmentationId;
  #proposal = $state.raw<ForegroundProposal | null>();
  #images = $state.raw<readonly ProposedForeground[]>([]);
  #job = $state.raw<Job>();
  #error = $state.raw<ShownError>();
  /** Images that are left out. */
  readonly chosen = new SvelteSet<ImageId>();

  readonly ids = $derived.by(() => this.#images.map(({ imageId }) => imageId));
  // Recreated with the list; nothing changes it.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #byId = $derived.by(() => new Map(this.#images.map((image) => [image.imageId, image])));

  constructor(client: Client, toasts: Toasts, id: SegmentationId) {
    this.#client = client;
    this.#toasts = toasts;
    this.#id = id;
  }

  /** Undefined until it is known; null if its job was stopped. */
  get proposal(): ForegroundProposal | null | undefined {
    return this.#proposal;
  }

  /** The job that makes it. */
  get job(): Job | undefined {
    return this.#job;
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  find(id: ImageId): ProposedForeground | undefined {
    return this.#byId.get(id);
  }

  /** Reads the existing proposal, or has one made. @param isNew makes another one in any case */
  async open(isNew = false): Promise<void> {
    const [client, id] = [this.#client, this.#id];
    this.chosen.clear();
    this.#error = await attempt(async () => {
      this.#proposal = undefined;
      const proposal = await recutFirst(client, { id, isNew }, (job) => (this.#job = job));
      this.#images = proposal ? await client.foregrounds.images({ id, limit: SHOWN }) : [];
      this.#proposal = proposal;
    });
  }

  toggle(id: ImageId): void {
    if (!this.chosen.delete(id)) this.chosen.add(id);
  }

  /** Carries it out but for the images that are left out. @returns whether that was done */
  async apply(): Promise<boolean> {
    const done = new DoneBatches();
    const isDone = await attemptLoudly(this.#toasts, async () =>
      done.add(await this.#client.foregrounds.apply({ id: this.#id, except: [...this.chosen] })),
    );
    if (!isDone) return false;
    this.#toasts.show({
      tone: 'success',
      title: t('proposal.foregrounds.applied', { count: done.changed }),
      ...done.undo(this.#client, this.#toasts),
    });
    return true;
  }

  async discard(): Promise<void> {
    await attemptLoudly(this.#toasts, () => this.#client.foregrounds.discard({ id: this.#id }));
  }
}
