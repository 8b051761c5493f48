import { expect, test } from 'vitest';
import { inOrder } from '../../../../src-main/worker/threads/in-order.ts';

test('results come in the order of the items, and no more than so many are under way', async () => {
  const items = [5, 1, 4, 0, 3, 2];
  let underWay = 0;
  let most = 0;
  const seen: number[] = [];
  const run = async (turns: number) => {
    most = Math.max(most, ++underWay);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    underWay--;
    return turns * 10;
  };
  for await (const { item, result } of inOrder(items, 3, run)) {
    expect(result).toBe(item * 10);
    seen.push(item);
  }
  expect(seen).toEqual(items);
  expect(most).toBe(3);
});

test('the first failure in that order is the one that is told, and nothing is begun after it', async () => {
  const begun: number[] = [];
  const run = async (item: number) => {
    begun.push(item);
    await Promise.resolve();
    if (item >= 2) throw new Error(`item ${item}`);
    return item;
  };
  const results: number[] = [];
  const all = async () => {
    for await (const { result } of inOrder([0, 1, 2, 3, 4, 5, 6], 2, run)) results.push(result);
  };
  await expect(all()).rejects.toThrow('item 2');
  expect(results).toEqual([0, 1]);
  expect(begun).toEqual([0, 1, 2, 3]);
});
