/**
 * Results of `run` in the order of `items`, of which `ahead` are under way at a time.
 * @throws what `run` throws, for the first item that it fails on
 */
export async function* inOrder<T, R>(
  items: readonly T[],
  ahead: number,
  run: (item: T) => Promise<R>,
): AsyncGenerator<{ item: T; result: R }> {
  const underWay: { item: T; result: Promise<R> }[] = [];
  let begun = 0;
  const begin = () => {
    for (const item of items.slice(begun, begun + 1)) {
      const result = run(item);
      // Whoever waits for it gets the error; after an earlier failure, nobody does.
      result.catch(() => undefined);
      underWay.push({ item, result });
      begun++;
    }
  };
  while (begun < Math.min(ahead, items.length)) begin();
  for (let first = underWay.shift(); first; first = underWay.shift()) {
    const result = await first.result;
    begin();
    yield { item: first.item, result };
  }
}
