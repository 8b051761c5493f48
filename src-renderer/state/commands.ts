import ArrowDown from '@lucide/svelte/icons/arrow-down';
import ArrowLeft from '@lucide/svelte/icons/arrow-left';
import ArrowUp from '@lucide/svelte/icons/arrow-up';
import Ban from '@lucide/svelte/icons/ban';
import BringToFront from '@lucide/svelte/icons/bring-to-front';
import Brush from '@lucide/svelte/icons/brush';
import Check from '@lucide/svelte/icons/check';
import ChevronLeft from '@lucide/svelte/icons/chevron-left';
import ChevronRight from '@lucide/svelte/icons/chevron-right';
import CircleDashed from '@lucide/svelte/icons/circle-dashed';
import CircleDot from '@lucide/svelte/icons/circle-dot';
import Combine from '@lucide/svelte/icons/combine';
import Eraser from '@lucide/svelte/icons/eraser';
import Flame from '@lucide/svelte/icons/flame';
import Keyboard from '@lucide/svelte/icons/keyboard';
import Layers from '@lucide/svelte/icons/layers';
import Maximize from '@lucide/svelte/icons/maximize';
import Maximize2 from '@lucide/svelte/icons/maximize-2';
import Minimize2 from '@lucide/svelte/icons/minimize-2';
import MousePointer2 from '@lucide/svelte/icons/mouse-pointer-2';
import MousePointerClick from '@lucide/svelte/icons/mouse-pointer-click';
import PanelRight from '@lucide/svelte/icons/panel-right';
import Plus from '@lucide/svelte/icons/plus';
import Redo2 from '@lucide/svelte/icons/redo-2';
import Scissors from '@lucide/svelte/icons/scissors';
import SendToBack from '@lucide/svelte/icons/send-to-back';
import Spline from '@lucide/svelte/icons/spline';
import Split from '@lucide/svelte/icons/split';
import SquarePlus from '@lucide/svelte/icons/square-plus';
import Trash2 from '@lucide/svelte/icons/trash-2';
import Undo2 from '@lucide/svelte/icons/undo-2';
import Waypoints from '@lucide/svelte/icons/waypoints';
import ZoomIn from '@lucide/svelte/icons/zoom-in';
import ZoomOut from '@lucide/svelte/icons/zoom-out';
import type { ScreenId } from '../../src-main/contract/screens.ts';
import { t, type TextKey } from '../i18n/language.svelte.ts';

type CommandFacts = {
  /** `mod` is Command on a Mac and Ctrl elsewhere. Keys as KeyboardEvent names them: `mod+a`, `?`, `Escape`. */
  keys: string;
  label: TextKey;
  icon?: typeof Brush;
  /** Screens that have it, for the list of keys in the documentation. */
  on: 'everywhere' | readonly ScreenId[];
};

const OBJECTS = ['masks', 'concepts'] as const;
const VIEWERS = ['library', 'masks'] as const;
const GRIDS = ['library', 'masks', 'concepts'] as const;
const EDITOR = ['masks'] as const;

/**
 * All commands that have a key. Shortcuts, tool strips, buttons, the list of shortcuts and `resources/docs/keyboard.md` are made
 * from this table, so that a key, a name and an icon mean the same wherever they are. Keys that open screens are in
 * `contract/screens.ts`.
 */
