import { t } from '../../i18n/language.svelte.ts';
import type { ShortcutGroup } from '../../state/shortcuts.svelte.ts';
import type { ConceptsView } from './concepts-view.svelte.ts';
import { command } from '../../state/commands.ts';

/** What the keyboard does on the concepts screen, in addition to the arrow keys, Enter and Space of the cards. */
export function conceptShortcuts(view: ConceptsView): ShortcutGroup {
  const { current } = view;
  if (view.isBrowsing || !current) return { title: t('concepts.title'), shortcuts: [] };
  const chosen = view.shown.flatMap(({ id }) => (view.chosen.has(id) ? [id] : []));
  const meant = chosen.length > 0 ? chosen : [current.id];
  return {
    title: t('concepts.title'),
    shortcuts: [
      command('confirm', () => view.browse(current.id), { label: t('concepts.lookThrough') }),
      command('toggle', () => view.toggle(current.id)),
      command('rename', () => focusName(current.id)),
      command('merge', () => void view.mergeChosen(), { label: t('concepts.mergeChosen') }),
      command('background', () => void view.toggleBackground(meant)),
      command('undo', () => void view.takeBackLast(current.id), { label: t('concepts.takeBack') }),
      command('leave', () => view.chosen.clear(), { label: t('concepts.clear') }),
    ],
  };
}

function focusName(id: number): void {
  document.querySelector<HTMLInputElement>(`[data-name="${id}"]`)?.select();
}
