/**
 * What a process has opened, to be closed in the reverse order: the part of AsyncDisposableStack, which Node 22 does not have,
 * that is used here.
 */
export class ClosingStack {
  readonly #steps: (() => unknown)[] = [];
  #closing: Promise<void> | undefined;

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** Closes a resource with the rest. @returns the resource */
  use<T extends Disposable>(resource: T): T {
    this.#steps.push(() => resource[Symbol.dispose]());
    return resource;
  }

  /** Does a step with the rest, and waits for it. */
  defer(step: () => unknown): void {
    this.#steps.push(step);
  }

  /**
   * Closes everything, whatever fails; once, however often it is called.
   * @throws the first error of a step, when all have been done
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#closeAll());
  }

  async #closeAll(): Promise<void> {
    const errors: unknown[] = [];
    for (const step of this.#steps.toReversed()) {
      try {
        await step();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
