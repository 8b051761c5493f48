import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { ContentHash } from '../../../../src-main/contract/ids.ts';
import { DEFAULT_IMAGE_LIMITS } from '../../../../src-main/core/image/image-limits.ts';
import { inspectFile } from '../../../../src-main/core/image/inspect.ts';
import { readOriginal } from '../../../../src-main/core/image/original-file.ts';
import { readVerified } from '../../../../src-main/core/image/render.ts';
import { ThumbnailCache } from '../../../../src-main/core/image/thumbnail-cache.ts';
import { orientedJpeg, photoLike, quadrants, sharpOf, sixteenBitPng } from '../../../support/test-images.ts';

const home = mkdtempSync(join(tmpdir(), 'inspect-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const limits = DEFAULT_IMAGE_LIMITS;
const { signal } = new AbortController();
const thumbnails = new ThumbnailCache({ folder: join(home, 'cache'), maxBytes: 2 ** 30 });
const inspect = (path: string | Buffer, overrides: Partial<typeof limits> = {}) =>
  inspectFile(path, { limits: { ...limits, ...overrides }, thumbnails, signal });

function fileOf(name: string, bytes: Uint8Array | string): string {
  writeFileSync(join(home, name), bytes);
  return join(home, name);
}

const sha256 = (bytes: Uint8Array) => ContentHash.parse(createHash('sha256').update(bytes).digest('hex'));

/** Runs as a user who is not almighty, where the tests run as one who is. Not on Windows. */
async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  const { seteuid } = process;
  if (process.getuid?.() !== 0 || seteuid === undefined) return work();
  seteuid(65_534);
  try {
    return await work();
  } finally {
    seteuid(0);
  }
}

describe('inspecting a file', () => {
  it('tells everything about an image', async () => {
    const bytes = await orientedJpeg(quadrants(400, 300), 6);
    expect(await inspect(fileOf('facts.jpg', bytes))).toEqual({
      facts: {
        contentHash: sha256(bytes),
        format: 'jpeg',
        widthPx: 400,
        heightPx: 300,
        orientation: 6,
        colourSpace: 'srgb',
        bitDepth: 8,
        hasAlpha: false,
        frameCount: 1,
        // The quadrants have the lightnesses 49.3, 70.6, 31.6 and 94.8; JPEG changes them a little.
        brightness: expect.closeTo(0.616, 2) as number,
      },
      problem: null,
      note: null,
    });
    const wide = await inspect(fileOf('wide.png', await sixteenBitPng(quadrants())));
    expect(wide.facts).toMatchObject({ bitDepth: 16, colourSpace: 'rgb16' });
    const cmyk = await sharpOf(quadrants()).toColourspace('cmyk').jpeg().toBuffer();
    expect((await inspect(fileOf('cmyk.jpg', cmyk))).facts).toMatchObject({ colourSpace: 'cmyk' });
  });

  it('stores an upright thumbnail of at most 320 pixels', async () => {
    const bytes = await orientedJpeg(photoLike(900, 600), 8);
    const { facts } = await inspect(fileOf('thumb.jpg', bytes));
    if (!facts) throw new Error('the image was refused');
    const thumbnail = readFileSync(thumbnails.path(facts.contentHash));
    const { format, width, height } = await sharp(thumbnail).metadata();
    expect({ format, width, height }).toEqual({ format: 'webp', width: 320, height: 213 });
  });

  it('uses a file of a wrong name, and says so', async () => {
    const { facts, note } = await inspect(fileOf('wrong.jpg', await sharpOf(quadrants()).png().toBuffer()));
    expect(facts?.format).toBe('png');
    expect(note).toBe('The name ends in .jpg, but the content is PNG, so it is read as that.');
  });

  it('keeps to its limits', async () => {
    const path = fileOf('limits.png', await sharpOf(quadrants()).png().toBuffer());
    expect((await inspect(path, { maxPixels: 96 * 64 })).problem).toBeNull();
    expect((await inspect(path, { maxPixels: 96 * 64 - 1 })).problem?.code).toBe('too-many-pixels');
    expect((await inspect(path, { maxFileBytes: 20 })).problem?.code).toBe('too-large-file');
  });

  it('explains links that lead nowhere, folders, and files that are gone', async () => {
    symlinkSync('nowhere.jpg', join(home, 'broken.jpg'));
    symlinkSync('loop.jpg', join(home, 'loop.jpg'));
    mkdirSync(join(home, 'folder.jpg'));
    const codeOf = async (name: string) => (await inspect(join(home, name))).problem?.code;
    expect(await codeOf('broken.jpg')).toBe('broken-link');
    expect(await codeOf('loop.jpg')).toBe('link-loop');
    expect(await codeOf('folder.jpg')).toBe('not-an-image');
    expect(await codeOf('gone.jpg')).toBe('vanished');
    expect(await codeOf(`${'x'.repeat(300)}.jpg`)).toBe('unreadable');
  });

  it.skipIf(process.platform === 'win32')('explains files that may not be read', async () => {
    const path = fileOf('forbidden.jpg', 'x');
    chmodSync(home, 0o755);
    chmodSync(path, 0);
    const { problem } = await asOrdinaryUser(() => inspect(path));
    expect(problem?.code).toBe('permission-denied');
  });

  it.skipIf(process.platform === 'win32')('works in a folder that cannot be written', async () => {
    const folder = join(home, 'read-only');
    mkdirSync(folder);
    const path = join(folder, 'a.jpg');
    writeFileSync(path, await sharpOf(quadrants()).jpeg().toBuffer(), { mode: 0o444 });
    chmodSync(folder, 0o555);
    const cache = mkdtempSync(join(tmpdir(), 'cache-'));
    chmodSync(cache, 0o777);
    const own = new ThumbnailCache({ folder: cache, maxBytes: 2 ** 30 });
    const before = statSync(path, { bigint: true });
    const { problem } = await asOrdinaryUser(() => inspectFile(path, { limits, thumbnails: own, signal }));
    expect(problem).toBeNull();
    const after = statSync(path, { bigint: true });
    expect([after.mtimeNs, after.ctimeNs, after.size]).toEqual([before.mtimeNs, before.ctimeNs, before.size]);
    rmSync(cache, { recursive: true });
  });

  it('notices irregular JPEG data and still uses the picture', async () => {
    const jpeg = await sharpOf(photoLike(320, 240)).jpeg().toBuffer();
    const startOfScan = jpeg.indexOf('\xff\xda', 0, 'latin1');
    // Bytes that belong to no segment: libjpeg warns and goes on.
    const odd = Buffer.concat([
      jpeg.subarray(0, startOfScan),
      Buffer.from([0, 1, 2]),
      jpeg.subarray(startOfScan),
    ]);
    const { facts, note } = await inspect(fileOf('odd.jpg', odd));
    expect(facts).toMatchObject({ widthPx: 320, heightPx: 240 });
    expect(note).toMatch(/irregular data .*check whether the image is complete/);
  });

  it('decodes a file from disk that is too large to be held in memory', async () => {
    const create = { width: 7000, height: 7000, channels: 3, background: '#336699' } as const;
    const path = join(home, 'huge.tif');
    await sharp({ create }).tiff({ compression: 'none' }).toFile(path);
    expect(statSync(path).size).toBeGreaterThan(128 * 2 ** 20);
    const { facts, problem } = await inspect(path);
    expect(problem).toBeNull();
    expect(facts).toMatchObject({ widthPx: 7000, contentHash: sha256(readFileSync(path)) });
    truncateSync(path, 130 * 2 ** 20);
    expect((await inspect(path)).problem?.code).toMatch(/truncated|corrupt/);
    rmSync(path);
  });

  it('stops when it is told to', async () => {
    const path = fileOf('stop.jpg', await sharpOf(quadrants()).jpeg().toBuffer());
    const aborted = AbortSignal.abort(new Error('enough'));
    await expect(inspectFile(path, { limits, thumbnails, signal: aborted })).rejects.toThrow('enough');
  });

  it('blames the cache folder, not the image, when the thumbnail cannot be stored', async () => {
    const path = fileOf('cache.jpg', await sharpOf(quadrants()).jpeg().toBuffer());
    const unusable = new ThumbnailCache({ folder: fileOf('a-file', 'x'), maxBytes: 2 ** 30 });
    await expect(inspectFile(path, { limits, thumbnails: unusable, signal })).rejects.toMatchObject({
      code: 'DATA_FOLDER_UNUSABLE',
    });
  });
});

describe('a file that is being written', () => {
  it('is read a second time', async () => {
    const path = fileOf('growing.jpg', 'first half,');
    let attempts = 0;
    const bytes = await readOriginal(path, { limits, signal }, async (original) => {
      if (++attempts === 1) appendFileSync(path, ' second half');
      return (await original.readWhole()).bytes;
    });
    expect([attempts, bytes.toString()]).toEqual([2, 'first half, second half']);
  });

  it('is given up when it keeps changing', async () => {
    const path = fileOf('restless.jpg', 'x');
    const reading = readOriginal(path, { limits, signal }, async (original) => {
      appendFileSync(path, 'x');
      return original.readWhole();
    });
    await expect(reading).rejects.toMatchObject({ problem: { code: 'unreadable' } });
  });

  it('is hashed the same whether it is held in memory or read in passing', async () => {
    const big = Buffer.alloc(9 * 2 ** 20 + 123, 7);
    const path = fileOf('big.bin', big);
    const hashes = await readOriginal(path, { limits, signal }, async (original) => [
      await original.readHash(),
      (await original.readWhole()).contentHash,
    ]);
    expect(hashes).toEqual([sha256(big), sha256(big)]);
  });
});

describe('reading an original again', () => {
  it('gives its bytes only while they are those of the scan', async () => {
    const path = fileOf('verified.jpg', 'before');
    const hash = sha256(Buffer.from('before'));
    expect((await readVerified(path, hash, { limits })).toString()).toBe('before');
    writeFileSync(path, 'after');
    await expect(readVerified(path, hash, { limits })).rejects.toMatchObject({ code: 'IMAGE_UNAVAILABLE' });
  });
});
