import type { Client } from '../../../src-main/contract/contract.ts';
import type { CollectionId, ImageId } from '../../../src-main/contract/ids.ts';
import type {
  HideStep,
  LookAlikeGrade,
  LookAlikeGroup,
  LookAlikeState,
} from '../../../src-main/contract/look-alike.ts';
import type { ShownError } from '../../client/error.ts';
import { t } from '../../i18n/language.svelte.ts';
import { attempt, attemptLoudly } from '../../state/attempt.ts';
import { coalesce } from '../../state/coalesce.ts';
import type { Toasts } from '../../state/toasts.svelte.ts';

const PAGE_SIZE = 60;
const REST_MS = 400;

/** The images of a collection that look alike, in groups of one grade, read as they are scrolled to. */
export class LookAlikes {
  readonly #client: Client;
  readonly #toasts: Toasts;
  readonly #id: CollectionId;
  #grade = $state<LookAlikeGrade>('same');
  #state = $state.raw<LookAlikeState>();
  #groups = $state.raw<readonly LookAlikeGroup[]>([]);
  #error = $state.raw<ShownError>();
  #nextCursor: string | null = null;
  readonly refresh: () => Promise<void>;

  constructor(client: Client, toasts: Toasts, id: CollectionId) {
    this.#client = client;
    this.#toasts = toasts;
    this.#id = id;
    this.refresh = coalesce(() => this.#read(), REST_MS);
  }

  get grade(): LookAlikeGrade {
    return this.#grade;
  }

  /** Undefined until it has been read. */
  get state(): LookAlikeState | undefined {
    return this.#state;
  }

  get groups(): readonly LookAlikeGroup[] {
    return this.#groups;
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  async show(grade: LookAlikeGrade): Promise<void> {
    this.#grade = grade;
    this.#groups = [];
    this.#nextCursor = null;
    await this.refresh();
  }

  async compare(): Promise<void> {
    await attemptLoudly(this.#toasts, () => this.#client.lookAlikes.compare({ id: this.#id }));
    await this.refresh();
  }

  async more(): Promise<void> {
    const cursor = this.#nextCursor;
    if (cursor === null) return;
    this.#nextCursor = null;
    const before = this.#groups;
    this.#error = await attempt(async () => {
      const page = await this.#page(cursor);
      // Another grade may have been selected meanwhile, or all of it read again.
      if (this.#groups !== before) return;
      this.#groups = [...this.#groups, ...page.items];
      this.#nextCursor = page.nextCursor;
    });
  }

  /** Hides all but the best of each group, or of one. */
  keepBest(group?: number): Promise<void> {
    const [id, grade] = [this.#id, this.#grade];
    return this.#hide(() =>
      this.#client.lookAlikes.keepBest({ id, grade, ...(group === undefined ? {} : { group }) }),
    );
  }

  setHidden(imageId: ImageId, isHidden: boolean): Promise<void> {
    return this.#hide(() => this.#client.lookAlikes.setHidden({ imageIds: [imageId], isHidden }), !isHidden);
  }

  /** Hides images, and offers to undo it. */
  async #hide(call: () => Promise<HideStep>, isShowing = false): Promise<void> {
    const done: HideStep[] = [];
    await attemptLoudly(this.#toasts, async () => void done.push(await call()));
    await this.refresh();
    const [{ changed, step } = { changed: 0, step: null }] = done;
    if (isShowing || done.length === 0) return;
    this.#toasts.show({
      tone: 'neutral',
      title: t('lookAlikes.hid', { count: changed }),
      ...(step !== null && { action: { label: t('masks.undo'), run: () => void this.#undo(step) } }),
    });
  }

  async #undo(step: number): Promise<void> {
    await attemptLoudly(this.#toasts, () => this.#client.lookAlikes.undoHide({ step }));
    await this.refresh();
  }

  #page(cursor: string | null, limit = PAGE_SIZE) {
    return this.#client.lookAlikes.groups({ id: this.#id, grade: this.#grade, cursor, limit });
  }

  async #read(): Promise<void> {
    this.#error = await attempt(async () => {
      const grade = this.#grade;
      this.#state = await this.#client.lookAlikes.state({ id: this.#id });
      // As many as there were, so that the place on the screen stays.
      const page = await this.#page(null, Math.min(500, Math.max(PAGE_SIZE, this.#groups.length)));
      // Another grade may have been selected meanwhile.
      if (grade !== this.#grade) return;
      this.#groups = page.items;
      this.#nextCursor = page.nextCursor;
    });
  }
}
