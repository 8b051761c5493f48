import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '../../src-main/contract/contract.ts';
import { DatasetRecipe } from '../../src-main/contract/dataset.ts';
import { ExportFormat, ExportOptions, FORMAT_IMAGES } from '../../src-main/contract/export.ts';
import {
  CollectionId,
  ContentHash,
  JobId,
  type DatasetVersionId,
  type SegmentationId,
} from '../../src-main/contract/ids.ts';
import type { InspectedFile } from '../../src-main/domain/scan.ts';
import { encodeRle, type EncodedMask } from '../../src-main/core/mask/rle.ts';
import type { Service } from '../../src-main/service/service.ts';
import { withComment } from '../support/jpeg-comment.ts';
import { photoLike, sharpOf } from '../support/test-images.ts';
import { walkPages } from '../support/walk-pages.ts';
import { describeMachine, type BenchReport } from './bench-report.ts';
import { openService, untilDone } from './bench-service.ts';
import { MAX_LOOP_DELAY_MS, measureLoop, type LoopDelay } from './loop-delay.ts';
import { residentMiB } from './resident.ts';

const DEFAULT_IMAGES = 5_000;
const MASKS_PER_IMAGE = 4;
const [WIDTH, HEIGHT] = [640, 480];
/** Different shapes; images share them in turns. */
const SHAPES = 64;
const SAVE_BATCH = 64;

type Row = Record<string, string | number>;

/**
 * Exports a dataset of photos (640 x 480) with four masks each in every format, through the whole service and its
 * worker: masks a second, the worker's peak memory, and the delay of the service's event loop. Images are linked
 * where the format allows it, so that the format is measured and not the copying.
 * @param args `--images N`, `--format NAME`
 */
