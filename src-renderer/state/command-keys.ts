/**
 * The keys of all screens: each stands here once, under what it does, so that it means the same wherever it works. Digits
 * that assign concepts are in the editor, those that open screens in `contract/screens.ts`.
 */
export const KEYS = {
  // Judging objects, wherever they are shown.
  accept: 'a',
  reject: 'r',
  unreview: 'u',
  // Changing objects and concepts.
  create: 'n',
  merge: 'm',
  split: 's',
  remove: 'Delete',
  assign: 't',
  background: 'g',
  rename: 'F2',
  undo: 'mod+z',
  redo: 'mod+shift+z',
  // Tools of the editor, and the pen of the keyboard.
  select: 'v',
  brush: 'b',
  erase: 'e',
  cut: 'c',
  click: 'k',
  nextAnswer: 'Tab',
  previousAnswer: 'shift+Tab',
  smaller: '[',
  larger: ']',
  pen: 'd',
  penOutside: 'alt+d',
  penLeft: 'shift+ArrowLeft',
  penRight: 'shift+ArrowRight',
  penUp: 'shift+ArrowUp',
  penDown: 'shift+ArrowDown',
  // What is shown.
  heat: 'f',
  outlines: 'o',
  masks: 'h',
  finer: ',',
  coarser: '.',
  zoomIn: '+',
  zoomOut: '-',
  fit: '0',
  actualSize: 'z',
  facts: 'i',
  // Selecting, opening and leaving.
  next: 'ArrowRight',
  previous: 'ArrowLeft',
  nextInImage: 'ArrowDown',
  previousInImage: 'ArrowUp',
  confirm: 'Enter',
  toggle: ' ',
  selectAll: 'mod+a',
  addFolder: 'mod+o',
  leave: 'Escape',
  help: '?',
} as const;
