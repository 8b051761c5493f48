import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheEntry } from '../../domain/data-layout.ts';
import { userError } from '../../contract/errors.ts';
import { errnoOf, isDiskFull } from '../../domain/system-errors.ts';
import { makeFolder } from '../../domain/make-folder.ts';

export type DiskCacheOptions = {
  folder: string;
  /** Ending of every entry's file name, with its dot. */
  suffix: string;
  /** Entries beyond this are deleted, those unused for longest first. */
  maxBytes: number;
  /** The clock, in milliseconds since 1970. */
  now?: () => number;
};

/** A hit renews an entry's mtime when it is older than this: often enough for a bound counted in gigabytes. */
const TOUCH_AFTER_MS = 3_600_000;
/** A temporary file of this age belongs to a process that died. */
const STALE_AFTER_MS = 3_600_000;
/** Eviction goes this far below the bound, so that it is not due again at once. */
const EVICT_TO = 0.9;
/** Other processes write too: after so much of the bound written here, the folder is counted again. */
const RECOUNT_AFTER = 0.125;
const STATS_AT_ONCE = 64;

/** Each is lost only to a deletion of the folder at that very moment. */
const WRITE_ATTEMPTS = 10;

const TEMPORARY_SUFFIX = '.tmp';

type Entry = { path: string; sizeBytes: number; usedAtMs: number };

/**
 * Files by key in a folder of bounded size, which may be deleted, in parts or as a whole, at any moment.
 *
 * Entries are written to a temporary file and renamed, so that nobody ever reads half of one; several processes
 * may share a folder. Keys are hashes (or start with one): equal keys mean equal content, so the last writer
 * wins and nobody loses. Nothing is scanned at start-up: the folder is counted in the background after the
 * first write. The bound is kept to within an eighth of it a process.
 */
export class DiskCache {
  readonly #options: Required<DiskCacheOptions>;
  /** Size of the folder as far as known here; undefined until it was counted. */
  #totalBytes: number | undefined;
  #writtenSinceCount = 0;
  #sweep: Promise<void> | undefined;
  #sweepFailure: { error: unknown } | undefined;

  constructor(options: DiskCacheOptions) {
    this.#options = { now: Date.now, ...options };
  }