export async function run(args: string[]): Promise<BenchReport> {
  const count = Number(args[args.indexOf('--images') + 1]) || DEFAULT_IMAGES;
  const only = args.includes('--format') ? args[args.indexOf('--format') + 1] : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'r2o-bench-'));
  try {
    const opened = openService(join(folder, 'data'));
    using service = opened.service;
    const { client } = opened;
    const segmentationId = await fill(service, join(folder, 'photos'), count);
    const { versionId, row: creation } = await timeCreation(client, segmentationId, count);
    const formats = ExportFormat.options.filter((format) => only === undefined || format === only);
    const rows: Row[] = [];
    for (const format of formats) rows.push(await timeExport({ service, client, versionId, folder }, format));
    const worst = Math.max(...[creation, ...rows].map((row) => Number(row['event loop p99 ms'])));
    const speeds = rows.map((row) => Number(row['masks/s']));
    const ofCoco = Number(rows.find(({ format }) => format === 'coco')?.['masks/s']);
    return {
      benchmark: 'export',
      machine: describeMachine(),
      tables: [
        { title: `Freezing ${count} images with ${count * MASKS_PER_IMAGE} masks`, rows: [creation] },
        { title: 'Exports', rows },
      ],
      ratios: {
        eventLoopP99OverLimit: round(worst / MAX_LOOP_DELAY_MS),
        ...(ofCoco > 0 ? { slowestFormatVsCoco: round(Math.min(...speeds) / ofCoco) } : {}),
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes photos and the rows that a scan and a segmentation would have made of them. */
async function fill(service: Service, root: string, count: number): Promise<SegmentationId> {
  const { store } = service;
  mkdirSync(root);
  const jpeg = await sharpOf(photoLike(WIDTH, HEIGHT)).jpeg().toBuffer();
  const collectionId = store.collections.insert({ name: 'photos', rootPath: root, createdAtMs: 0 });
  const segmentationId = store.segmentations.insert({
    collectionId,
    name: 'objects',
    settings: {},
    device: 'bench',
    createdAtMs: 0,
  });
  const concepts = ['cat', 'dog', 'bird', 'chair'].map((name, number) =>
    store.segmentations.insertConcept({
      segmentationId,
      number,
      name,
      colour: '#3cb44b',
      isBackground: false,
    }),
  );
  const shapes = Array.from({ length: SHAPES }, (_, seed) => wobblyDisc(seed));
  for (let from = 0; from < count; from += SAVE_BATCH) {
    const files = Array.from({ length: Math.min(SAVE_BATCH, count - from) }, (_, at) =>
      writePhoto(root, from + at, jpeg),
    );
    store.scans.saveInspected({ collectionId, scanId: JobId.parse(1), files });
  }
  for (const [index, image] of imagesOf(service, collectionId).entries()) {
    store.segmentations.saveImage({
      segmentationId,
      imageId: image.id,
      contentHash: image.contentHash,
      finishedAtMs: 0,
      masks: Array.from({ length: MASKS_PER_IMAGE }, (_, rank) => {
        const shape = shapes[(index * MASKS_PER_IMAGE + rank) % SHAPES];
        if (!shape) throw new Error('no shape');
        return {
          ...shape,
          conceptId: concepts[rank] ?? null,
          origin: 'model',
          level: 0,
          score: 1 - rank / 10,
        };
      }),
    });
  }
  return segmentationId;
}

function writePhoto(root: string, index: number, jpeg: Buffer): InspectedFile {
  const bytes = withComment(jpeg, index);
  const relPath = `photo-${String(index).padStart(6, '0')}.jpg`;
  writeFileSync(join(root, relPath), bytes);
  const { size: sizeBytes, mtimeMs } = statSync(join(root, relPath));
  return {
    relPath,
    pathBytes: null,
    sizeBytes,
    mtimeMs,
    changeTimeMs: null,
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

function imagesOf({ store }: Service, collectionId: CollectionId) {
  const pages = walkPages((cursor) => store.images.page({ collectionId, cursor, limit: 500 }));
  return pages.flatMap(({ items }) =>
    items.flatMap(({ id, facts }) => (facts ? [{ id, contentHash: facts.contentHash }] : [])),
  );
}

/** A disc with a wavy rim, and a hole in every fourth: about the run lengths of an object in a photo. */
function wobblyDisc(seed: number): EncodedMask {
  const data = new Uint8Array(WIDTH * HEIGHT);
  const [cx, cy] = [80 + ((seed * 67) % (WIDTH - 160)), 80 + ((seed * 41) % (HEIGHT - 160))];
  const radius = 30 + ((seed * 13) % 90);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const [angle, distance] = [Math.atan2(y - cy, x - cx), Math.hypot(x - cx, y - cy)];
      const rim = radius * (1 + 0.15 * Math.sin(5 * angle + seed) + 0.05 * Math.sin(23 * angle));
      const isHole = seed % 4 === 0 && distance < radius / 4;
      data[y * WIDTH + x] = Number(distance < rim && !isHole);
    }
  }
  const mask = encodeRle({ data, widthPx: WIDTH, heightPx: HEIGHT });
  if (!mask) throw new Error('an empty mask');
  return mask;
}

async function timeCreation(client: Client, segmentationId: SegmentationId, count: number) {
  const recipe = DatasetRecipe.parse({ segmentationIds: [segmentationId] });
  const delay = await measureLoop(async () => {
    await client.datasets.create({ name: 'bench', recipe });
  });
  const [version] = (await client.datasets.list())[0]?.versions ?? [];
  if (!version) throw new Error('no version');
  const { ms } = delay;
  const row: Row = {
    seconds: round(ms / 1_000),
    'images/s': Math.round((count / ms) * 1_000),
    ...loopColumns(delay),
  };
  return { versionId: version.id, row };
}

type Bench = { service: Service; client: Client; versionId: DatasetVersionId; folder: string };

async function timeExport({ service, client, versionId, folder }: Bench, format: ExportFormat): Promise<Row> {
  const outPath = join(folder, `out-${format}`);
  const images = FORMAT_IMAGES[format].includes('hardlink') ? 'hardlink' : 'copy';
  let peakMiB = 0;
  const watch = setInterval(() => (peakMiB = Math.max(peakMiB, residentMiB(service.queue.workerPid))), 100);
  const delay = await measureLoop(async () => {
    const options = ExportOptions.parse({ format, outPath, images });
    const { job } = await client.exports.start({ versionId, options });
    await untilDone(client, job.id);
  });
  clearInterval(watch);
  rmSync(outPath, { recursive: true, force: true });
  const [made] = await client.exports.ofVersion({ versionId });
  const masks = made?.result?.masks ?? 0;
  const { ms } = delay;
  return {
    format,
    images,
    masks,
    seconds: round(ms / 1_000),
    'masks/s': Math.round((masks / ms) * 1_000),
    'worker peak MiB': Math.round(peakMiB),
    ...loopColumns(delay),
  };
}

const loopColumns = ({ loopP99Ms, loopMaxMs }: LoopDelay): Row => ({
  'event loop p99 ms': round(loopP99Ms),
  'event loop max ms': round(loopMaxMs),
});

const round = (value: number) => Number(value.toPrecision(3));
