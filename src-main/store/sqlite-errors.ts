import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { userError } from '../contract/errors.ts';
import { isDiskFull } from '../domain/system-errors.ts';

/**
 * The error of a database operation as a person can act on it; anything that is a bug comes back unchanged.
 * @param file path of the database, for the message
 */
export function translateSqliteError(error: unknown, file: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const code = error.code;
  if (isDiskFull(error) || (code.startsWith('SQLITE_IOERR') && isDriveFull(file))) {
    return userError('database-disk-full', { path: file }, { cause: error });
  }
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) {
    return userError('database-damaged', { path: file }, { cause: error });
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return userError('database-busy', { path: file }, { cause: error });
  }
  if (
    code.startsWith('SQLITE_READONLY') ||
    code.startsWith('SQLITE_CANTOPEN') ||
    code.startsWith('SQLITE_IOERR') ||
    code === 'SQLITE_PERM'
  ) {
    return userError('database-unusable', { path: file, errno: code }, { cause: error });
  }
  return error;
}

/** Less is no room for what SQLite writes at once. */
const LEAST_BYTES = 64 * 2 ** 10;

/** SQLite reports some writes that find no room as failures of the drive: those to its shared memory. */
function isDriveFull(file: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(file));
    return bavail * bsize < LEAST_BYTES;
  } catch {
    return false;
  }
}

/**
 * The same connection, whose statements and transactions throw what `translateSqliteError` makes of an error: a
 * disk can be full, or a file damaged, at any time and not only when it is opened.
 */
export function withTranslatedErrors(
  db: Database.Database,
): Pick<Database.Database, 'prepare' | 'transaction' | 'name'> {
  const translated =
    <Args extends unknown[], Result>(work: (...args: Args) => Result) =>
    (...args: Args): Result => {
      try {
        return work(...args);
      } catch (error) {
        throw translateSqliteError(error, db.name);
      }
    };
  const prepare = (source: string) => {
    const statement = db.prepare(source);
    statement.run = translated(statement.run.bind(statement));
    statement.get = translated(statement.get.bind(statement));
    statement.all = translated(statement.all.bind(statement));
    return statement;
  };
  return {
    name: db.name,
    // The generic parameters of `prepare` are claims of its caller; the statements are those of the connection.
    prepare: prepare as Database.Database['prepare'],
    // Nobody asks for the other kinds of transaction, which are properties of the function.
    transaction: ((work) => translated(db.transaction(work))) as Database.Database['transaction'],
  };
}
