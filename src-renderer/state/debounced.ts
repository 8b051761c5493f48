/** A function that is called when nothing has asked for it for a while: with what was asked for last. */
export type Debounced<T> = {
  call: (value: T) => void;
  /** Calls it at once, and not again for what was asked for before. */
  now: (value: T) => void;
  /** Drops what was asked for. */
  drop: () => void;
};

/** @param restMs for which nothing must have asked for it */
export function debounced<T>(work: (value: T) => void, restMs: number): Debounced<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const drop = () => clearTimeout(timer);
  return {
    call: (value) => {
      drop();
      timer = setTimeout(() => work(value), restMs);
    },
    now: (value) => {
      drop();
      work(value);
    },
    drop,
  };
}
