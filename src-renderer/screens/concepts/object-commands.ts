import type { ReviewState } from '../../../src-main/contract/mask.ts';
import { t } from '../../i18n/language.svelte.ts';
import { command, type Command } from '../../state/commands.ts';

/** A list of objects that can be selected and judged, wherever it is shown. */
type Objects = {
  readonly chosen: { readonly size: number; clear: () => void };
  chooseAll: () => void;
  review: (review: ReviewState) => unknown;
};

/**
 * What is done to the selected objects of a list.
 * @param leave what leads out of the list once nothing is selected, and what it is called
 */
export function objectCommands(objects: Objects, leave: { run: () => void; label: string }): Command[] {
  return [
    // Tiles take the key themselves.
    command('toggle', () => undefined),
    command('selectAll', () => objects.chooseAll()),
    ...reviewCommands((review) => objects.review(review)),
    command('leave', () => (objects.chosen.size > 0 ? objects.chosen.clear() : leave.run()), {
      label: leave.label,
    }),
  ];
}

/** The three judgements of what is selected. */
export function reviewCommands(review: (review: ReviewState) => unknown): Command[] {
  return [
    command('accept', () => void review('accepted')),
    command('reject', () => void review('rejected'), { label: t('concepts.reject') }),
    command('unreview', () => void review('pending')),
  ];
}
