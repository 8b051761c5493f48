/** Far beyond the longest list of any test, and reached within seconds. */
const MAX_PAGES = 10_000;

/**
 * Every page of a list, from the first one along the cursors.
 * @throws Error where a cursor repeats or the list does not end, which would otherwise hang the test
 */
export function walkPages<P extends { nextCursor: string | null }>(
  pageAt: (cursor: string | null) => P,
  maxPages = MAX_PAGES,
): P[] {
  const pages: P[] = [];
  const followed = new Set<string | null>();
  let cursor: string | null = null;
  while (pages.length < maxPages) {
    if (followed.has(cursor)) throw new Error(`Page ${pages.length} leads back to the cursor ${cursor}.`);
    followed.add(cursor);
    const page = pageAt(cursor);
    pages.push(page);
    if (page.nextCursor === null) return pages;
    cursor = page.nextCursor;
  }
  throw new Error(`The list does not end within ${maxPages} pages.`);
}
