import { t } from '../../i18n/language.svelte.ts';
import type { ShortcutGroup } from '../../state/shortcuts.svelte.ts';
import { answerCommands, editorCommands, orderCommands, stepCommands } from './editor-commands.ts';
import type { ViewerCommands } from '../library/viewer-commands.ts';
import type { KeyPen } from './key-pen.svelte.ts';
import type { MaskEditor } from './mask-editor.svelte.ts';
import { command, type Command } from '../../state/commands.ts';

export type EditorActions = {
  acceptAndTurn: () => void;
  pickConcept: () => void;
  /** @param place among the concepts that objects can be assigned to, from 0 */
  assignConcept: (place: number) => void;
  viewer: ViewerCommands;
  pen: KeyPen;
};

/** The first concepts have a key each: 1 to 9. */
export const KEYED_CONCEPTS = 9;

/** All that the keyboard does with one image: going about, judging, and correcting. */
export function editorShortcuts(editor: MaskEditor, actions: EditorActions): ShortcutGroup[] {
  const { viewer, pen } = actions;
  const { display } = editor;
  const commands = editorCommands(editor);
  return [
    {
      title: t('masks.keys.judge'),
      shortcuts: [
        viewer.next,
        viewer.previous,
        command('confirm', () => void keepOrTurn(editor, actions), { label: t('masks.acceptAndTurn') }),
        command('nextInImage', () => editor.choice.step(1)),
        command('previousInImage', () => editor.choice.step(-1)),
        command('selectAll', () => editor.choice.chooseAll(), { label: t('masks.chooseAllMasks') }),
        ...commands.judge,
        command('assign', actions.pickConcept),
        ...assignCommands(actions.assignConcept),
      ],
    },
    {
      title: t('masks.keys.correct'),
      shortcuts: [
        ...commands.tool,
        ...answerShortcuts(editor),
        command('smaller', () => display.resizeBrush(-1)),
        command('larger', () => display.resizeBrush(1)),
        command('pen', () => pen.press()),
        command('penOutside', () => pen.press(false)),
        command('penLeft', () => pen.move(-1, 0)),
        command('penRight', () => pen.move(1, 0)),
        command('penUp', () => pen.move(0, -1)),
        command('penDown', () => pen.move(0, 1)),
        ...commands.shape,
        ...commands.outline,
        ...orderCommands(editor),
        command('lock', () => editor.choice.toggleLocked()),
        ...Object.values(stepCommands(editor)),
      ],
    },
    {
      title: t('masks.keys.look'),
      shortcuts: [
        command('finer', () => editor.showLevel(editor.choice.levelIndex - 1)),
        command('coarser', () => editor.showLevel(editor.choice.levelIndex + 1)),
        command('outlines', () => (display.hasOutlines = !display.hasOutlines)),
        command('hide', () => editor.choice.toggleHidden()),
        command('masks', () => (display.isShown = !display.isShown)),
        ...commands.look,
        viewer.zoomIn,
        viewer.zoomOut,
        viewer.fit,
        viewer.actualSize,
        viewer.leave,
      ],
    },
  ];
}

function assignCommands(assign: (place: number) => void): Command[] {
  return Array.from({ length: KEYED_CONCEPTS }, (_, place) =>
    command('assignNth', () => assign(place), {
      keys: String(place + 1),
      label: t('masks.assignNth', { place: place + 1 }),
    }),
  );
}

/** While there are clicks, what they mean can be walked through; Tab moves the focus again when they are kept or dropped. */
function answerShortcuts(editor: MaskEditor): Command[] {
  if (!editor.click.hasSeeds) return [];
  const { nextAnswer, previousAnswer } = answerCommands(editor);
  return [nextAnswer, previousAnswer];
}

/** Keeps what clicks mean; without clicks, accepts the image and continues with the next one. */
async function keepOrTurn(editor: MaskEditor, { acceptAndTurn }: EditorActions): Promise<void> {
  if (editor.click.hasSeeds) await editor.keepAnswer();
  else acceptAndTurn();
}
