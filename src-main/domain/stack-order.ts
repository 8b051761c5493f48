import { comparePainting, type Stacked, type StackMove } from '../contract/mask-stack.ts';

/** A mask among those of its image. */
export type StackedMask<Id extends number = number> = Stacked & { id: Id; score: number };

/** Masks as they are painted, the one at the back first. What is equal otherwise: the surer one is in front. */
export function inPaintOrder<T extends Stacked & { score: number }>(
  masks: readonly T[],
  idOf: (mask: T) => number,
): T[] {
  return masks.toSorted((a, b) => comparePainting(a, b) || a.score - b.score || idOf(a) - idOf(b));
}

/**
 * The masks of an image in another order. Those that move stay in order among themselves.
 * @param order the one at the back first
 * @param overlap whether two masks share pixels: only that makes a difference to one step forward or backward
 */
export function moveInStack<T>(
  order: readonly T[],
  {
    isMoving,
    to,
    overlap,
  }: { isMoving: (one: T) => boolean; to: StackMove; overlap: (a: T, b: T) => boolean },
): T[] {
  if (to === 'backward' || to === 'back') {
    const mirrored = { isMoving, to: to === 'back' ? 'front' : 'forward', overlap } as const;
    return moveInStack(order.toReversed(), mirrored).reverse();
  }
  const resting = order.filter((one) => !isMoving(one));
  if (to === 'front') return [...resting, ...order.filter(isMoving)];
  const passed = order.findIndex(
    (one, at) => !isMoving(one) && order.slice(0, at).some((other) => isMoving(other) && overlap(one, other)),
  );
  if (passed < 0) return [...order];
  const below = order.slice(0, passed + 1);
  return [...below.filter((one) => !isMoving(one)), ...below.filter(isMoving), ...order.slice(passed + 1)];
}

/**
 * The orders that make masks be painted as listed, with as few of them changed as it takes.
 * @param wanted the one at the back first
 * @returns the masks whose order changes
 */
export function ordersFor<Id extends number>(
  wanted: readonly StackedMask<Id>[],
): { id: Id; stackOrder: number }[] {
  const ways = [raised(wanted), lowered(wanted)].map((orders) =>
    wanted.flatMap(({ id, stackOrder }, at) => {
      const order = orders[at] ?? stackOrder;
      return order === stackOrder ? [] : [{ id, stackOrder: order }];
    }),
  );
  const [first = [], second = []] = ways;
  return second.length < first.length ? second : first;
}

/** From the back on, each mask as much further to the front as the one behind it makes necessary. */
function raised(wanted: readonly StackedMask[]): number[] {
  const orders: number[] = [];
  for (const [at, mask] of wanted.entries()) {
    const [behind, order] = [wanted[at - 1], orders[at - 1]];
    const least = behind === undefined || order === undefined ? -Infinity : order + gap(behind, mask);
    orders.push(Math.max(mask.stackOrder, least));
  }
  return orders;
}

/** From the front on, each mask as much further to the back as the one before it makes necessary. */
function lowered(wanted: readonly StackedMask[]): number[] {
  const orders: number[] = [];
  for (let at = wanted.length - 1; at >= 0; at--) {
    const [mask, before, order] = [wanted[at], wanted[at + 1], orders[0]];
    if (!mask) break;
    const most = before === undefined || order === undefined ? Infinity : order - gap(mask, before);
    orders.unshift(Math.min(mask.stackOrder, most));
  }
  return orders;
}

/** How much higher the order of a mask must be for it to be in front of another one. */
function gap(behind: StackedMask, before: StackedMask): 0 | 1 {
  const level = [behind, before].map((mask) => ({ ...mask, stackOrder: 0 }));
  return inPaintOrder(level, ({ id }) => id)[0]?.id === behind.id ? 0 : 1;
}
