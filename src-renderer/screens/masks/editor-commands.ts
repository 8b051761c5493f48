import X from '@lucide/svelte/icons/x';
import type { StackMove } from '../../../src-main/contract/mask-stack.ts';
import type { ShapeEdit } from '../../canvas/shape-edits.ts';
import { t } from '../../i18n/language.svelte.ts';
import { command, type Command } from '../../state/commands.ts';
import type { MaskEditor, Tool } from './mask-editor.svelte.ts';

/** Groups of the tool strip, in their order. */
type EditorCommands = Record<'tool' | 'shape' | 'outline' | 'judge' | 'look', Command[]>;

/** What the mask editor can do: for the tool strip and the keyboard. */
export function editorCommands(editor: MaskEditor): EditorCommands {
  const { display } = editor;
  return {
    tool: (['select', 'brush', 'eraser', 'cut', 'points', 'click'] as const satisfies Tool[]).map((tool) =>
      command(tool, () => editor.use(tool), { isOn: editor.tool === tool }),
    ),
    shape: shapeCommands(editor),
    outline: outlineCommands(editor),
    judge: judgeCommands(editor),
    look: [command('heat', () => (display.isHeat = !display.isHeat), { isOn: display.isHeat })],
  };
}

function shapeCommands(editor: MaskEditor): Command[] {
  const { isOfObjects, selection } = editor.choice;
  const count = selection.size;
  return [
    command('create', () => editor.startNew()),
    command('merge', () => void editor.merge(), {
      label: isOfObjects ? t('masks.merge') : t('masks.makeObject'),
      isReady: isOfObjects ? count >= 2 : count >= 1,
    }),
    command('split', () => void editor.split(), {
      label: count === 2 ? t('masks.splitByOther') : t('masks.splitParts'),
      isReady: isOfObjects && count >= 1 && count <= 2,
    }),
    command('remove', () => void editor.remove(), { isReady: isOfObjects && count >= 1 }),
  ];
}

function outlineCommands(editor: MaskEditor): Command[] {
  const { isOfObjects, selection } = editor.choice;
  return (['fill', 'smooth', 'grow', 'shrink'] as const satisfies ShapeEdit[]).map((edit) =>
    command(edit, () => void editor.changeShape(edit), { isReady: isOfObjects && selection.size >= 1 }),
  );
}

function judgeCommands(editor: MaskEditor): Command[] {
  const isReady = editor.choice.objects.length > 0;
  return [
    command('accept', () => void editor.review('accepted'), { isReady }),
    command('reject', () => void editor.review('rejected'), { isReady }),
    command('unreview', () => void editor.review('pending'), { isReady }),
  ];
}

/** The order in which the masks are painted: a row of the panel, as it concerns its list. */
export function orderCommands(editor: MaskEditor): Command[] {
  const isReady = editor.choice.objects.length > 0;
  return (['front', 'forward', 'backward', 'back'] as const satisfies StackMove[]).map((to) =>
    command(to, () => void editor.arrange(to), { isReady }),
  );
}

/** What can be done with what clicks mean. */
export function answerCommands(editor: MaskEditor) {
  const { click } = editor;
  return {
    nextAnswer: command('nextAnswer', () => click.cycle(1)),
    previousAnswer: command('previousAnswer', () => click.cycle(-1)),
    keep: command('confirm', () => void editor.keepAnswer(), { label: t('masks.click.keep') }),
    drop: command('leave', () => void click.drop(), { label: t('masks.click.drop'), icon: X }),
  };
}

/** Undo and redo, named after the step that they concern. */
export function stepCommands(editor: MaskEditor) {
  const { undo, redo } = editor.masks.history;
  return {
    undo: command('undo', () => void editor.undo(), {
      label: undo ? t('masks.undoOf', { what: t(`masks.step.${undo}`) }) : t('masks.undo'),
    }),
    redo: command('redo', () => void editor.redo(), {
      label: redo ? t('masks.redoOf', { what: t(`masks.step.${redo}`) }) : t('masks.redo'),
    }),
  };
}
