import type { ErrorAction } from '../../src-main/contract/errors.ts';

export type Toast = {
  tone: 'success' | 'danger' | 'neutral';
  title: string;
  text?: string;
  action?: { label: string; run: () => void };
  /** Its subject: a later message about the same subject replaces it. */
  about?: string;
  /** Whether a screen shows it too: then it disappears automatically and covers nothing for long. */
  isToldElsewhere?: boolean;
};
export type ShownToast = Toast & { id: number };

const MAX_SHOWN = 4;
const SHOWN_MS = 7_000;
/** With something to do about it, so that a hand on the keyboard gets there. */
const WITH_ACTION_MS = 15_000;

/** Short messages at the edge of the page. Failures that are shown nowhere else stay until they are dismissed. */
export class Toasts {
  #shown = $state.raw<readonly ShownToast[]>([]);
  #nextId = 1;
  /** Does what the hint of an error says; set by what can. */
  runErrorAction?: (action: ErrorAction) => unknown;

  get shown(): readonly ShownToast[] {
    return this.#shown;
  }

  show(toast: Toast): void {
    const id = this.#nextId++;
    const others = this.#shown.filter(({ title, text }) => title !== toast.title || text !== toast.text);
    this.#shown = [...others, { ...toast, id }].slice(-MAX_SHOWN);
    if (toast.tone !== 'danger' || toast.isToldElsewhere)
      setTimeout(() => this.dismiss(id), toast.action ? WITH_ACTION_MS : SHOWN_MS);
  }

  /** Removes the messages about something that has changed since. */
  forget(about: string): void {
    this.#shown = this.#shown.filter((toast) => toast.about !== about);
  }

  dismiss(id: number): void {
    this.#shown = this.#shown.filter((toast) => toast.id !== id);
  }
}
