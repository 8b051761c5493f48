type Page<T> = { items: T[]; nextCursor: string | null };

/** Reads pages that may hold few or none until there are `count` items, or no more pages. */
export async function gather<T>(
  read: (cursor: string | null) => Promise<Page<T>>,
  from: string | null,
  count: number,
): Promise<Page<T>> {
  const items: T[] = [];
  let cursor = from;
  do {
    const page = await read(cursor);
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && items.length < count);
  return { items, nextCursor: cursor };
}
