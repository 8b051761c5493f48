import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '../../src-main/contract/contract.ts';
import { DatasetRecipe } from '../../src-main/contract/dataset.ts';
import { ExportOptions } from '../../src-main/contract/export.ts';
import {
  ContentHash,
  JobId,
  type CollectionId,
  type DatasetVersionId,
  type SegmentationId,
} from '../../src-main/contract/ids.ts';
import { sharp } from '../../src-main/core/image/sharp-setup.ts';
import type { InspectedFile } from '../../src-main/domain/scan.ts';
import type { Service } from '../../src-main/service/service.ts';
import { manyMasks } from '../support/many-masks.ts';
import { withComment } from '../support/jpeg-comment.ts';
import { describeMachine, type BenchReport } from './bench-report.ts';
import { openService, untilDone } from './bench-service.ts';
import { residentMiB } from './resident.ts';

const DEFAULT_IMAGES = 1_000_000;
/** What it is compared with: a tenth of the images. */
const SMALLER = 10;
const [WIDTH, HEIGHT] = [320, 240];
const SAVE_BATCH = 1_000;
/** Files of one folder; file systems and people have trouble with more. */
const FOLDER_FILES = 10_000;
const READS = 30;
const PAGE = 100;
const IDS_AT_ONCE = 5_000;

type Row = Record<string, string | number>;
/** One size: everything that was measured, in seconds, milliseconds and bytes. */
type Measured = Record<(typeof MEASURES)[number], number>;
const MEASURES = [
  'database, bytes an image',
  'walk of unchanged files, s',
  'page of images at the end, ms',
  'ids of the grid, ms',
  'ids of the grid by score, ms',
  'concepts, ms',
  'freeze, s',
  // What other work on the machine does not change as much.
  'freeze, CPU s',
  'export as CSV, s',
  'export as COCO, s',
  'service, peak MiB',
  'workers, peak MiB',
] as const;

/**
 * What grows, and how, from a tenth of the images to all of them: small files with rows as a scan and a
 * segmentation with three masks an image leave them, then a rescan, the lists, a freeze and two exports through the whole
 * service.
 * @param args `--images N`
 */
export async function run(args: string[]): Promise<BenchReport> {
  const count = Number(args[args.indexOf('--images') + 1]) || DEFAULT_IMAGES;
  const sizes = [Math.round(count / SMALLER), count];
  const measured: Measured[] = [];
  for (const size of sizes) measured.push(await measure(size));
  const [small, large] = measured;
  if (!small || !large) throw new Error('two sizes');
  const growth = (name: (typeof MEASURES)[number]) => round(large[name] / small[name]);
  return {
    benchmark: 'large',
    machine: describeMachine(),
    tables: [
      {
        title: `From ${sizes.join(' to ')} images`,
        rows: MEASURES.map((name): Row => ({
          what: name,
          [String(sizes[0])]: round(small[name]),
          [String(sizes[1])]: round(large[name]),
          growth: growth(name),
        })),
      },
    ],
    ratios: {
      walkGrowthOverLinear: round(growth('walk of unchanged files, s') / SMALLER),
      freezeGrowthOverLinear: round(growth('freeze, s') / SMALLER),
      freezeCpuGrowthOverLinear: round(growth('freeze, CPU s') / SMALLER),
      csvGrowthOverLinear: round(growth('export as CSV, s') / SMALLER),
      cocoGrowthOverLinear: round(growth('export as COCO, s') / SMALLER),
      bytesAnImageGrowth: growth('database, bytes an image'),
    },
  };
}

