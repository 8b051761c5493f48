import type { Statement } from 'better-sqlite3';
import type { WritableDb } from './connection.ts';

type Row = { key: string; value: string };

/** Settings of the whole app, one JSON value a key. */
export class SettingsRepository {
  readonly #all: Statement<[], Row>;
  readonly #set: Statement<[Row]>;
  readonly #setMany: (entries: [string, unknown][]) => void;

  constructor(db: WritableDb) {
    this.#all = db.prepare('SELECT key, value FROM settings');
    this.#set = db.prepare(
      'INSERT INTO settings (key, value) VALUES (@key, @value) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    );
    this.#setMany = db.transaction((entries: [string, unknown][]) => {
      for (const [key, value] of entries) this.#set.run({ key, value: JSON.stringify(value) });
    });
  }

  /** Everything that was ever set; defaults are the caller's to add. */
  all(): Record<string, unknown> {
    return Object.fromEntries(this.#all.all().map(({ key, value }) => [key, JSON.parse(value) as unknown]));
  }

  /** Sets several keys together; undefined values are left as they are. */
  setAll(values: Record<string, unknown>): void {
    this.#setMany(Object.entries(values).filter(([, value]) => value !== undefined));
  }
}
