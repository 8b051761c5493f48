import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { shownPath, type ExportFormatDefinition } from './format.ts';

/** Rows a transaction: fast, and little is lost to nobody, as the file counts only once it is whole. */
const BATCH = 256;
/** In `info`: distinguishes an export that is already in place from any other file. */
const MANIFEST_KEY = 'export';

/**
 * The schema is documented in resources/docs/datasets.md, "The SQLite file". `format_version` changes with it.
 * Run lengths are COCO's compressed form: column by column on the grid of the upright image, background first.
 */
const SCHEMA = `
  CREATE TABLE info (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE classes (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, colour TEXT NOT NULL) STRICT;
  CREATE TABLE images (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    split TEXT NOT NULL CHECK (split IN ('train', 'val', 'test')),
    path TEXT NOT NULL,
    original TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    bytes BLOB
  ) STRICT;
  CREATE INDEX images_by_split ON images (split, id);
  CREATE TABLE masks (
    id INTEGER PRIMARY KEY,
    image_id INTEGER NOT NULL REFERENCES images (id),
    class_id INTEGER NOT NULL REFERENCES classes (id),
    x INTEGER NOT NULL,
    y INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    area INTEGER NOT NULL,
    score REAL NOT NULL,
    review TEXT NOT NULL,
    rle TEXT NOT NULL
  ) STRICT;
  CREATE INDEX masks_by_image ON masks (image_id, id);
  CREATE INDEX masks_by_class ON masks (class_id, image_id);`;

/** The whole dataset as one SQLite file, with the images inside or not. */
export const sqlite: ExportFormatDefinition = {
  target: 'file',
  imagesReason: 'single-file-links',
  imageFolder: () => 'images',
  help: () => [],
  readManifest: (path) => {
    if (!existsSync(path)) return undefined;
    try {
      const db = new Database(path, { readonly: true });
      try {
        const text: unknown = db.prepare('SELECT value FROM info WHERE key = ?').pluck().get(MANIFEST_KEY);
        return typeof text === 'string' ? text : undefined;
      } finally {
        db.close();
      }
    } catch {
      // Some other file of that name: it is not for us to read.
      return undefined;
    }
  },
  open: ({ path, plan }) => {
    const db = new Database(path);
    // The file is thrown away unless it is finished: it needs no journal.
    db.pragma('journal_mode = OFF');
    db.pragma('synchronous = OFF');
    db.exec(SCHEMA);
    const info = {
      format_version: '1',
      dataset: plan.datasetName,
      version: String(plan.versionNumber),
      created_at: new Date(plan.createdAtMs).toISOString(),
      app: `R2O Studio ${plan.appVersion}`,
      counts: JSON.stringify(plan.counts),
    };
    const insertInfo = db.prepare('INSERT INTO info VALUES (?, ?)');
    for (const entry of Object.entries(info)) insertInfo.run(...entry);
    const insertClass = db.prepare('INSERT INTO classes VALUES (@number, @name, @colour)');
    for (const one of plan.classes) insertClass.run(one);
    const insertImage = db.prepare(`
      INSERT INTO images VALUES (@number, @name, @split, @path, @relPath, @widthPx, @heightPx, @contentHash, @bytes)`);
    const insertMask = db.prepare(`
      INSERT INTO masks
      VALUES (@number, @imageId, @classNumber, @x, @y, @width, @height, @areaPx, @score, @review, @rle)`);
    let pending = 0;
    const commit = () => {
      if (pending > 0) db.exec('COMMIT');
      pending = 0;
    };
    return Promise.resolve({
      add: async (image) => {
        const { number, name, split, relPath, widthPx, heightPx, contentHash, file, masks } = image;
        const copy = file.kind === 'inside' ? join(`${path}.images`, file.path) : undefined;
        const bytes = copy === undefined ? null : await readFile(copy);
        if (copy !== undefined) await rm(copy);
        if (pending++ === 0) db.exec('BEGIN');
        const place = shownPath(image).replace(/^images\//, '');
        insertImage.run({ number, name, split, path: place, relPath, widthPx, heightPx, contentHash, bytes });
        for (const { box, shape, ...mask } of masks) {
          const rle = Buffer.from(shape.rle).toString('latin1');
          const { classNumber, areaPx, score, review } = mask;
          insertMask.run({
            number: mask.number,
            imageId: number,
            classNumber,
            ...box,
            areaPx,
            score,
            review,
            rle,
          });
        }
        if (pending === BATCH) commit();
      },
      finish: (manifest) => {
        commit();
        insertInfo.run(MANIFEST_KEY, manifest);
        db.close();
        return Promise.resolve();
      },
      [Symbol.asyncDispose]: () => {
        db.close();
        return Promise.resolve();
      },
    });
  },
};
