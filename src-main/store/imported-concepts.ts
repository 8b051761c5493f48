import { ConceptId, type SegmentationId } from '../contract/ids.ts';
import { SegmentSettings } from '../contract/segmentation.ts';
import { conceptColour } from '../domain/concept-colour.ts';
import type { WritableDb } from './connection.ts';

/** Finds the concept of a class by its name or its number, or makes one. */
export function importedConceptWriter(db: WritableDb): (id: SegmentationId, className: string) => ConceptId {
  const find = db
    .prepare<[number, string, string], number>(
      `SELECT id FROM concepts WHERE segmentation_id = ? AND (name = ? OR name IS NULL AND 'concept-' || number = ?)
       ORDER BY number LIMIT 1`,
    )
    .pluck();
  const settingsOf = db.prepare<[number], string>('SELECT settings FROM segmentations WHERE id = ?').pluck();
  const lastNumber = db
    .prepare<[number], number>('SELECT ifnull(max(number), 0) FROM concepts WHERE segmentation_id = ?')
    .pluck();
  /** Behind those that the segmentation finds, which it may not have done yet: it finds them by their numbers. */
  const freeNumber = (id: SegmentationId): number => {
    const { conceptCount } = SegmentSettings.parse(JSON.parse(settingsOf.get(id) ?? '{}'));
    return Math.max(conceptCount, lastNumber.get(id) ?? 0) + 1;
  };
  const insert = db.prepare<[number, number, string, string]>(
    'INSERT INTO concepts (segmentation_id, number, name, colour, is_imported) VALUES (?, ?, ?, ?, 1)',
  );
  return (segmentationId, className) => {
    const existing = find.get(segmentationId, className, className);
    if (existing !== undefined) return ConceptId.parse(existing);
    const number = freeNumber(segmentationId);
    const { lastInsertRowid } = insert.run(segmentationId, number, className, conceptColour(number));
    return ConceptId.parse(Number(lastInsertRowid));
  };
}
