import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createRouterClient } from '@orpc/server';
import type { Client } from '../../src-main/contract/contract.ts';
import type { JobId } from '../../src-main/contract/ids.ts';
import { sharp } from '../../src-main/core/image/sharp-setup.ts';
import { forkNodeWorker } from '../../src-main/host/shared/fork-node-worker.ts';
import { createRouter } from '../../src-main/service/router.ts';
import { Service } from '../../src-main/service/service.ts';
import { photoLike, sharpOf } from '../support/test-images.ts';
import { describeMachine, type BenchReport } from './bench-report.ts';

const DEFAULT_FILES = 10_000;
const FOLDER_SIZE = 500;
const YARDSTICK_FILES = 500;
/** The design's bound on the delay of the service's event loop while a job runs. */
const MAX_LOOP_DELAY_MS = 50;
const RESOLUTION_MS = 5;

type Scan = { ms: number; loopP99Ms: number; loopMaxMs: number };

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
    const row = (name: string, scan: Scan) => ({
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

async function scanTwice(photos: string, data: string, files: number): Promise<{ first: Scan; again: Scan }> {
  mkdirSync(data);
  using service = new Service({
    dataFolder: data,
    fork: forkNodeWorker(join(import.meta.dirname, '../../out/main/worker.js'), (text) =>
      console.error(text),
    ),
    logger: { file: join(data, 'r2o.log'), info: () => undefined, error: (error) => console.error(error) },
    version: '0.0.0-bench',
  });
  const client: Client = createRouterClient(createRouter(service));
  const stop = new AbortController();
  // A page listens as well, and asks for the counts after each event.
  void followAsAPage(client, stop.signal);
  const first = await measure(async () => {
    await untilDone(client, (await client.collections.add({ path: photos })).job.id);
  });
  const [collection] = await client.collections.list();
  if (!collection) throw new Error('the collection is gone');
  const again = await measure(async () => {
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

async function measure(work: () => Promise<void>): Promise<Scan> {
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  loop.enable();
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  loop.disable();
  // The histogram holds whole intervals; what exceeds the sampling interval is delay.
  return {
    ms,
    loopP99Ms: loop.percentile(99) / 1e6 - RESOLUTION_MS,
    loopMaxMs: loop.max / 1e6 - RESOLUTION_MS,
  };
}

async function untilDone(client: Client, id: JobId): Promise<void> {
  for (;;) {
    const { state, error } = await client.jobs.get({ id });
    if (state === 'done') return;
    if (error) throw new Error(error.message);
    await new Promise((resolve) => setTimeout(resolve, 20));
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
