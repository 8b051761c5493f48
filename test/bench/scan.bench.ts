import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '../../src-main/contract/contract.ts';
import { sharp } from '../../src-main/core/image/sharp-setup.ts';
import { photoLike, sharpOf } from '../support/test-images.ts';
import { describeMachine, type BenchReport } from './bench-report.ts';
import { openService, untilDone } from './bench-service.ts';
import { MAX_LOOP_DELAY_MS, measureLoop, type LoopDelay } from './loop-delay.ts';

const DEFAULT_FILES = 10_000;
const FOLDER_SIZE = 500;
const YARDSTICK_FILES = 500;

/**
 * Scans a folder of photos (640 x 480) through the whole service: first time, and again unchanged. Measures
 * images a second against bare sharp thumbnails on as many threads, and the delay of the service's event loop.
 * @param args `--files N`
 */
export async function run(args: string[]): Promise<BenchReport> {
  const files = Number(args[args.indexOf('--files') + 1] ?? DEFAULT_FILES) || DEFAULT_FILES;
  const folder = mkdtempSync(join(tmpdir(), 'r2o-bench-'));
  try {
    const photos = join(folder, 'photos');
    await writePhotos(photos, files);
    const yardstick = await bareThumbnails(photos, Math.min(files, YARDSTICK_FILES));
    const { first, again } = await scanTwice(photos, join(folder, 'data'), files);
    const perS = (ms: number) => Math.round((files / ms) * 1_000);
    const row = (name: string, scan: LoopDelay) => ({
      what: name,
      files,
      seconds: round(scan.ms / 1_000),
      'images/s': perS(scan.ms),
      'event loop p99 ms': round(scan.loopP99Ms),
      'event loop max ms': round(scan.loopMaxMs),
    });
    return {
      benchmark: 'scan',
      machine: describeMachine(),
      tables: [
        { title: 'Scan of a folder', rows: [row('first scan', first), row('rescan, nothing new', again)] },
        {
          title: 'Yardstick',
          rows: [{ what: 'bare sharp thumbnails, in memory', 'images/s': Math.round(yardstick) }],
        },
      ],
      ratios: {
        scanSpeedVsBareSharp: round(perS(first.ms) / yardstick),
        eventLoopP99OverLimit: round(Math.max(first.loopP99Ms, again.loopP99Ms) / MAX_LOOP_DELAY_MS),
        rescanSpeedVsFirstScan: round(first.ms / again.ms),
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function scanTwice(
  photos: string,
  data: string,
  files: number,
): Promise<{ first: LoopDelay; again: LoopDelay }> {
  const { service, client } = openService(data);
  using _ = service;
  const stop = new AbortController();
  // A page listens as well, and asks for the counts after each event.
  void followAsAPage(client, stop.signal);
  const first = await measureLoop(async () => {
    await untilDone(client, (await client.collections.add({ path: photos })).job.id);
  });
  const [collection] = await client.collections.list();
  if (!collection) throw new Error('the collection is gone');
  const again = await measureLoop(async () => {
    await untilDone(client, (await client.collections.rescan({ id: collection.id })).id);
  });
  stop.abort();
  const { usable } = collection.counts;
  if (usable !== files) throw new Error(`scanned ${usable} of ${files} files`);
  return { first, again };
}

async function followAsAPage(client: Client, signal: AbortSignal): Promise<void> {
  try {
    for await (const event of await client.events.watch(undefined, { signal })) {
      if (event.type === 'collection') await client.collections.get({ id: event.collectionId });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function writePhotos(folder: string, count: number): Promise<void> {
  const jpegs = await Promise.all(
    [1, 2, 3, 4].map((seed) =>
      sharpOf(photoLike(640, 480, seed))
        .jpeg({ quality: 88 })
        .toBuffer(),
    ),
  );
  for (let index = 0; index < count; index++) {
    const sub = join(folder, `set-${Math.floor(index / FOLDER_SIZE)}`);
    mkdirSync(sub, { recursive: true });
    const jpeg = jpegs[index % jpegs.length] ?? Buffer.alloc(0);
    const comment = Buffer.from([0xff, 0xfe, 0, 6, 0, 0, 0, 0]);
    comment.writeUInt32BE(index, 4);
    writeFileSync(
      join(sub, `photo-${index}.jpg`),
      Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2)]),
    );
  }
}

/** Images a second of decoding, shrinking and encoding alone, as many at once as there are cores. */
async function bareThumbnails(folder: string, count: number): Promise<number> {
  const bytes = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      readFile(join(folder, `set-${Math.floor(index / FOLDER_SIZE)}`, `photo-${index}.jpg`)),
    ),
  );
  const start = performance.now();
  let next = 0;
  const work = async () => {
    for (let index = next++; index < count; index = next++) {
      await sharp(bytes[index])
        .resize(320, 320, { fit: 'inside' })
        .webp({ quality: 80, effort: 2 })
        .toBuffer();
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return count / ((performance.now() - start) / 1_000);
}

const round = (value: number) => Math.round(value * 100) / 100;
