import type { Job } from '../../src-main/contract/job.ts';
import { t } from '../i18n/language.svelte.ts';

/** What comes after a job, as one button: what it made, or what is done with that next. */
export function nextStepLabel({ spec }: Job): string {
  return t(`jobs.next.${spec.kind}`);
}
