import { ConceptId } from '../contract/ids.ts';
import type { ReadableDb } from './connection.ts';

/** Reads a concept's group: itself first, then those that were merged into it, by number. */
export function conceptGroupReader(db: ReadableDb): (id: ConceptId) => ConceptId[] {
  const statement = db
    .prepare<[{ id: number }], number>(
      'SELECT id FROM concepts WHERE id = @id OR merged_into = @id ORDER BY id <> @id, number',
    )
    .pluck();
  return (id) => statement.all({ id }).map((one) => ConceptId.parse(one));
}
