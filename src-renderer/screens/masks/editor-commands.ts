import Brush from '@lucide/svelte/icons/brush';
import Check from '@lucide/svelte/icons/check';
import CircleDot from '@lucide/svelte/icons/circle-dot';
import CircleDashed from '@lucide/svelte/icons/circle-dashed';
import Combine from '@lucide/svelte/icons/combine';
import Eraser from '@lucide/svelte/icons/eraser';
import Flame from '@lucide/svelte/icons/flame';
import Maximize2 from '@lucide/svelte/icons/maximize-2';
import Minimize2 from '@lucide/svelte/icons/minimize-2';
import MousePointerClick from '@lucide/svelte/icons/mouse-pointer-click';
import MousePointer2 from '@lucide/svelte/icons/mouse-pointer-2';
import Scissors from '@lucide/svelte/icons/scissors';
import Spline from '@lucide/svelte/icons/spline';
import Split from '@lucide/svelte/icons/split';
import SquarePlus from '@lucide/svelte/icons/square-plus';
import Trash2 from '@lucide/svelte/icons/trash-2';
import X from '@lucide/svelte/icons/x';
import { t } from '../../i18n/language.svelte.ts';
import type { ShapeEdit } from '../../canvas/shape-edits.ts';
import type { MaskEditor, Tool } from './mask-editor.svelte.ts';
import { KEYS } from '../../state/command-keys.ts';

/** Something that the mask editor can do: the tool strip, the keyboard and the list of shortcuts are made from it. */
export type EditorCommand = {
  group: 'tool' | 'shape' | 'outline' | 'judge' | 'look';
  keys: string;
  label: string;
  icon: typeof Brush;
  /** Whether it is switched on; undefined for what cannot be. */
  isOn?: boolean;
  /** Whether there is something to do it to: otherwise `run` says what is missing. */
  isReady: boolean;
  run: () => void;
};

export function editorCommands(editor: MaskEditor): EditorCommand[] {
  return [...toolCommands(editor), ...shapeCommands(editor), ...judgeCommands(editor), heatCommand(editor)];
}

function toolCommands(editor: MaskEditor): EditorCommand[] {
  const tool = (name: Tool, command: Pick<EditorCommand, 'keys' | 'icon'>): EditorCommand => ({
    ...command,
    group: 'tool',
    label: t(`masks.tool.${name}`),
    isOn: editor.tool === name,
    isReady: true,
    run: () => editor.use(name),
  });
  return [
    tool('select', { keys: KEYS.select, icon: MousePointer2 }),
    tool('brush', { keys: KEYS.brush, icon: Brush }),
    tool('eraser', { keys: KEYS.erase, icon: Eraser }),
    tool('cut', { keys: KEYS.cut, icon: Scissors }),
    tool('click', { keys: KEYS.click, icon: MousePointerClick }),
  ];
}

function shapeCommands(editor: MaskEditor): EditorCommand[] {
  const { isOfObjects, selection } = editor.choice;
  const count = selection.size;
  const group = 'shape';
  const isShape = isOfObjects && count >= 1;
  const shape = (edit: ShapeEdit, command: Pick<EditorCommand, 'keys' | 'icon'>): EditorCommand => ({
    ...command,
    group: 'outline',
    label: t(`masks.shapes.${edit}`),
    isReady: isShape,
    run: () => void editor.changeShape(edit),
  });
  return [
    {
      group,
      keys: KEYS.create,
      label: t('masks.new'),
      icon: SquarePlus,
      isReady: true,
      run: () => editor.startNew(),
    },
    {
      group,
      keys: KEYS.merge,
      label: isOfObjects ? t('masks.merge') : t('masks.makeObject'),
      icon: Combine,
      isReady: isOfObjects ? count >= 2 : count >= 1,
      run: () => void editor.merge(),
    },
    {
      group,
      keys: KEYS.split,
      label: count === 2 ? t('masks.splitByOther') : t('masks.splitParts'),
      icon: Split,
      isReady: isOfObjects && count >= 1 && count <= 2,
      run: () => void editor.split(),
    },
    {
      group,
      keys: KEYS.remove,
      label: t('masks.delete'),
      icon: Trash2,
      isReady: isShape,
      run: () => void editor.remove(),
    },
    shape('fill', { keys: KEYS.fill, icon: CircleDot }),
    shape('smooth', { keys: KEYS.smooth, icon: Spline }),
    shape('grow', { keys: KEYS.grow, icon: Maximize2 }),
    shape('shrink', { keys: KEYS.shrink, icon: Minimize2 }),
  ];
}

function judgeCommands(editor: MaskEditor): EditorCommand[] {
  const isReady = editor.choice.objects.length > 0;
  const group = 'judge';
  return [
    {
      group,
      keys: KEYS.accept,
      label: t('masks.accept'),
      icon: Check,
      isReady,
      run: () => void editor.review('accepted'),
    },
    {
      group,
      keys: KEYS.reject,
      label: t('masks.reject'),
      icon: X,
      isReady,
      run: () => void editor.review('rejected'),
    },
    {
      group,
      keys: KEYS.unreview,
      label: t('masks.toPending'),
      icon: CircleDashed,
      isReady,
      run: () => void editor.review('pending'),
    },
  ];
}

function heatCommand({ display }: MaskEditor): EditorCommand {
  return {
    group: 'look',
    keys: KEYS.heat,
    label: t('masks.heat'),
    icon: Flame,
    isOn: display.isHeat,
    isReady: true,
    run: () => (display.isHeat = !display.isHeat),
  };
}
