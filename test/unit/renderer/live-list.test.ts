import { expect, test } from 'vitest';
import { LiveList } from '../../../src-renderer/state/live-list.svelte.ts';
import { Toasts } from '../../../src-renderer/state/toasts.svelte.ts';

type Item = { id: number; name: string };

/** A list whose answers come when the test says so. */
class Names extends LiveList<Item> {
  readonly answers: ((items: Item[]) => void)[];

  constructor() {
    const answers: ((items: Item[]) => void)[] = [];
    super(() => new Promise<Item[]>((resolve) => answers.push(resolve)), new Toasts());
    this.answers = answers;
  }

  override take(read: () => Promise<Item>): Promise<Item> {
    return super.take(read);
  }

  get names(): string[] {
    return this.all.map(({ name }) => name);
  }
}

const cat = { id: 1, name: 'cat' };
const dog = { id: 2, name: 'dog' };

/** A list that shows a cat and a dog. */
async function filled(): Promise<Names> {
  const list = new Names();
  const loaded = list.load();
  list.answers[0]?.([cat, dog]);
  await loaded;
  return list;
}

test('an answer that was asked for earlier replaces no later one', async () => {
  const list = await filled();
  const [first, second] = [list.load(), list.load()];
  list.answers[2]?.([{ ...cat, name: 'tom' }, dog]);
  await second;
  const { changes } = list;
  list.answers[1]?.([cat, dog]);
  await first;
  expect(list.names).toEqual(['tom', 'dog']);
  expect(list.changes).toBe(changes);
});

test('an item that was read by itself stays when the list comes that was asked for before', async () => {
  const list = await filled();
  const loaded = list.load();
  await list.take(() => Promise.resolve({ ...dog, name: 'rex' }));
  list.answers[1]?.([{ ...cat, name: 'tom' }, dog]);
  await loaded;
  expect(list.names).toEqual(['tom', 'rex']);
  // A list that is asked for later knows better.
  const later = list.load();
  list.answers[2]?.([cat, { ...dog, name: 'bello' }]);
  await later;
  expect(list.names).toEqual(['cat', 'bello']);
});

test('an item comes late without replacing what a later list says, and a new one is added', async () => {
  const list = await filled();
  let answer: (item: Item) => void = () => undefined;
  const taken = list.take(() => new Promise<Item>((resolve) => (answer = resolve)));
  const loaded = list.load();
  list.answers[1]?.([{ ...cat, name: 'tom' }, dog]);
  await loaded;
  answer(cat);
  await taken;
  expect(list.names).toEqual(['tom', 'dog']);
  await list.take(() => Promise.resolve({ id: 3, name: 'owl' }));
  expect(list.names).toEqual(['tom', 'dog', 'owl']);
});

test('a removed item does not come back with an answer that was asked for before', async () => {
  const list = await filled();
  const loaded = list.load();
  list.forget(2);
  expect(list.names).toEqual(['cat']);
  list.answers[1]?.([cat, dog]);
  await loaded;
  expect(list.names).toEqual(['cat']);
});
