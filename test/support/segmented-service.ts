import { createHash } from 'node:crypto';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  ContentHash,
  ImageId,
  JobId,
  type ModelId,
  type ConceptId,
  type SegmentationId,
} from '../../src-main/contract/ids.ts';
import type { Collection } from '../../src-main/contract/collection.ts';
import { encodeRle } from '../../src-main/core/mask/rle.ts';
import type { InspectedFile } from '../../src-main/domain/scan.ts';
import type { ForkWorker } from '../../src-main/jobs/worker-channel.ts';
import type { DrawnImage } from './drawn-images.ts';
import { inProcessWorker } from './in-process-worker.ts';
import { startService, type RunningService } from './running-service.ts';
import { reviewMask } from './store.ts';
import { tempFolder } from './temp-folder.ts';

export type SegmentedService = RunningService & {
  dataFolder: string;
  /** Where the images lie. */
  folder: string;
  collection: Collection;
  segmentationId: SegmentationId;
};

/**
 * A service whose one collection is segmented: rows say what a scan would, the masks are those that were drawn, saved
 * as the segmentation job saves them, and their classes are its concepts.
 */
export function startSegmented(
  drawn: readonly DrawnImage[],
  fork: ForkWorker = inProcessWorker,
): SegmentedService {
  const dataFolder = join(tempFolder(), 'data');
  const folder = join(tempFolder(), 'photos');
  for (const { relPath, bytes } of drawn) {
    mkdirSync(dirname(join(folder, relPath)), { recursive: true });
    writeFileSync(join(folder, relPath), bytes);
  }
  const running = startService({ dataFolder, fork });
  const collection = saveScanned(running, folder, drawn);
  const segmentationId = saveDrawn(running, collection, drawn);
  return { ...running, dataFolder, folder, collection, segmentationId };
}

/** A scan that no job of the queue has the number of. */
const NO_JOB = JobId.parse(1_000_000);

/** A PNG file of a collection. */
export type ScannedImage = Pick<DrawnImage, 'relPath' | 'bytes' | 'widthPx' | 'heightPx'>;

/** Adds a folder with the rows that a scan of its files leaves. */
export function saveScanned(
  { service }: Pick<RunningService, 'service'>,
  folder: string,
  images: readonly ScannedImage[],
): Collection {
  const { collections, scans } = service.store;
  const collectionId = collections.insert({ name: 'photos', rootPath: folder, createdAtMs: 0 });
  const scan = { collectionId, scanId: NO_JOB };
  scans.saveInspected({ ...scan, files: images.map((image) => inspected(image, folder)) });
  while (!scans.finishChunk({ ...scan, finishedAtMs: 0 }));
  const collection = collections.get(collectionId);
  if (!collection) throw new Error('the collection was not saved');
  return collection;
}

function inspected({ relPath, bytes, widthPx, heightPx }: ScannedImage, folder: string): InspectedFile {
  const { size: sizeBytes, mtimeMs } = statSync(join(folder, relPath));
  const contentHash = ContentHash.parse(createHash('sha256').update(bytes).digest('hex'));
  return {
    relPath,
    pathBytes: null,
    sizeBytes,
    mtimeMs,
    changeTimeMs: null,
    problem: null,
    note: null,
    facts: {
      contentHash,
      format: 'png',
      widthPx,
      heightPx,
      orientation: 1,
      colourSpace: 'srgb',
      bitDepth: 8,
      hasAlpha: false,
      frameCount: 1,
      brightness: 0.5,
    },
  };
}

const COLOURS = ['#4a6fa5', '#c0703a', '#3f8f6b', '#8a5aa8'];

/** Saves masks as a new segmentation of a collection. */
export function saveDrawn(
  { service }: Pick<RunningService, 'service'>,
  collection: Collection,
  drawn: readonly DrawnImage[],
  modelId: ModelId | null = null,
): SegmentationId {
  const { segmentations, images } = service.store;
  const segmentationId = segmentations.insert({
    collectionId: collection.id,
    modelId,
    name: 'objects',
    settings: {},
    device: 'onnx:cpu',
    createdAtMs: 0,
  });
  const names = [...new Set(drawn.flatMap(({ masks }) => masks.map(({ className }) => className)))].sort();
  const concepts = new Map<string, ConceptId>();
  for (const [index, name] of names.entries()) {
    const number = index + 1;
    const concept = {
      segmentationId,
      number,
      colour: COLOURS[index % COLOURS.length] ?? '#808080',
      name: name === `concept-${number}` ? null : name,
      isBackground: name === 'background',
    };
    concepts.set(name, segmentations.insertConcept(concept));
  }
  const rows = images.page({ collectionId: collection.id, cursor: null, limit: 500 }).items;
  for (const { relPath, masks } of drawn) {
    const row = rows.find((one) => one.relPath === relPath);
    if (!row?.facts) throw new Error(`${relPath} was not scanned`);
    const ids = segmentations.saveImage({
      segmentationId,
      imageId: ImageId.parse(row.id),
      contentHash: row.facts.contentHash,
      finishedAtMs: 0,
      masks: masks.map(({ bitmap, className, score = 0.5 }) => {
        const mask = encodeRle(bitmap);
        if (!mask) throw new Error('an empty mask');
        return { ...mask, conceptId: concepts.get(className) ?? null, origin: 'model', level: 0, score };
      }),
    });
    masks.forEach(({ review }, index) => {
      const id = ids[index];
      if (review && id) reviewMask(service.store, id, review);
    });
  }
  return segmentationId;
}
