import { t } from '../i18n/language.svelte.ts';
import { command, type Command } from './commands.ts';
import type { Selection } from './selection.svelte.ts';

/** Selects all images of a grid. */
export function chooseAllImages<Id>(selection: Selection<Id>, ids: readonly Id[] | undefined): Command {
  return command('selectAll', () => selection.set(ids ?? []), { label: t('masks.chooseAll') });
}

/** Selects none of them. */
export function clearImages<Id>(selection: Selection<Id>): Command {
  return command('leave', () => selection.clear(), { label: t('masks.clear') });
}
