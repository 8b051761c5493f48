import type { ZoomView } from '../../canvas/zoom-view.svelte.ts';
import { t } from '../../i18n/language.svelte.ts';
import type { ShortcutGroup } from '../../state/shortcuts.svelte.ts';
import { editorCommands, type EditorCommand } from './editor-commands.ts';
import type { KeyPen } from './key-pen.svelte.ts';
import type { MaskEditor } from './mask-editor.svelte.ts';
import { KEYS } from '../../state/command-keys.ts';

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
        { keys: KEYS.next, label: t('viewer.next'), run: () => turn(1) },
        { keys: KEYS.previous, label: t('viewer.previous'), run: () => turn(-1) },
        { keys: KEYS.confirm, label: t('masks.acceptAndTurn'), run: () => void keepOrTurn(editor, actions) },
        { keys: KEYS.nextInImage, label: t('masks.nextMask'), run: () => editor.choice.step(1) },
        { keys: KEYS.previousInImage, label: t('masks.previousMask'), run: () => editor.choice.step(-1) },
        { keys: KEYS.selectAll, label: t('masks.chooseAllMasks'), run: () => editor.choice.chooseAll() },
        ...of('judge'),
        { keys: KEYS.assign, label: t('masks.setConcept'), run: actions.pickConcept },
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
        ...answerShortcuts(editor),
        { keys: KEYS.smaller, label: t('masks.smallerBrush'), run: () => display.resizeBrush(-1) },
        { keys: KEYS.larger, label: t('masks.largerBrush'), run: () => display.resizeBrush(1) },
        { keys: KEYS.pen, label: t('masks.pen.press'), run: () => pen.press() },
        { keys: KEYS.penOutside, label: t('masks.pen.outside'), run: () => pen.press(false) },
        { keys: KEYS.penLeft, label: t('masks.pen.left'), run: () => pen.move(-1, 0) },
        { keys: KEYS.penRight, label: t('masks.pen.right'), run: () => pen.move(1, 0) },
        { keys: KEYS.penUp, label: t('masks.pen.up'), run: () => pen.move(0, -1) },
        { keys: KEYS.penDown, label: t('masks.pen.down'), run: () => pen.move(0, 1) },
        ...of('shape'),
        ...of('outline'),
        { keys: KEYS.lock, label: t('masks.lockChosen'), run: () => editor.choice.toggleLocked() },
        { keys: KEYS.undo, label: t('masks.undo'), run: () => void editor.undo() },
        { keys: KEYS.redo, label: t('masks.redo'), run: () => void editor.redo() },
      ],
    },
    {
      title: t('masks.keys.look'),
      shortcuts: [
        {
          keys: KEYS.finer,
          label: t('masks.finer'),
          run: () => editor.showLevel(editor.choice.levelIndex - 1),
        },
        {
          keys: KEYS.coarser,
          label: t('masks.coarser'),
          run: () => editor.showLevel(editor.choice.levelIndex + 1),
        },
        {
          keys: KEYS.outlines,
          label: t('masks.outlines'),
          run: () => (display.hasOutlines = !display.hasOutlines),
        },
        { keys: KEYS.hide, label: t('masks.hideChosen'), run: () => editor.choice.toggleHidden() },
        { keys: KEYS.masks, label: t('masks.shown'), run: () => (display.isShown = !display.isShown) },
        ...of('look'),
        { keys: KEYS.zoomIn, label: t('viewer.zoomIn'), run: () => zoom()?.zoomIn() },
        { keys: KEYS.zoomOut, label: t('viewer.zoomOut'), run: () => zoom()?.zoomOut() },
        { keys: KEYS.fit, label: t('viewer.fit'), run: () => zoom()?.fit() },
        { keys: KEYS.actualSize, label: t('viewer.actual'), run: () => zoom()?.actualSize() },
        {
          keys: KEYS.leave,
          label: t('masks.back'),
          run: () => {
            if (!editor.cancel()) actions.close();
          },
        },
      ],
    },
  ];
}

/** While there are clicks, what they mean can be walked through; Tab moves the focus again when they are kept or dropped. */
function answerShortcuts({ click }: MaskEditor): ShortcutGroup['shortcuts'] {
  if (!click.hasSeeds) return [];
  return [
    { keys: KEYS.nextAnswer, label: t('masks.click.next'), run: () => click.cycle(1) },
    { keys: KEYS.previousAnswer, label: t('masks.click.previous'), run: () => click.cycle(-1) },
  ];
}

/** Keeps what clicks mean; without clicks, accepts the image and continues with the next one. */
async function keepOrTurn(editor: MaskEditor, { acceptAndTurn }: EditorActions): Promise<void> {
  if (editor.click.hasSeeds) await editor.keepAnswer();
  else acceptAndTurn();
}
