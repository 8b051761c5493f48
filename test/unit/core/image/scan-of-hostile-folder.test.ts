import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InspectedFile } from '../../../../src-main/domain/scan.ts';
import { DEFAULT_IMAGE_LIMITS } from '../../../../src-main/core/image/image-limits.ts';
import { inspectFile } from '../../../../src-main/core/image/inspect.ts';
import { ThumbnailCache } from '../../../../src-main/core/image/thumbnail-cache.ts';
import { resolveFile, walkFolder } from '../../../../src-main/core/image/walk.ts';
import { makeHostileFolder, type HostileFolder } from '../../../support/hostile-folder.ts';

const home = mkdtempSync(join(tmpdir(), 'hostile-'));
const root = join(home, 'photos');
const signal = new AbortController().signal;
let hostile: HostileFolder;
let before: Map<string, string>;
let rows: InspectedFile[];

beforeAll(async () => {
  hostile = await makeHostileFolder(root);
  before = fingerprints(root);
  rows = await scan(root);
});

afterAll(() => rmSync(home, { recursive: true, force: true }));

async function scan(folder: string): Promise<InspectedFile[]> {
  const thumbnails = new ThumbnailCache({ folder: join(home, 'cache'), maxBytes: 2 ** 30 });
  const found: InspectedFile[] = [];
  for await (const batch of walkFolder(folder, { signal })) {
    for (const { problem, ...file } of batch) {
      const inspection =
        problem === null
          ? await inspectFile(resolveFile(folder, file), { limits: DEFAULT_IMAGE_LIMITS, thumbnails, signal })
          : { facts: null, problem, note: null };
      found.push({ ...file, ...inspection });
    }
  }
  return found;
}

/** Size, time of change and content of every regular file. */
function fingerprints(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    files
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter((path) => !path.includes('\ufffd'))
      .map((path) => {
        const { mtimeNs, ctimeNs, size, mode } = statSync(path, { bigint: true });
        return [path, [mtimeNs, ctimeNs, size, mode, readFileSync(path).toString('base64')].join()];
      }),
  );
}

describe('a scan of a folder with every kind of bad file in it', () => {
  it('takes in every good image', () => {
    const good = rows.filter(({ facts }) => facts !== null);
    expect(good).toHaveLength(hostile.good);
  });

  it('explains every bad one with the right reason', () => {
    const found = rows.flatMap(({ relPath, problem }) => (problem ? [[relPath, problem.code] as const] : []));
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(hostile.problems));
  });

  it('says what to do next in every explanation', () => {
    for (const { problem } of rows) if (problem) expect(problem.detail).toMatch(/^[A-Z].{20,}\.$/s);
  });

  it('leaves out what is no picture', () => {
    const listed = new Set(rows.map(({ relPath }) => relPath));
    expect(hostile.ignored.filter((path) => listed.has(path))).toEqual([]);
  });

  it('remarks on wrong names and animations, and on nothing else', () => {
    const noted = rows.filter(({ note }) => note !== null).map(({ relPath }) => relPath);
    expect(noted.sort()).toEqual([...hostile.noted].sort());
  });

  it('keeps names byte for byte', () => {
    const names = rows.map(({ relPath }) => relPath);
    expect(names).toContain('names/caf\u00e9.jpg');
    expect(names).toContain('names/cafe\u0301.jpg');
    const invalid = rows.filter(({ pathBytes }) => pathBytes !== null);
    expect(invalid.map(({ pathBytes }) => Buffer.from(pathBytes ?? []).toString('latin1'))).toEqual([
      'names/bad-\xff\xfe.jpg',
    ]);
    expect(invalid[0]?.relPath).toBe('names/bad-\ufffd\ufffd.jpg');
  });

  it('gives duplicates the same content hash', () => {
    const hashes = rows
      .filter(({ relPath }) => relPath.includes('duplicate'))
      .map(({ facts }) => facts?.contentHash);
    expect(hashes).toHaveLength(2);
    expect(new Set(hashes).size).toBe(1);
  });

  it('stores a thumbnail for every good image', async () => {
    const thumbnails = new ThumbnailCache({ folder: join(home, 'cache'), maxBytes: 2 ** 30 });
    for (const { facts } of rows) if (facts) expect(await thumbnails.has(facts.contentHash)).toBe(true);
  });

  it('leaves every original as it was', () => {
    expect(fingerprints(root)).toEqual(before);
  });

  it('lists the same rows in the same order the next time', async () => {
    const paths = rows.map(({ relPath }) => relPath);
    const again: string[] = [];
    for await (const batch of walkFolder(root, { signal }))
      again.push(...batch.map(({ relPath }) => relPath));
    expect(again).toEqual(paths);
  });

  it('misses only what this system cannot have', () => {
    const expected = process.getuid?.() === 0 ? ['permissions: this user is not held back by them'] : [];
    expect(hostile.skipped).toEqual(expected);
  });

  it('finishes on an empty folder', async () => {
    mkdirSync(join(home, 'empty'));
    expect(await scan(join(home, 'empty'))).toEqual([]);
  });
});