  /** Path of the entry of a key, whether it exists or not. */
  path(key: string): string {
    if (!/^[0-9a-z][0-9a-z-]{3,127}$/.test(key)) throw new Error(`not a cache key: '${key}'`);
    return cacheEntry(this.#options, key);
  }

  async has(key: string): Promise<boolean> {
    const path = this.path(key);
    const stats = await stat(path).catch(orUndefinedIfGone);
    if (stats === undefined || stats.size === 0) return false;
    await this.#touch(path, stats.mtimeMs);
    return true;
  }

  /** The bytes of an entry, or null if it does not exist (or no longer does). */
  async read(key: string): Promise<Buffer | null> {
    const path = this.path(key);
    const bytes = await readFile(path).catch(orUndefinedIfGone);
    if (bytes === undefined) return null;
    const stats = await stat(path).catch(orUndefinedIfGone);
    if (stats !== undefined) await this.#touch(path, stats.mtimeMs);
    return bytes;
  }

  /**
   * Stores an entry, in pieces that follow each other.
   * @throws UserError `DISK_FULL`, or `DATA_FOLDER_UNUSABLE` when the folder cannot be written
   */
  async write(key: string, ...pieces: Uint8Array[]): Promise<void> {
    const path = this.path(key);
    const sizeBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    try {
      await this.#writeAtomically(path, pieces);
    } catch (error) {
      throw this.#asUserError(error);
    }
    this.#writtenSinceCount += sizeBytes;
    if (this.#totalBytes !== undefined) this.#totalBytes += sizeBytes;
    await this.#keepBound();
  }

  /** Removes an entry; it need not be there. */
  async remove(key: string): Promise<void> {
    await rm(this.path(key), { force: true });
  }

  /** Waits for counting and eviction under way in the background. */
  async settled(): Promise<void> {
    await this.#sweep;
    if (this.#sweepFailure === undefined) return;
    const { error } = this.#sweepFailure;
    this.#sweepFailure = undefined;
    throw this.#asUserError(error);
  }

  async #touch(path: string, mtimeMs: number): Promise<void> {
    const now = this.#options.now();
    // A time to come is from before the clock was set back.
    if (Math.abs(now - mtimeMs) < TOUCH_AFTER_MS) return;
    await utimes(path, now / 1000, now / 1000).catch(orUndefinedIfGone);
  }

  async #writeAtomically(path: string, pieces: Uint8Array[]): Promise<void> {
    const temporary = join(path, '..', `${randomUUID()}${TEMPORARY_SUFFIX}`);
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          await makeFolder(join(path, '..'));
          await writeFile(temporary, pieces, { flag: 'w' });
          await renameOver(temporary, path);
          return;
        } catch (error) {
          // The user may delete the folder between two steps: then they are repeated.
          if (!isGone(error) || attempt === WRITE_ATTEMPTS) throw error;
        }
      }
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** Starts a sweep when it is due, and holds the writer back while the folder is far beyond its bound. */
  async #keepBound(): Promise<void> {
    if (this.#sweepFailure !== undefined) await this.settled();
    const { maxBytes } = this.#options;
    const isOver = (this.#totalBytes ?? 0) > maxBytes;
    const isCountOld = this.#totalBytes === undefined || this.#writtenSinceCount > maxBytes * RECOUNT_AFTER;
    if (this.#sweep === undefined && (isOver || isCountOld)) {
      this.#sweep = this.#countAndEvict()
        .catch((error: unknown) => {
          // Kept so that the next writer reports it; nobody waits for this promise.
          this.#sweepFailure = { error };
        })
        .finally(() => {
          this.#sweep = undefined;
        });
    }
    if (this.#writtenSinceCount > maxBytes * RECOUNT_AFTER) await this.#sweep;
  }

  async #countAndEvict(): Promise<void> {
    this.#writtenSinceCount = 0;
    const entries = await this.#listEntries();
    let total = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (total > this.#options.maxBytes) {
      const newestMs = this.#options.now() + TOUCH_AFTER_MS;
      // What was used last before the clock was set back has not been used since: it goes first.
      const usedAt = ({ usedAtMs }: Entry) => (usedAtMs > newestMs ? -Infinity : usedAtMs);
      entries.sort((a, b) => compare(usedAt(a), usedAt(b)));
      for (const { path, sizeBytes } of entries) {
        if (total <= this.#options.maxBytes * EVICT_TO) break;
        await rm(path, { force: true });
        total -= sizeBytes;
      }
    }
    this.#totalBytes = total + this.#writtenSinceCount;
  }

  async #listEntries(): Promise<Entry[]> {
    const { folder, suffix, now } = this.#options;
    const entries: Entry[] = [];
    for (const shard of (await readdir(folder).catch(orUndefinedIfGone)) ?? []) {
      const names = (await readdir(join(folder, shard)).catch(orUndefinedIfGone)) ?? [];
      for (let start = 0; start < names.length; start += STATS_AT_ONCE) {
        const paths = names.slice(start, start + STATS_AT_ONCE).map((name) => join(folder, shard, name));
        const found = await Promise.all(paths.map(entryAt));
        for (const entry of found) {
          if (entry?.path.endsWith(suffix) === true) entries.push(entry);
          const isTemporary = entry?.path.endsWith(TEMPORARY_SUFFIX) === true;
          if (isTemporary && Math.abs(now() - entry.usedAtMs) > STALE_AFTER_MS)
            await rm(entry.path, { force: true });
        }
      }
    }
    return entries;
  }

  #asUserError(error: unknown): unknown {
    const errno = errnoOf(error);
    if (errno === undefined) return error;
    const { folder } = this.#options;
    if (isDiskFull(error)) {
      return userError('cache-disk-full', { path: folder }, { cause: error });
    }
    return userError('cache-unusable', { path: folder, errno }, { cause: error });
  }
}

const compare = (a: number, b: number) => (a < b ? -1 : Number(a > b));

/** Windows refuses to replace a file that is being read; its content is the same then. */
async function renameOver(temporary: string, path: string): Promise<void> {
  try {
    await rename(temporary, path);
  } catch (error) {
    if (!['EPERM', 'EACCES', 'EBUSY'].includes(errnoOf(error) ?? '')) throw error;
    const [made, present] = await Promise.all([stat(temporary), stat(path).catch(orUndefinedIfGone)]);
    if (made.size !== present?.size) throw error;
    await rm(temporary, { force: true });
  }
}

async function entryAt(path: string): Promise<Entry | undefined> {
  const stats = await stat(path).catch(orUndefinedIfGone);
  return stats?.isFile() === true ? { path, sizeBytes: stats.size, usedAtMs: stats.mtimeMs } : undefined;
}

function isGone(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'ENOENT' || errno === 'ENOTDIR';
}

/** For entries that were deleted in the meantime, which anyone may do. */
function orUndefinedIfGone(error: unknown): undefined {
  if (!isGone(error)) throw error;
  return undefined;
}
