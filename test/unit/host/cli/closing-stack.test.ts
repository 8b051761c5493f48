import { expect, test } from 'vitest';
import { ClosingStack } from '../../../../src-main/host/cli/closing-stack.ts';

/** A stack of three things, and what it has closed. */
function threeThings() {
  const closed: string[] = [];
  const stack = new ClosingStack();
  const lock = stack.use({ [Symbol.dispose]: () => void closed.push('lock') });
  stack.defer(async () => {
    await new Promise((done) => setTimeout(done, 5));
    closed.push('server');
  });
  stack.defer(() => void closed.push('file'));
  return { stack, lock, closed };
}

test('the last thing opened is closed first, and each is waited for', async () => {
  const { stack, closed } = threeThings();
  await stack.close();
  expect(closed).toEqual(['file', 'server', 'lock']);
});

test('a resource is handed back when it is given, not closed', () => {
  const { lock, closed, stack } = threeThings();
  expect(Symbol.dispose in lock).toBe(true);
  expect([closed, stack.isClosed]).toEqual([[], false]);
});

test('all is closed once, and whoever closes it again waits for the same', async () => {
  const { stack, closed } = threeThings();
  const first = stack.close();
  expect(stack.isClosed).toBe(true);
  await stack.close();
  expect(closed).toHaveLength(3);
  await first;
  expect(closed).toHaveLength(3);
});

test('what fails to close keeps nothing else open, and the first failure is thrown', async () => {
  const { stack, closed } = threeThings();
  stack.defer(() => Promise.reject(new Error('the page')));
  stack.use({
    [Symbol.dispose]: () => {
      throw new Error('the socket');
    },
  });
  await expect(stack.close()).rejects.toThrow('the socket');
  expect(closed).toEqual(['file', 'server', 'lock']);
});
