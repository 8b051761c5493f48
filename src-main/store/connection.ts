import type Database from 'better-sqlite3';

declare const access: unique symbol;

/** A connection that may only read. Many small reads go faster in a transaction: otherwise each starts one. */
export type ReadableDb = Pick<Database.Database, 'prepare' | 'transaction'> & { [access]: 'read' | 'write' };
/** A connection that may read and write. One process holds one of them; see lock.ts. */
export type WritableDb = Pick<Database.Database, 'prepare' | 'transaction' | 'name'> & { [access]: 'write' };
