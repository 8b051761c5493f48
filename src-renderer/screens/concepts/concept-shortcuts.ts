import { t } from '../../i18n/language.svelte.ts';
import type { ShortcutGroup } from '../../state/shortcuts.svelte.ts';
import type { ConceptsView } from './concepts-view.svelte.ts';
import { KEYS } from '../../state/command-keys.ts';

/** What the keyboard does on the concepts screen, in addition to the arrow keys, Enter and Space of the cards. */
export function conceptShortcuts(view: ConceptsView): ShortcutGroup {
  const { current } = view;
  if (view.isBrowsing || !current) return { title: t('concepts.title'), shortcuts: [] };
  const chosen = view.shown.flatMap(({ id }) => (view.chosen.has(id) ? [id] : []));
  const meant = chosen.length > 0 ? chosen : [current.id];
  return {
    title: t('concepts.title'),
    shortcuts: [
      { keys: KEYS.confirm, label: t('concepts.lookThrough'), run: () => view.browse(current.id) },
      { keys: KEYS.toggle, label: t('concepts.choose'), run: () => view.toggle(current.id) },
      { keys: KEYS.rename, label: t('concepts.name'), run: () => focusName(current.id) },
      { keys: KEYS.merge, label: t('concepts.mergeChosen'), run: () => void view.mergeChosen() },
      {
        keys: KEYS.background,
        label: t('concepts.markBackground'),
        run: () => void view.toggleBackground(meant),
      },
      {
        keys: KEYS.undo,
        label: t('concepts.takeBack'),
        run: () => void view.takeBackLast(current.id),
      },
      { keys: KEYS.leave, label: t('concepts.clear'), run: () => view.chosen.clear() },
    ],
  };
}

function focusName(id: number): void {
  document.querySelector<HTMLInputElement>(`[data-name="${id}"]`)?.select();
}
