import { fork } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ContentHash } from '../../../../src-main/contract/ids.ts';
import { DecodedCache } from '../../../../src-main/core/image/decoded-cache.ts';
import { decodeImage } from '../../../../src-main/core/image/decode.ts';
import { DiskCache } from '../../../../src-main/core/image/disk-cache.ts';
import { ThumbnailCache } from '../../../../src-main/core/image/thumbnail-cache.ts';
import { photoLike, sharpOf } from '../../../support/test-images.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'cache-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const keyOf = (index: number) => `${index.toString(16).padStart(2, '0')}${'e'.repeat(30)}`;
const cacheOf = (maxBytes: number, now?: () => number) =>
  new DiskCache({ folder, suffix: '.bin', maxBytes, ...(now ? { now } : {}) });

function filesBelow(path: string): string[] {
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

const totalBytes = () => filesBelow(folder).reduce((sum, path) => sum + statSync(path).size, 0);

describe('a disk cache', () => {
  it('gives back what was written, under a path made of the key', async () => {
    const cache = cacheOf(1e6);
    await cache.write(keyOf(0xab), Buffer.from('one '), Buffer.from('two'));
    expect(cache.path(keyOf(0xab))).toBe(join(folder, 'ab', `${keyOf(0xab)}.bin`));
    expect((await cache.read(keyOf(0xab)))?.toString()).toBe('one two');
    expect(await cache.has(keyOf(0xab))).toBe(true);
    await cache.remove(keyOf(0xab));
    expect(await cache.read(keyOf(0xab))).toBeNull();
    expect(await cache.has(keyOf(0xab))).toBe(false);
  });

  it('refuses keys that are no file names', () => {
    for (const key of ['../../etc', 'ab/cd', 'AB', '']) expect(() => cacheOf(1).path(key)).toThrow();
  });

  it('stays within its bound to an eighth, whatever is written', async () => {
    const writes = fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 900 })), { maxLength: 120 });
    await fc.assert(
      fc.asyncProperty(writes, async (entries) => {
        const cache = cacheOf(8_000);
        mkdirSync(folder, { recursive: true });
        for (const [index, size] of entries) {
          await cache.write(keyOf(index), Buffer.alloc(size));
          // The bound, an eighth of it, and the entry that was one too many.
          expect(totalBytes()).toBeLessThanOrEqual(8_000 * 1.125 + 900 + 8_000 * 0.125);
        }
        await cache.settled();
        expect(totalBytes()).toBeLessThanOrEqual(8_000 * 1.125);
        rmSync(folder, { recursive: true });
      }),
      { numRuns: 20, seed: 3 },
    );
  });

  it('evicts first what was unused for longest', async () => {
    const hour = 3_600_000;
    let now = Date.now();
    const cache = cacheOf(1_000, () => now);
    for (let index = 0; index < 9; index++) {
      await cache.write(keyOf(index), Buffer.alloc(100));
      const age = (now - 10 * hour + index * 60_000) / 1000;
      utimesSync(cache.path(keyOf(index)), age, age);
    }
    await cache.settled();
    now += hour;
    expect(await cache.has(keyOf(0))).toBe(true);
    await cache.write(keyOf(20), Buffer.alloc(150));
    await cache.settled();
    expect(await cache.has(keyOf(0))).toBe(true);
    expect(await cache.has(keyOf(1))).toBe(false);
    expect(await cache.has(keyOf(20))).toBe(true);
  });

  it('evicts what was used before the clock was set back, and not what is used since', async () => {
    const year = 365 * 24 * 3_600_000;
    const cache = cacheOf(1_000);
    for (let index = 0; index < 9; index++) {
      await cache.write(keyOf(index), Buffer.alloc(100));
      const later = (Date.now() + year + index * 60_000) / 1000;
      utimesSync(cache.path(keyOf(index)), later, later);
    }
    await cache.settled();
    expect(await cache.has(keyOf(0))).toBe(true);
    await cache.write(keyOf(20), Buffer.alloc(150));
    await cache.settled();
    expect(await cache.has(keyOf(0))).toBe(true);
    expect(await cache.has(keyOf(20))).toBe(true);
    expect(totalBytes()).toBeLessThanOrEqual(1_000);
  });

  it('sweeps up what a killed process left, and not what a living one is writing', async () => {
    const cache = cacheOf(1e6);
    await cache.write(keyOf(1), Buffer.from('x'));
    await cache.settled();
    const [old, young] = [join(folder, '01', 'old.tmp'), join(folder, '01', 'young.tmp')];
    writeFileSync(old, 'x');
    writeFileSync(young, 'x');
    utimesSync(old, 1, 1);
    const next = cacheOf(1e6);
    await next.write(keyOf(2), Buffer.from('x'));
    await next.settled();
    expect(filesBelow(folder).filter((path) => path.endsWith('.tmp'))).toEqual([young]);
  });

  it('survives being deleted at any moment', async () => {
    const cache = cacheOf(50_000);
    const stop = new AbortController();
    let written = 0;
    // By the count of writes, not by time: on a slow machine one write would meet more deletions than it withstands.
    const deleting = (async () => {
      for (let deletedAt = 0; !stop.signal.aborted;) {
        await new Promise((resolve) => setImmediate(resolve));
        if (written - deletedAt < 20) continue;
        deletedAt = written;
        rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      }
    })();
    const working = Array.from({ length: 8 }, async (_, worker) => {
      for (let step = 0; step < 60; step++) {
        const key = keyOf(((worker % 4) * 60 + step) % 256);
        const content = Buffer.alloc(500, key);
        await cache.write(key, content);
        written++;
        const found = await cache.read(key);
        if (found !== null) expect(found.equals(content)).toBe(true);
      }
    });
    await Promise.all(working).finally(() => stop.abort());
    await deleting;
    await cache.settled();
  });

  it('is shared by processes without anybody reading half an entry', async () => {
    const script = join(folder, 'writer.mjs');
    const modulePath = join(import.meta.dirname, '../../../../src-main/core/image/disk-cache.ts');
    writeFileSync(
      script,
      `import { DiskCache } from ${JSON.stringify(modulePath)};
       const cache = new DiskCache({ folder: ${JSON.stringify(join(folder, 'shared'))}, suffix: '.bin', maxBytes: 4e6 });
       for (let step = 0; step < 150; step++) {
         const key = String(10 + (step % 20)).padEnd(32, 'e');
         await cache.write(key, Buffer.alloc(40_000, key));
         const found = await cache.read(key);
         if (found !== null && !found.equals(Buffer.alloc(40_000, key))) process.exit(3);
       }
       await cache.settled();`,
    );
    const codes = await Promise.all(
      [1, 2, 3].map(() => new Promise((resolve) => fork(script, { execArgv: [] }).once('exit', resolve))),
    );
    expect(codes).toEqual([0, 0, 0]);
    expect(filesBelow(join(folder, 'shared')).filter((path) => path.endsWith('.tmp'))).toEqual([]);
  });
});

