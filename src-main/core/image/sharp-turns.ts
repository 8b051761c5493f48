/**
 * [Note: Errors of libvips] libvips keeps the messages of all threads in one buffer, and sharp empties it after each
 * image. So the reason of a failure can be that of another file which failed at the same time, or missing ("Unknown
 * error"). What failed while others were running is therefore repeated while nothing else runs: only then does the
 * message belong to the file.
 */
type Waiting = { isAlone: boolean; start: () => void };

const waiting: Waiting[] = [];
let running = 0;
let isAloneRunning = false;

/**
 * Runs sharp next to other calls of this kind and, if it fails, once more alone, for the reason; see
 * [Note: Errors of libvips].
 * @param use starts one pipeline; called a second time after a failure
 * @throws what the second attempt throws
 */
export async function inSharpTurn<T>(use: () => Promise<T>): Promise<T> {
  try {
    return await take(false, use);
  } catch {
    return await take(true, use);
  }
}

async function take<T>(isAlone: boolean, use: () => Promise<T>): Promise<T> {
  await new Promise<void>((start) => {
    waiting.push({ isAlone, start });
    startNext();
  });
  try {
    return await use();
  } finally {
    running--;
    isAloneRunning = false;
    startNext();
  }
}

/** First come, first served: what wants to be alone waits for those before it, and those after it wait. */
function startNext(): void {
  for (
    let next = waiting[0];
    next && !isAloneRunning && (!next.isAlone || running === 0);
    next = waiting[0]
  ) {
    waiting.shift();
    running++;
    isAloneRunning = next.isAlone;
    next.start();
  }
}
