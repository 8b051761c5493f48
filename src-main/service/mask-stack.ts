import type { MaskId } from '../contract/ids.ts';
import type { StackMove } from '../contract/mask-stack.ts';
import type { Box } from '../contract/mask.ts';
import type { MaskShape } from '../domain/mask-shape.ts';
import { inPaintOrder, moveInStack, ordersFor } from '../domain/stack-order.ts';
import type { OwnedMask } from '../store/mask-row.ts';
import type { MaskWrite } from '../store/mask-states.ts';
import type { Service } from './service.ts';

/**
 * What puts some masks of one image in front of others of their level, or behind them.
 * @param moving at least one, all of one image
 * @returns nothing if they are there already
 */
export async function stackWrites(
  service: Service,
  moving: readonly OwnedMask[],
  to: StackMove,
): Promise<MaskWrite[]> {
  const [first] = moving;
  if (!first) return [];
  const { segmentationId, imageId, level } = first;
  const ids = new Set<MaskId>(moving.map(({ id }) => id));
  const siblings = service.store.segmentations
    .masksOf(segmentationId, imageId)
    .filter((mask) => mask.level === level);
  const order = inPaintOrder(siblings, ({ id }) => id);
  const isOneStep = to === 'forward' || to === 'backward';
  const overlap = isOneStep ? await findOverlaps(service, moving, order) : () => true;
  const wanted = moveInStack(order, { isMoving: ({ id }) => ids.has(id), to, overlap });
  return ordersFor(wanted).map(({ id, stackOrder }) => ({
    kind: 'stack-order',
    id,
    stackOrder,
  }));
}

/** A new mask belongs in front of the larger ones, wherever these have been put. */
export function stackOrderOfNew(others: readonly OwnedMask[], areaPx: number): number {
  const larger = others.filter((mask) => mask.areaPx >= areaPx).map(({ stackOrder }) => stackOrder);
  return Math.max(0, ...larger);
}

async function findOverlaps(
  { store, calls }: Service,
  moving: readonly OwnedMask[],
  all: readonly OwnedMask[],
): Promise<(other: OwnedMask, one: OwnedMask) => boolean> {
  const shapeOf = (id: MaskId): MaskShape => {
    const shape = store.segmentations.shapeOf(id);
    if (!shape) throw new Error(`mask ${id} has no shape`);
    return shape;
  };
  const near = all.filter(
    (mask) => !moving.some(({ id }) => id === mask.id) && moving.some((one) => boxesMeet(one.box, mask.box)),
  );
  const { overlaps } = await calls.call({
    kind: 'find-overlaps',
    shapes: moving.map(({ id }) => shapeOf(id)),
    others: near.map(({ id }) => shapeOf(id)),
  });
  const pairs = new Set(
    near.flatMap(({ id }, at) => (overlaps[at] ?? []).map((place) => `${id} ${moving[place]?.id ?? ''}`)),
  );
  return (other, one) => pairs.has(`${other.id} ${one.id}`);
}

function boxesMeet(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
