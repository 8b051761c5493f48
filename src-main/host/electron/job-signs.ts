import { fractionOf, type Job } from '../../contract/job.ts';
import { isAtWork, isFailure } from '../../contract/job-state.ts';
import type { NativeTexts } from './texts.ts';

/** As in electron-builder.yml: Windows shows notifications only of apps that name the id they were installed with. */
export const APP_ID = 'org.r2o-studio.app';

/** What the taskbar shows: a fraction, `unknown` while there is no total, or undefined for no bar. */
export type TaskbarProgress = number | 'unknown' | undefined;

/** The progress of the job at work; jobs run one after the other. */
export function taskbarProgress(jobs: Iterable<Job>): TaskbarProgress {
  const job = [...jobs].find(({ state }) => isAtWork(state));
  if (!job) return undefined;
  return fractionOf(job) ?? 'unknown';
}

/** The notification for a user who is not looking when a job ends; undefined if there is none to show. */
export function notificationOf(
  before: Job | undefined,
  job: Job,
  texts: NativeTexts,
): { title: string; body: string } | undefined {
  if (!before || !isAtWork(before.state) || before.state === job.state) return undefined;
  if (job.state === 'done') return { title: texts.jobDone, body: job.title };
  if (isFailure(job.state)) {
    return { title: texts.jobFailed, body: [job.title, job.error?.message].filter(Boolean).join(': ') };
  }
  return undefined;
}

type ClosingAnswer = 'minimize' | 'quit' | 'cancel';

/** The question before a window closes over a job at work. Escape and Enter choose what does no harm. */
export function closingQuestion(texts: NativeTexts, job: Job) {
  const answers: ClosingAnswer[] = ['minimize', 'quit', 'cancel'];
  return {
    answers,
    options: {
      type: 'question' as const,
      message: texts.closeTitle,
      detail: `${job.title}\n\n${texts.closeText}`,
      buttons: [texts.closeMinimize, texts.closeQuit, texts.cancel],
      defaultId: 0,
      cancelId: 2,
      noLink: true,
    },
  };
}
