import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { dataLayout } from '../domain/data-layout.ts';

/** A folder of images, as `refuseOwnFolders` looks at it. */
export type KnownCollection = { name: string; rootPath: string };

/**
 * The collections of a data folder that is not opened, for a command that works in another one. None for a folder without
 * a database, or with one that cannot be read.
 */
export function knownCollections(dataFolder: string): KnownCollection[] {
  const { database } = dataLayout(dataFolder);
  if (!existsSync(database)) return [];
  try {
    const db = new Database(database, { readonly: true });
    try {
      return db
        .prepare<[], KnownCollection>('SELECT name, root_path AS rootPath FROM collections ORDER BY id')
        .all();
    } finally {
      db.close();
    }
  } catch (error) {
    if (error instanceof Database.SqliteError) return [];
    throw error;
  }
}
