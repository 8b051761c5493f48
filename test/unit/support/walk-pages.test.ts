import { describe, expect, test } from 'vitest';
import { walkPages } from '../../support/walk-pages.ts';

describe('a walk through pages', () => {
  test('reads each page once, along the cursors', () => {
    const next: Record<string, string | null> = { start: 'b', b: 'c', c: null };
    const pages = walkPages((cursor) => ({ at: cursor, nextCursor: next[cursor ?? 'start'] ?? null }));
    expect(pages.map(({ at }) => at)).toEqual([null, 'b', 'c']);
  });

  test('fails at a cursor that it has followed already', () => {
    const next: Record<string, string> = { start: 'b', b: 'c', c: 'b' };
    expect(() => walkPages((cursor) => ({ nextCursor: next[cursor ?? 'start'] ?? null }))).toThrow(
      'Page 3 leads back to the cursor b.',
    );
  });

  test('fails where the list does not end', () => {
    let count = 0;
    expect(() => walkPages(() => ({ nextCursor: String(++count) }), 5)).toThrow('within 5 pages');
    expect(count).toBe(5);
  });
});
