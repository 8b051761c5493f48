/* eslint-disable svelte/prefer-svelte-reactivity -- the set is replaced as a whole, never changed */
/** Selected items of a list, by the clicks and keys of file managers. */
export class Selection<Id> {
  #ids = $state.raw<ReadonlySet<Id>>(new Set());
  #anchor: Id | undefined;
  /** As the last result has left it. */
  #ofResult: ReadonlySet<Id> | undefined;

  get ids(): ReadonlySet<Id> {
    return this.#ids;
  }

  get size(): number {
    return this.#ids.size;
  }

  has(id: Id): boolean {
    return this.#ids.has(id);
  }

  /** Selects or deselects one. The next range starts at it. */
  toggle(id: Id): void {
    const next = new Set(this.#ids);
    if (!next.delete(id)) next.add(id);
    this.#ids = next;
    this.#anchor = id;
  }

  /** Selects only this one. */
  set(ids: Iterable<Id>): void {
    this.#ids = new Set(ids);
    [this.#anchor] = this.#ids;
  }

  /**
   * To be asked for when a step is started, and called with what the step has made: that is selected, unless the selection
   * was changed in the meantime by anything but the result of another step.
   */
  awaitResult(): (ids: Iterable<Id>) => void {
    const before = this.#ids;
    return (ids) => {
      if (this.#ids !== before && this.#ids !== this.#ofResult) return;
      this.set(ids);
      this.#ofResult = this.#ids;
    };
  }

  /** Selects everything from the last selected item to this one, in the order of the list. */
  extendTo(id: Id, list: readonly Id[], from: Id = this.#anchor ?? id): void {
    const [first, last] = [list.indexOf(from), list.indexOf(id)].sort((a, b) => a - b);
    this.#ids = new Set([...this.#ids, ...list.slice(Math.max(0, first ?? 0), (last ?? 0) + 1)]);
    this.#anchor = from;
  }

  /** Takes these out: what is selected besides them stays. */
  deselect(ids: Iterable<Id>): void {
    const next = new Set(this.#ids);
    for (const id of ids) next.delete(id);
    if (next.size < this.#ids.size) this.#ids = next;
  }

  clear(): void {
    if (this.#ids.size > 0) this.#ids = new Set();
    this.#anchor = undefined;
  }
}