async function measure(count: number): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'r2o-bench-'));
  try {
    const opened = openService(join(folder, 'data'));
    using service = opened.service;
    const { client } = opened;
    let workerMiB = 0;
    const watch = setInterval(
      () => (workerMiB = Math.max(workerMiB, residentMiB(service.queue.workerPid))),
      100,
    );
    const collectionId = await fill(service, join(folder, 'photos'), count);
    const segmentationId = manyMasks(service, collectionId);
    const walk = await seconds(async () => {
      await untilDone(client, (await client.collections.rescan({ id: collectionId })).id);
    });
    const lists = await timeLists(client, collectionId, segmentationId);
    const cpuBefore = process.cpuUsage();
    const freeze = await seconds(async () => {
      const recipe = DatasetRecipe.parse({ segmentationIds: [segmentationId] });
      await client.datasets.create({ name: 'bench', recipe });
    });
    const { user, system } = process.cpuUsage(cpuBefore);
    const [version] = (await client.datasets.list())[0]?.versions ?? [];
    if (!version) throw new Error('no version');
    const exported = (format: 'csv' | 'coco') =>
      seconds(() =>
        exportAs(client, { versionId: version.id, format, outPath: join(folder, `out-${format}`) }),
      );
    const result: Measured = {
      'walk of unchanged files, s': walk,
      ...lists,
      'freeze, s': freeze,
      'freeze, CPU s': (user + system) / 1e6,
      'export as CSV, s': await exported('csv'),
      'export as COCO, s': await exported('coco'),
      'database, bytes an image': (await client.system.storage()).databaseBytes / count,
      'service, peak MiB': residentMiB(process.pid),
      'workers, peak MiB': workerMiB,
    };
    clearInterval(watch);
    return result;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Flat grey photos in folders of ten thousand, each with a content of its own, and their rows. */
async function fill(service: Service, root: string, count: number): Promise<CollectionId> {
  const { store } = service;
  const grey = sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: '#778899' } });
  const jpeg = await grey.jpeg().toBuffer();
  const collectionId = store.collections.insert({ name: 'photos', rootPath: root, createdAtMs: 0 });
  for (let from = 0; from < count; from += SAVE_BATCH) {
    const files = Array.from({ length: Math.min(SAVE_BATCH, count - from) }, (_, at) =>
      writePhoto(root, from + at, jpeg),
    );
    store.scans.saveInspected({ collectionId, scanId: JobId.parse(1), files });
  }
  return collectionId;
}

function writePhoto(root: string, index: number, jpeg: Buffer): InspectedFile {
  const folder = String(Math.floor(index / FOLDER_FILES)).padStart(4, '0');
  const relPath = `${folder}/${String(index).padStart(7, '0')}.jpg`;
  const path = join(root, relPath);
  if (index % FOLDER_FILES === 0) mkdirSync(join(root, folder), { recursive: true });
  const bytes = withComment(jpeg, index);
  writeFileSync(path, bytes);
  const { size: sizeBytes, mtimeMs, ctimeMs: changeTimeMs } = statSync(path);
  return {
    relPath,
    pathBytes: null,
    sizeBytes,
    mtimeMs,
    changeTimeMs,
    note: null,
    problem: null,
    facts: {
      contentHash: ContentHash.parse(createHash('sha256').update(bytes).digest('hex')),
      format: 'jpeg',
      widthPx: WIDTH,
      heightPx: HEIGHT,
      orientation: 1,
      colourSpace: 'srgb',
      bitDepth: 8,
      hasAlpha: false,
      frameCount: 1,
      brightness: 0.5,
    },
  };
}

type Lists = Pick<
  Measured,
  'page of images at the end, ms' | 'ids of the grid, ms' | 'ids of the grid by score, ms' | 'concepts, ms'
>;

/** What the page reads, as often as it takes for a steady median. */
async function timeLists(
  client: Client,
  collectionId: CollectionId,
  segmentationId: SegmentationId,
): Promise<Lists> {
  const ids = (sort: 'path' | 'score') => () =>
    client.segmentations.galleryIds({ id: segmentationId, limit: IDS_AT_ONCE, sort });
  const cursor = await lastCursor(client, collectionId);
  return {
    'page of images at the end, ms': await medianMs(() =>
      client.images.page({ collectionId, cursor, limit: PAGE }),
    ),
    'ids of the grid, ms': await medianMs(ids('path')),
    'ids of the grid by score, ms': await medianMs(ids('score')),
    'concepts, ms': await medianMs(() => client.concepts.list({ id: segmentationId })),
  };
}

/** Where the last page of images starts: the list is walked to there. */
async function lastCursor(client: Client, collectionId: CollectionId): Promise<string | null> {
  let cursor: string | null = null;
  for (;;) {
    const { nextCursor } = await client.images.page({ collectionId, cursor, limit: 500 });
    if (nextCursor === null) return cursor;
    cursor = nextCursor;
  }
}

async function exportAs(
  client: Client,
  { versionId, format, outPath }: { versionId: DatasetVersionId; format: 'csv' | 'coco'; outPath: string },
): Promise<void> {
  const options = ExportOptions.parse({ format, outPath, images: 'reference' });
  const { job } = await client.exports.start({ versionId, options });
  await untilDone(client, job.id);
  rmSync(outPath, { recursive: true, force: true });
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}

async function medianMs(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let read = 0; read < READS; read++) times.push((await seconds(work)) * 1_000);
  return times.toSorted((a, b) => a - b)[READS / 2] ?? 0;
}

const round = (value: number) => Number(value.toPrecision(3));
