/**
 * [Note: Errors of libvips] libvips keeps the messages of all threads of a process in one buffer, and sharp empties it
 * after each image. So the reason of a failure can be that of another file which failed at the same time, or missing
 * ("Unknown error"). What failed while others were running is therefore repeated while nothing else runs: only then does
 * the message belong to the file. Threads that decode side by side share their turns, and every pipeline takes one.
 */

/** Places in the shared memory: how many pipelines run, -1 for one that runs alone; how many wait to be alone. */
const RUNNING = 0;
const WAITING = 1;

let turns = new Int32Array(newSharpTurns());

/** Turns for threads that decode side by side: each calls `joinSharpTurns` before its first image. */
export function newSharpTurns(): SharedArrayBuffer {
  return new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
}

/** Shares turns with the other threads that were given them. */
export function joinSharpTurns(shared: SharedArrayBuffer): void {
  turns = new Int32Array(shared);
}

/**
 * Runs sharp next to other calls of this kind and, if it fails, once more alone, for the reason; see
 * [Note: Errors of libvips]. Turns are not taken inside of others.
 * @param use starts one pipeline; called a second time after a failure
 * @throws what the second attempt throws
 */
export async function inSharpTurn<T>(use: () => Promise<T>): Promise<T> {
  try {
    return await beside(use);
  } catch {
    return await alone(use);
  }
}

async function beside<T>(use: () => Promise<T>): Promise<T> {
  for (;;) {
    const waiting = Atomics.load(turns, WAITING);
    const running = Atomics.load(turns, RUNNING);
    if (waiting > 0) await changed(WAITING, waiting);
    else if (running < 0) await changed(RUNNING, running);
    else if (Atomics.compareExchange(turns, RUNNING, running, running + 1) === running) break;
  }
  try {
    return await use();
  } finally {
    Atomics.sub(turns, RUNNING, 1);
    Atomics.notify(turns, RUNNING);
  }
}

async function alone<T>(use: () => Promise<T>): Promise<T> {
  Atomics.add(turns, WAITING, 1);
  for (;;) {
    const running = Atomics.compareExchange(turns, RUNNING, 0, -1);
    if (running === 0) break;
    await changed(RUNNING, running);
  }
  Atomics.sub(turns, WAITING, 1);
  Atomics.notify(turns, WAITING);
  try {
    return await use();
  } finally {
    Atomics.store(turns, RUNNING, 0);
    Atomics.notify(turns, RUNNING);
  }
}

/** Waits until a number is no longer what it was, without keeping the thread from its other work. */
async function changed(place: number, value: number): Promise<void> {
  await Atomics.waitAsync(turns, place, value).value;
}
