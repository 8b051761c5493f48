import { csvField } from '../../export/text-file.ts';
import { writeTextAtomically } from '../../core/weights/atomic-file.ts';
import type { CallOf } from '../protocol/call.ts';

/**
 * Writes the points of a map, whole or not at all.
 * @throws UserError DISK_FULL, FILE_NOT_FOUND, FILE_UNUSABLE
 */
export async function writeMap({ out, of, points }: CallOf<'write-map'>): Promise<void> {
  const rows = points.map(({ object, ...point }) => (of === 'objects' ? { ...point, object } : point));
  const text = out.toLowerCase().endsWith('.json')
    ? `${JSON.stringify({ of, points: rows })}\n`
    : table(rows, of);
  await writeTextAtomically(out, text);
}

function table(
  rows: readonly Record<string, string | number | null>[],
  of: CallOf<'write-map'>['of'],
): string {
  const columns = [
    'x',
    'y',
    'image',
    ...(of === 'objects' ? ['object', 'concept'] : []),
    'review',
    'score',
    'split',
  ];
  const lines = rows.map((row) => columns.map((column) => csvField(row[column] ?? '')).join(','));
  return [columns.join(','), ...lines, ''].join('\r\n');
}
