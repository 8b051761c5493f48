import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StackMove } from '../../../src-main/contract/mask-stack.ts';
import {
  inPaintOrder,
  moveInStack,
  ordersFor,
  type StackedMask,
} from '../../../src-main/domain/stack-order.ts';

const mask = (id: number, areaPx: number, stackOrder = 0): StackedMask => ({
  id,
  areaPx,
  stackOrder,
  score: 0.5,
});
const idsOf = (masks: readonly StackedMask[]) => masks.map(({ id }) => id);
const painted = (masks: readonly StackedMask[]) => inPaintOrder(masks, ({ id }) => id);

describe('masks that overlap', () => {
  test('are painted as people have put them, and otherwise the smaller over the larger ones', () => {
    expect(idsOf(painted([mask(1, 4), mask(2, 9), mask(3, 20, 1), mask(4, 1, -1)]))).toEqual([4, 2, 1, 3]);
    const surer = { ...mask(5, 4), score: 0.9 };
    expect(idsOf(painted([surer, mask(1, 4)]))).toEqual([1, 5]);
  });

  /** Neighbours by number overlap, others do not. */
  const overlap = (a: number, b: number) => Math.abs(a - b) === 1;
  const moved = (order: number[], ids: number[], to: StackMove) =>
    moveInStack(order, { isMoving: (id) => ids.includes(id), to, overlap });

  test.each<[StackMove, number[], number[]]>([
    ['front', [1, 3], [2, 4, 5, 1, 3]],
    ['back', [3, 5], [3, 5, 1, 2, 4]],
    ['forward', [2], [1, 3, 2, 4, 5]],
    ['backward', [4], [1, 2, 4, 3, 5]],
    // Both pass the next one that either overlaps.
    ['forward', [1, 3], [2, 1, 3, 4, 5]],
    ['forward', [5], [1, 2, 3, 4, 5]],
    ['backward', [1], [1, 2, 3, 4, 5]],
  ])('move to the %s: %j', (to, ids, wanted) => {
    expect(moved([1, 2, 3, 4, 5], ids, to)).toEqual(wanted);
  });

  test('pass over masks that they do not overlap, since that would show nothing', () => {
    expect(moved([1, 5, 4, 3, 2], [1], 'forward')).toEqual([5, 4, 3, 2, 1]);
    expect(moved([2, 5, 4, 3, 1], [1], 'backward')).toEqual([1, 2, 5, 4, 3]);
  });

  test('need as few other orders as it takes', () => {
    const [large, middle, small] = [mask(1, 9), mask(2, 5), mask(3, 1)];
    expect(ordersFor([large, middle, small])).toEqual([]);
    expect(ordersFor([middle, small, large])).toEqual([{ id: 1, stackOrder: 1 }]);
    expect(ordersFor([small, large, middle])).toEqual([{ id: 3, stackOrder: -1 }]);
  });

  test('are painted in any order that is asked for', () => {
    const one = fc.record({
      areaPx: fc.integer({ min: 1, max: 5 }),
      stackOrder: fc.integer({ min: -2, max: 2 }),
      score: fc.constantFrom(0.1, 0.5),
    });
    const stacks = fc.array(one, { maxLength: 8 }).chain((all) => {
      const masks = all.map((values, at) => ({ id: at + 1, ...values }));
      return fc.shuffledSubarray(masks, { minLength: masks.length });
    });
    fc.assert(
      fc.property(stacks, (wanted) => {
        const orders = new Map(ordersFor(wanted).map(({ id, stackOrder }) => [id, stackOrder]));
        const after = wanted.map((each) => ({ ...each, stackOrder: orders.get(each.id) ?? each.stackOrder }));
        expect(idsOf(painted(after))).toEqual(idsOf(wanted));
      }),
    );
  });
});
