import type { ImageFile } from '../threads/image-cutter.ts';
import { inOrder } from '../threads/in-order.ts';
import type { SegmentThreads } from '../threads/segment-threads.ts';
import { spread } from '../spread.ts';

/** Images that decide whether a collection shows things on an even ground. */
const [FEW_GROUND_IMAGES, GROUND_IMAGES] = [16, 64];

/**
 * Whether most images of a collection show things on an even ground: seen from some that are spread over it, before
 * any is cut. A few suffice if they agree.
 * @throws whatever `signal` is aborted with
 */
export async function showsEvenGround(
  images: readonly ImageFile[],
  threads: SegmentThreads,
  signal: AbortSignal,
): Promise<boolean> {
  const shareOf = async (most: number) => {
    let [count, even] = [0, 0];
    const look = (image: ImageFile) => threads.ground(image);
    for await (const { result } of inOrder(spread(images, most), threads.ahead, look)) {
      signal.throwIfAborted();
      if (result === null) continue;
      count++;
      if (result) even++;
    }
    return even / Math.max(count, 1);
  };
  const few = await shareOf(FEW_GROUND_IMAGES);
  const share = Math.abs(few - 0.5) > 0.25 ? few : await shareOf(GROUND_IMAGES);
  return share > 0.5;
}
