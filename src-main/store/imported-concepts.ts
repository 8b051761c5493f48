import { ConceptId, type SegmentationId } from '../contract/ids.ts';
import type { WritableDb } from './connection.ts';

const NEW_COLOURS = ['#e6194b', '#3cb44b', '#4363d8', '#f58231', '#911eb4', '#46f0f0', '#f032e6', '#bcf60c'];

/** Finds the concept of a class by its name or its number, or makes one. */
export function importedConceptWriter(db: WritableDb): (id: SegmentationId, className: string) => ConceptId {
  const find = db
    .prepare<[number, string, string], number>(
      `SELECT id FROM concepts WHERE segmentation_id = ? AND (name = ? OR name IS NULL AND 'concept-' || number = ?)
       ORDER BY number LIMIT 1`,
    )
    .pluck();
  const nextNumber = db
    .prepare<[number], number>('SELECT ifnull(max(number), -1) + 1 FROM concepts WHERE segmentation_id = ?')
    .pluck();
  const insert = db.prepare<[number, number, string, string]>(
    'INSERT INTO concepts (segmentation_id, number, name, colour, is_imported) VALUES (?, ?, ?, ?, 1)',
  );
  return (segmentationId, className) => {
    const existing = find.get(segmentationId, className, className);
    if (existing !== undefined) return ConceptId.parse(existing);
    const number = nextNumber.get(segmentationId) ?? 0;
    const colour = NEW_COLOURS[number % NEW_COLOURS.length] ?? '#808080';
    return ConceptId.parse(Number(insert.run(segmentationId, number, className, colour).lastInsertRowid));
  };
}
