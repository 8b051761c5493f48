import { untrack } from 'svelte';
import type { Command } from './commands.ts';

export type ShortcutGroup = { title: string; shortcuts: readonly Command[] };

const isMac = typeof navigator !== 'undefined' && /mac/i.test(navigator.userAgent);
const LABELS: Record<string, string> = {
  mod: isMac ? '⌘' : 'Ctrl',
  shift: isMac ? '⇧' : 'Shift',
  alt: isMac ? '⌥' : 'Alt',
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
  PageUp: 'PgUp',
  PageDown: 'PgDn',
  ' ': 'Space',
};

/** What is printed on the keys. */
export function keyLabels(keys: string): string[] {
  return partsOf(keys).map((key) => LABELS[key] ?? (key.length === 1 ? key.toUpperCase() : key));
}

/** `mod++` is the plus key with `mod`. */
function partsOf(keys: string): string[] {
  return keys.split(/\+(?=.)/);
}

/** Whether a key press is this combination. Shift is left alone for signs that need it, such as `?`. */
export function isPressed(event: KeyboardEvent, keys: string): boolean {
  const parts = partsOf(keys);
  const key = parts.at(-1) ?? '';
  const wants = (name: string) => parts.slice(0, -1).includes(name);
  const isSign = key.length === 1 && !/[a-z0-9]/i.test(key);
  return (
    event.key.toLowerCase() === key.toLowerCase() &&
    (isMac ? event.metaKey : event.ctrlKey) === wants('mod') &&
    event.altKey === wants('alt') &&
    (isSign || event.shiftKey === wants('shift'))
  );
}

/** The shortcuts that are in force now. The group added last wins: what is on top gets a key first. */
export class Shortcuts {
  /**
   * In addition to the state, because an effect that ends reads state as it was before: taking its own layer away would take
   * away those that others have added since.
   */
  #added: readonly (() => ShortcutGroup[])[] = [];
  #layers = $state.raw<readonly (() => ShortcutGroup[])[]>([]);

  get groups(): ShortcutGroup[] {
    return this.#layers.flatMap((layer) => layer());
  }

  /** @param group a function, so that its labels follow the language. @returns how to take it away again */
  add(group: () => ShortcutGroup): () => void {
    return this.addAll(() => [group()]);
  }

  /**
   * Adds groups of one screen, as many as it has at the time. Among them, the first gets a key first.
   * @returns how to take them away again
   */
  addAll(groups: () => readonly ShortcutGroup[]): () => void {
    const layer = () => groups().toReversed();
    this.#set([...this.#added, layer]);
    return () => this.#set(this.#added.filter((other) => other !== layer));
  }

  /** Untracked, as in other methods that effects call: what an effect changes must not start it again. */
  #set(layers: readonly (() => ShortcutGroup[])[]): void {
    this.#added = layers;
    untrack(() => (this.#layers = layers));
  }

  /** Runs the shortcut of a key press, unless it is meant for a field, or for a menu or dialog that is not closing. */
  handle(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing || isMeantForControl(event.target)) return;
    const shortcut = this.groups
      .toReversed()
      .flatMap(({ shortcuts }) => shortcuts)
      .find(({ keys }) => isPressed(event, keys));
    if (!shortcut) return;
    event.preventDefault();
    shortcut.run();
  }
}

function isMeantForControl(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return (
    target.closest(
      'input:not([type=range]), textarea, select, :is([role=dialog], [role=alertdialog], [role=menu]):not([data-state=closed])',
    ) !== null
  );
}
