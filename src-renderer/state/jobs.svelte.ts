import type { Client } from '../../src-main/contract/contract.ts';
import type { JobId } from '../../src-main/contract/ids.ts';
import type { Job } from '../../src-main/contract/job.ts';
import { isAtWork, isEnded, isFailure, isOpen } from '../../src-main/contract/job-state.ts';
import { errorText, errorTitle } from '../client/error.ts';
import { t } from '../i18n/language.svelte.ts';
import { attemptLoudly } from './attempt.ts';
import { nextStepLabel } from './job-next-step.ts';
import type { Toasts } from './toasts.svelte.ts';

export type JobVerb = 'pause' | 'resume' | 'cancel';

const PAGE_SIZE = 100;

/** All jobs that the service knows, the newest first, kept up to date by its events. */
export class Jobs {
  readonly #client: Client;
  readonly #toasts: Toasts;
  #all = $state.raw<readonly Job[]>([]);
  #nextCursor = $state<string | null>(null);
  /** Goes to what a job made; set by what can. */
  onNextStep?: (job: Job) => void;

  readonly open = $derived(this.#all.filter(({ state }) => isOpen(state)));
  readonly ended = $derived(this.#all.filter(({ state }) => isEnded(state)));
  /** The one at work; jobs run one after the other. */
  readonly running = $derived(this.#all.find(({ state }) => isAtWork(state)));

  constructor(client: Client, toasts: Toasts) {
    this.#client = client;
    this.#toasts = toasts;
  }

  get hasMore(): boolean {
    return this.#nextCursor !== null;
  }

  async load(): Promise<void> {
    const page = await this.#client.jobs.page({ limit: PAGE_SIZE });
    this.#all = page.items;
    this.#nextCursor = page.nextCursor;
  }

  async loadMore(): Promise<void> {
    const cursor = this.#nextCursor;
    if (cursor === null) return;
    this.#nextCursor = null;
    await attemptLoudly(this.#toasts, async () => {
      const page = await this.#client.jobs.page({ cursor, limit: PAGE_SIZE });
      this.#all = [...this.#all, ...page.items];
      this.#nextCursor = page.nextCursor;
    });
  }

  find(id: JobId): Job | undefined {
    return this.#all.find((job) => job.id === id);
  }

  control(job: Job, verb: JobVerb): Promise<boolean> {
    return attemptLoudly(this.#toasts, async () => this.apply(await this.#client.jobs[verb]({ id: job.id })));
  }

  /** Applies what an event or an answer says about a job. */
  apply(job: Job): void {
    const before = this.find(job.id);
    this.#all = before
      ? this.#all.map((other) => (other.id === job.id ? job : other))
      : [job, ...this.#all].sort((a, b) => b.id - a.id);
    if (before && before.state !== job.state) this.#tell(job);
  }

  #tell(job: Job): void {
    const about = `job ${job.id}`;
    this.#toasts.forget(about);
    const text = jobTitle(job);
    if (job.state === 'done') {
      const action = { label: nextStepLabel(job), run: () => this.onNextStep?.(job) };
      this.#toasts.show({ tone: 'success', title: t('jobs.doneToast'), text, about, action });
    }
    if (job.error && isFailure(job.state)) {
      const title = `${text}: ${errorTitle(job.error.code)}`;
      this.#toasts.show({
        tone: 'danger',
        title,
        text: errorText(job.error),
        about,
        isToldElsewhere: true,
        ...(job.isResumable
          ? { action: { label: t('jobs.resume'), run: () => void this.control(job, 'resume') } }
          : {}),
      });
    }
  }
}

/** What stored titles say before the name of what a job works on: a verb, or these words. */
const BEFORE_NAME = /^(New foregrounds of|\S+) /;

/** What a job does, in the page's language. */
export function jobTitle({ spec, title }: Pick<Job, 'spec' | 'title'>): string {
  return t(`jobs.title.${spec.kind}`, { name: title.replace(BEFORE_NAME, '') });
}
