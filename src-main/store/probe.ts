import Database from 'better-sqlite3';

/** Whether SQLite loads and computes here, for `r2o doctor`. */
export function probeSqlite(): { version: string | null; problem: string | null } {
  try {
    const db = new Database(':memory:');
    const version = db.prepare<[], string>('SELECT sqlite_version()').pluck().get();
    db.close();
    return { version: version ?? null, problem: null };
  } catch (error) {
    return { version: null, problem: error instanceof Error ? error.message : String(error) };
  }
}
