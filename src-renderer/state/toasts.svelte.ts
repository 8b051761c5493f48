export type Toast = {
  tone: 'success' | 'danger' | 'neutral';
  title: string;
  text?: string;
  action?: { label: string; run: () => void };
  /** What it tells of: a later message about the same takes its place. */
  about?: string;
  /** Whether a screen tells it too: then it goes by itself, and covers nothing for long. */
  isToldElsewhere?: boolean;
};
export type ShownToast = Toast & { id: number };

const MAX_SHOWN = 4;
const SHOWN_MS = 7_000;
/** With something to do about it, so that a hand on the keyboard gets there. */
const WITH_ACTION_MS = 15_000;

/** Short messages at the edge of the page. Failures that are told nowhere else stay until they are dismissed. */
export class Toasts {
  #shown = $state.raw<readonly ShownToast[]>([]);
  #nextId = 1;

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

  /** Takes away what is told of something that has moved on. */
  forget(about: string): void {
    this.#shown = this.#shown.filter((toast) => toast.about !== about);
  }

  dismiss(id: number): void {
    this.#shown = this.#shown.filter((toast) => toast.id !== id);
  }
}
