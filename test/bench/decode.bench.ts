import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import sharp from 'sharp';
import { decodeImage } from '../../src-main/core/image/decode.ts';
import { DEFAULT_IMAGE_LIMITS } from '../../src-main/core/image/image-limits.ts';
import { inspectFile } from '../../src-main/core/image/inspect.ts';
import { ThumbnailCache } from '../../src-main/core/image/thumbnail-cache.ts';
import { heicFixture, photoLike, sharpOf } from '../support/test-images.ts';
import type { BenchReport } from './bench-report.ts';

/** A folder of JPEGs of one size, every one of them different. */
type PhotoSet = { name: string; paths: string[] };

const IN_FLIGHT = [1, 2, 4, 8];

/**
 * How many images a second an inspection takes in (read, hash, decode, thumbnail, store), against the least
 * that sharp has to do for the same thumbnail. Flags: `--quick` for a tenth of the images.
 */
export async function run(args: string[]): Promise<BenchReport> {
  const share = args.includes('--quick') ? 0.1 : 1;
  const home = mkdtempSync(join(tmpdir(), 'decode-bench-'));
  try {
    const small = await makePhotos(home, { name: '320 px', count: 600 * share, width: 320, height: 240 });
    const large = await makePhotos(home, {
      name: '12 megapixels',
      count: 60 * share,
      width: 4032,
      height: 3024,
    });
    const settings = [await threadRows(small, home), await threadRows(large, home)].flat();
    const best = (set: PhotoSet, work: string) =>
      Math.max(...settings.filter((row) => row.photos === set.name).map((row) => Number(row[work])));
    return {
      benchmark: 'decode',
      machine: machineOf(),
      tables: [
        { title: 'Images a second', rows: settings },
        { title: 'Milliseconds for one', rows: [await heicRow()] },
      ],
      ratios: {
        inspectSpeedVsPlainSharp320px: round(best(small, 'inspect') / best(small, 'plain sharp')),
        inspectSpeedVsPlainSharp12Megapixels: round(best(large, 'inspect') / best(large, 'plain sharp')),
      },
    };
  } finally {
    rmSync(home, { recursive: true });
  }
}

type Row = Record<string, string | number>;

async function threadRows(set: PhotoSet, home: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const threads of [1, 2]) {
    sharp.concurrency(threads);
    for (const inFlight of IN_FLIGHT) {
      // A folder of its own each time, so that no thumbnail is there already.
      const folder = mkdtempSync(join(home, 'cache-'));
      const thumbnails = new ThumbnailCache({ folder, maxBytes: 2 ** 30 });
      const { signal } = new AbortController();
      rows.push({
        photos: set.name,
        'threads an image': threads,
        'in flight': inFlight,
        inspect: await rateOf(set, inFlight, (path) =>
          inspectFile(path, { limits: DEFAULT_IMAGE_LIMITS, thumbnails, signal }),
        ),
        'plain sharp': await rateOf(set, inFlight, plainSharp),
        'decode to 256 px': await rateOf(set, inFlight, async (path) =>
          decodeImage(await readFile(path), { maxSidePx: 256 }),
        ),
      });
      await thumbnails.settled();
    }
  }
  sharp.concurrency(1);
  return rows;
}

/** The least that a scan could do: header and thumbnail, nothing hashed, nothing stored, no mistake found. */
async function plainSharp(path: string): Promise<void> {
  await sharp(path).metadata();
  await sharp(path)
    .autoOrient()
    .resize(320, 320, { fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 80, effort: 2 })
    .toBuffer();
}

async function rateOf(
  { paths }: PhotoSet,
  inFlight: number,
  work: (path: string) => Promise<unknown>,
): Promise<number> {
  const limit = pLimit(inFlight);
  const startMs = performance.now();
  await Promise.all(paths.map((path) => limit(() => work(path))));
  return round((paths.length * 1000) / (performance.now() - startMs));
}

async function heicRow(): Promise<Row> {
  const heic = heicFixture('quadrants');
  await decodeImage(heic);
  const startMs = performance.now();
  for (let run = 0; run < 20; run++) await decodeImage(heic);
  return { image: 'HEIC, 96 x 64', ms: round((performance.now() - startMs) / 20) };
}

type SetOptions = { name: string; count: number; width: number; height: number };

/** Crops of one large picture: different bytes at the cost of painting once. */
async function makePhotos(home: string, { name, count, width, height }: SetOptions): Promise<PhotoSet> {
  const folder = join(home, `${width}`);
  mkdirSync(folder);
  const picture = await sharpOf(photoLike(width + 64, height))
    .png({ compressionLevel: 1 })
    .toBuffer();
  const different = Math.min(count, 64);
  for (let index = 0; index < count; index++) {
    const left = index % different;
    const jpeg = await sharp(picture)
      .extract({ left, top: 0, width, height })
      .jpeg({ quality: 90 })
      .toBuffer();
    // Trailing bytes are no part of the picture, and make every hash another one.
    writeFileSync(join(folder, `${index}.jpg`), Buffer.concat([jpeg, Buffer.from(`${index}`)]));
  }
  return { name, paths: readdirSync(folder).map((file) => join(folder, file)) };
}

function machineOf(): BenchReport['machine'] {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
  };
}

const round = (value: number) => Number(value.toPrecision(3));
