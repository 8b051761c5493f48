import type { ZoomView } from '../../canvas/zoom-view.svelte.ts';
import { t } from '../../i18n/language.svelte.ts';
import type { ShortcutGroup } from '../../state/shortcuts.svelte.ts';
import { editorCommands, type EditorCommand } from './editor-commands.ts';
import type { KeyPen } from './key-pen.svelte.ts';
import type { MaskEditor } from './mask-editor.svelte.ts';

export type EditorActions = {
  turn: (by: number) => void;
  acceptAndTurn: () => void;
  pickConcept: () => void;
  /** @param place among the concepts that objects can be assigned to, from 0 */
  assignConcept: (place: number) => void;
  close: () => void;
  zoom: () => ZoomView | undefined;
  pen: KeyPen;
};

/** The first concepts have a key each. */
const CONCEPT_KEYS = [
  { keys: '1' },
  { keys: '2' },
  { keys: '3' },
  { keys: '4' },
  { keys: '5' },
  { keys: '6' },
  { keys: '7' },
  { keys: '8' },
  { keys: '9' },
];
export const KEYED_CONCEPTS = CONCEPT_KEYS.length;

/** All that the keyboard does with one image: going about, judging, and correcting. */
export function editorShortcuts(editor: MaskEditor, actions: EditorActions): ShortcutGroup[] {
  const { turn, zoom, pen } = actions;
  const { display } = editor;
  const commands = editorCommands(editor);
  const of = (wanted: EditorCommand['group']) => commands.filter(({ group }) => group === wanted);
  return [
    {
      title: t('masks.keys.judge'),
      shortcuts: [
        { keys: 'ArrowRight', label: t('viewer.next'), run: () => turn(1) },
        { keys: 'ArrowLeft', label: t('viewer.previous'), run: () => turn(-1) },
        { keys: 'Enter', label: t('masks.acceptAndTurn'), run: actions.acceptAndTurn },
        { keys: 'ArrowDown', label: t('masks.nextMask'), run: () => editor.choice.step(1) },
        { keys: 'ArrowUp', label: t('masks.previousMask'), run: () => editor.choice.step(-1) },
        { keys: 'mod+a', label: t('masks.chooseAllMasks'), run: () => editor.choice.chooseAll() },
        ...of('judge'),
        { keys: 't', label: t('masks.setConcept'), run: actions.pickConcept },
        ...CONCEPT_KEYS.map(({ keys }, place) => ({
          keys,
          label: t('masks.assignNth', { place: place + 1 }),
          run: () => actions.assignConcept(place),
        })),
      ],
    },
    {
      title: t('masks.keys.correct'),
      shortcuts: [
        ...of('tool'),
        { keys: '[', label: t('masks.smallerBrush'), run: () => display.resizeBrush(-1) },
        { keys: ']', label: t('masks.largerBrush'), run: () => display.resizeBrush(1) },
        { keys: 'd', label: t('masks.pen.press'), run: () => pen.press() },
        { keys: 'shift+ArrowLeft', label: t('masks.pen.left'), run: () => pen.move(-1, 0) },
        { keys: 'shift+ArrowRight', label: t('masks.pen.right'), run: () => pen.move(1, 0) },
        { keys: 'shift+ArrowUp', label: t('masks.pen.up'), run: () => pen.move(0, -1) },
        { keys: 'shift+ArrowDown', label: t('masks.pen.down'), run: () => pen.move(0, 1) },
        ...of('shape'),
        { keys: 'mod+z', label: t('masks.undo'), run: () => void editor.undo() },
        { keys: 'mod+shift+z', label: t('masks.redo'), run: () => void editor.redo() },
      ],
    },
    {
      title: t('masks.keys.look'),
      shortcuts: [
        { keys: ',', label: t('masks.finer'), run: () => editor.showLevel(editor.choice.levelIndex - 1) },
        { keys: '.', label: t('masks.coarser'), run: () => editor.showLevel(editor.choice.levelIndex + 1) },
        { keys: 'o', label: t('masks.outlines'), run: () => (display.hasOutlines = !display.hasOutlines) },
        { keys: 'h', label: t('masks.shown'), run: () => (display.isShown = !display.isShown) },
        ...of('look'),
        { keys: '+', label: t('viewer.zoomIn'), run: () => zoom()?.zoomIn() },
        { keys: '-', label: t('viewer.zoomOut'), run: () => zoom()?.zoomOut() },
        { keys: '0', label: t('viewer.fit'), run: () => zoom()?.fit() },
        { keys: 'z', label: t('viewer.actual'), run: () => zoom()?.actualSize() },
        {
          keys: 'Escape',
          label: t('masks.back'),
          run: () => {
            if (!editor.cancel()) actions.close();
          },
        },
      ],
    },
  ];
}
