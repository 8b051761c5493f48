import type { Split } from '../contract/dataset.ts';

/** One of something for each split that has images, made when its first image comes. */
export class PerSplit<T extends AsyncDisposable> {
  readonly #make: (split: Split) => Promise<T>;
  readonly #made = new Map<Split, T>();

  constructor(make: (split: Split) => Promise<T>) {
    this.#make = make;
  }

  async of(split: Split): Promise<T> {
    const existing = this.#made.get(split);
    if (existing) return existing;
    const made = await this.#make(split);
    this.#made.set(split, made);
    return made;
  }

  get all(): T[] {
    return [...this.#made.values()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#made.values()) await one[Symbol.asyncDispose]();
  }
}
