/**
 * What happens when the connection is back: a screen is set up anew, which rereads all that it shows, unless a part of
 * it that has unsaved work rereads what it needs itself.
 */
export class Reconnection {
  #count = $state(0);
  #keepers: readonly (() => void)[] = [];

  /** A screen is set up anew when this changes. */
  get count(): number {
    return this.#count;
  }

  /** Keeps the screen as it is, and rereads instead. @returns how to stop */
  keep(reread: () => void): () => void {
    this.#keepers = [...this.#keepers, reread];
    return () => {
      this.#keepers = this.#keepers.filter((other) => other !== reread);
    };
  }

  happened(): void {
    if (this.#keepers.length === 0) this.#count++;
    for (const reread of this.#keepers) reread();
  }
}