const hash = ContentHash.parse('c0'.repeat(32));

describe('the cache of decoded pixels', () => {
  const jpeg = sharpOf(photoLike(300, 200)).jpeg().toBuffer();

  async function counted() {
    const bytes = await jpeg;
    let loads = 0;
    const load = () => {
      loads++;
      return Promise.resolve(bytes);
    };
    return { load, loads: () => loads };
  }

  it('decodes an image once, for all who ask', async () => {
    const { load, loads } = await counted();
    const cache = new DecodedCache({ folder, maxBytes: 1e9 });
    const images = await Promise.all([1, 2, 3].map(() => cache.get(hash, { maxSidePx: 96, load })));
    const again = await new DecodedCache({ folder, maxBytes: 1e9 }).get(hash, { maxSidePx: 96, load });
    expect(loads()).toBe(1);
    const expected = await decodeImage(await jpeg, { maxSidePx: 96 });
    for (const image of [...images, again]) {
      expect([image.widthPx, image.heightPx]).toEqual([96, 64]);
      expect(Buffer.from(image.data).equals(expected.data)).toBe(true);
    }
    await cache.get(hash, { maxSidePx: 48, load });
    expect(loads()).toBe(2);
  });

  it.each<[string, (path: string) => void]>([
    ['cut short', (path) => truncateSync(path, 1000)],
    ['emptied', (path) => truncateSync(path, 0)],
    ['deleted', (path) => rmSync(path)],
    ['changed in one byte', (path) => damageByte(path, 5000)],
    ['of another version', (path) => damageByte(path, 8)],
    ['of other dimensions', (path) => damageByte(path, 12)],
  ])('makes an entry again that was %s', async (_, damage) => {
    const { load, loads } = await counted();
    const cache = new DecodedCache({ folder, maxBytes: 1e9 });
    const before = Buffer.from((await cache.get(hash, { maxSidePx: 96, load })).data);
    const [entry] = filesBelow(folder);
    if (entry === undefined) throw new Error('nothing was stored');
    damage(entry);
    expect(before.equals((await cache.get(hash, { maxSidePx: 96, load })).data)).toBe(true);
    expect(before.equals((await cache.get(hash, { maxSidePx: 96, load })).data)).toBe(true);
    expect(loads()).toBe(2);
  });

  it('passes on why an image cannot be used, and asks again the next time', async () => {
    const cache = new DecodedCache({ folder, maxBytes: 1e9 });
    const load = () => Promise.resolve(Buffer.from('no image'));
    const request = { maxSidePx: 96, load };
    await expect(cache.get(hash, request)).rejects.toMatchObject({ problem: { code: 'not-an-image' } });
    await expect(cache.get(hash, request)).rejects.toMatchObject({ code: 'IMAGE_UNAVAILABLE' });
  });
});

function damageByte(path: string, at: number): void {
  const handle = readFileSync(path);
  handle[at] = (handle[at] ?? 0) ^ 0xff;
  writeFileSync(path, handle);
}

describe('the cache of thumbnails', () => {
  it('makes a thumbnail that the person deleted', async () => {
    const cache = new ThumbnailCache({ folder, maxBytes: 1e9 });
    const load = () => sharpOf(photoLike(640, 400)).png().toBuffer();
    const first = await cache.ensure(hash, load);
    expect(await cache.has(hash)).toBe(true);
    rmSync(folder, { recursive: true });
    expect(await cache.has(hash)).toBe(false);
    expect((await cache.ensure(hash, load)).equals(first)).toBe(true);
    expect(await cache.ensure(hash, () => Promise.reject(new Error('not needed')))).toEqual(first);
  });
});
