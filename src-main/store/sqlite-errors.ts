import Database from 'better-sqlite3';
import { UserError } from '../contract/errors.ts';

/**
 * The error of a database operation as a person can act on it; anything that is a bug comes back unchanged.
 * @param file path of the database, for the message
 */
export function translateSqliteError(error: unknown, file: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const code = error.code;
  if (code === 'SQLITE_FULL') {
    return new UserError('DISK_FULL', `The disk is full: ${file} could not be written.`, {
      hint: 'Free some space, then resume the job. Nothing that was saved before is lost.',
      cause: error,
    });
  }
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) {
    return new UserError('DATABASE_DAMAGED', `${file} is damaged or is not a database of R2O Studio.`, {
      hint: 'Move it away and put a backup (studio.sqlite.v*.bak, beside it) in its place, or start without it.',
      cause: error,
    });
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new UserError('DATA_FOLDER_BUSY', `${file} is in use by another process.`, {
      hint: 'Close the other R2O Studio or r2o command, then try again.',
      cause: error,
    });
  }
  if (
    code.startsWith('SQLITE_READONLY') ||
    code.startsWith('SQLITE_CANTOPEN') ||
    code.startsWith('SQLITE_IOERR') ||
    code === 'SQLITE_PERM'
  ) {
    return new UserError('DATA_FOLDER_UNUSABLE', `${file} cannot be opened or written (${code}).`, {
      hint: 'Check the permissions and the disk of the data folder, or choose another one with --data.',
      cause: error,
    });
  }
  return error;
}