export const COMMANDS = {
  // Judging objects, wherever they are shown.
  accept: { keys: 'a', label: 'masks.accept', icon: Check, on: OBJECTS },
  reject: { keys: 'r', label: 'masks.reject', icon: Ban, on: OBJECTS },
  unreview: { keys: 'u', label: 'masks.toPending', icon: CircleDashed, on: OBJECTS },
  // Changing objects and concepts.
  create: { keys: 'n', label: 'masks.new', icon: SquarePlus, on: EDITOR },
  merge: { keys: 'm', label: 'masks.merge', icon: Combine, on: OBJECTS },
  split: { keys: 's', label: 'masks.splitParts', icon: Split, on: EDITOR },
  remove: { keys: 'Delete', label: 'masks.delete', icon: Trash2, on: EDITOR },
  fill: { keys: 'l', label: 'masks.shapes.fill', icon: CircleDot, on: EDITOR },
  smooth: { keys: 'w', label: 'masks.shapes.smooth', icon: Spline, on: EDITOR },
  grow: { keys: 'alt+ArrowUp', label: 'masks.shapes.grow', icon: Maximize2, on: EDITOR },
  shrink: { keys: 'alt+ArrowDown', label: 'masks.shapes.shrink', icon: Minimize2, on: EDITOR },
  front: { keys: 'shift+Home', label: 'masks.order.front', icon: BringToFront, on: EDITOR },
  forward: { keys: 'shift+PageUp', label: 'masks.order.forward', icon: ArrowUp, on: EDITOR },
  backward: { keys: 'shift+PageDown', label: 'masks.order.backward', icon: ArrowDown, on: EDITOR },
  back: { keys: 'shift+End', label: 'masks.order.back', icon: SendToBack, on: EDITOR },
  hide: { keys: 'shift+h', label: 'masks.hideChosen', on: EDITOR },
  lock: { keys: 'shift+l', label: 'masks.lockChosen', on: EDITOR },
  assign: { keys: 't', label: 'masks.setConcept', on: EDITOR },
  assignNth: { keys: '1', label: 'masks.assignNth', on: EDITOR },
  background: { keys: 'g', label: 'concepts.markBackground', on: ['concepts'] },
  rename: { keys: 'F2', label: 'concepts.name', on: ['concepts'] },
  undo: { keys: 'mod+z', label: 'masks.undo', icon: Undo2, on: OBJECTS },
  redo: { keys: 'mod+shift+z', label: 'masks.redo', icon: Redo2, on: EDITOR },
  // Tools of the editor, and the pen of the keyboard.
  select: { keys: 'v', label: 'masks.tool.select', icon: MousePointer2, on: EDITOR },
  brush: { keys: 'b', label: 'masks.tool.brush', icon: Brush, on: EDITOR },
  eraser: { keys: 'e', label: 'masks.tool.eraser', icon: Eraser, on: EDITOR },
  cut: { keys: 'c', label: 'masks.tool.cut', icon: Scissors, on: EDITOR },
  points: { keys: 'p', label: 'masks.tool.points', icon: Waypoints, on: EDITOR },
  click: { keys: 'k', label: 'masks.tool.click', icon: MousePointerClick, on: EDITOR },
  nextAnswer: { keys: 'Tab', label: 'masks.click.next', icon: Layers, on: EDITOR },
  previousAnswer: { keys: 'shift+Tab', label: 'masks.click.previous', on: EDITOR },
  smaller: { keys: '[', label: 'masks.smallerBrush', on: EDITOR },
  larger: { keys: ']', label: 'masks.largerBrush', on: EDITOR },
  pen: { keys: 'd', label: 'masks.pen.press', on: EDITOR },
  penOutside: { keys: 'alt+d', label: 'masks.pen.outside', on: EDITOR },
  penLeft: { keys: 'shift+ArrowLeft', label: 'masks.pen.left', on: EDITOR },
  penRight: { keys: 'shift+ArrowRight', label: 'masks.pen.right', on: EDITOR },
  penUp: { keys: 'shift+ArrowUp', label: 'masks.pen.up', on: EDITOR },
  penDown: { keys: 'shift+ArrowDown', label: 'masks.pen.down', on: EDITOR },
  // What is shown.
  heat: { keys: 'f', label: 'masks.heat', icon: Flame, on: EDITOR },
  outlines: { keys: 'o', label: 'masks.outlines', on: EDITOR },
  masks: { keys: 'h', label: 'masks.shown', on: EDITOR },
  finer: { keys: ',', label: 'masks.finer', on: EDITOR },
  coarser: { keys: '.', label: 'masks.coarser', on: EDITOR },
  zoomIn: { keys: '+', label: 'viewer.zoomIn', icon: ZoomIn, on: VIEWERS },
  zoomOut: { keys: '-', label: 'viewer.zoomOut', icon: ZoomOut, on: VIEWERS },
  fit: { keys: '0', label: 'viewer.fit', icon: Maximize, on: VIEWERS },
  actualSize: { keys: 'z', label: 'viewer.actual', on: VIEWERS },
  facts: { keys: 'i', label: 'viewer.facts', icon: PanelRight, on: ['library'] },
  // Selecting, opening and leaving.
  next: { keys: 'ArrowRight', label: 'viewer.next', icon: ChevronRight, on: VIEWERS },
  previous: { keys: 'ArrowLeft', label: 'viewer.previous', icon: ChevronLeft, on: VIEWERS },
  nextInImage: { keys: 'ArrowDown', label: 'masks.nextMask', on: EDITOR },
  previousInImage: { keys: 'ArrowUp', label: 'masks.previousMask', on: EDITOR },
  confirm: { keys: 'Enter', label: 'shortcuts.confirm', icon: Check, on: OBJECTS },
  toggle: { keys: ' ', label: 'concepts.choose', on: GRIDS },
  selectAll: { keys: 'mod+a', label: 'concepts.chooseAll', on: GRIDS },
  addFolder: { keys: 'mod+o', label: 'library.add', icon: Plus, on: ['library'] },
  search: { keys: '/', label: 'library.search', on: ['library'] },
  leave: { keys: 'Escape', label: 'shortcuts.leave', icon: ArrowLeft, on: GRIDS },
  help: { keys: '?', label: 'shortcuts.title', icon: Keyboard, on: 'everywhere' },
} as const satisfies Record<string, CommandFacts>;
export type CommandId = keyof typeof COMMANDS;

/** A command as it is on a screen now. */
export type Command = {
  keys: string;
  label: string;
  icon?: typeof Brush;
  /** Whether it is switched on; undefined for what cannot be. */
  isOn?: boolean;
  /** Whether there is something to do it to: otherwise `run` says what is missing. */
  isReady: boolean;
  run: () => void;
};

/**
 * A command of the table, bound to what it does here.
 * @param here what differs from the table: a name that says more precisely what is done to what
 */
export function command(
  id: CommandId,
  run: () => void,
  here: Partial<Pick<Command, 'keys' | 'label' | 'icon' | 'isOn' | 'isReady'>> = {},
): Command {
  const { keys, label, icon }: CommandFacts = COMMANDS[id];
  return { keys, label: here.label ?? t(label), ...(icon && { icon }), isReady: true, ...here, run };
}
