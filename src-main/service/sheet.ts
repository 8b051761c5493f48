import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sheetsFolder } from '../domain/data-layout.ts';
import { userError } from '../contract/errors.ts';
import type { SegmentationId } from '../contract/ids.ts';
import type { Concept } from '../contract/segmentation.ts';
import { workerLimits } from '../jobs/worker-settings.ts';
import { PLAIN_COLOUR } from './drawn-thumbnails.ts';
import { outputFile, requirePictureEnding } from '../jobs/output-files.ts';
import { segmentationHandlers } from './segmentations.ts';
import type { Service } from './service.ts';
import { makeFolder } from '../domain/make-folder.ts';

/** Images on the sheet that the page shows. */
const SHOWN_IMAGES = 48;

/**
 * Draws the images with the highest scores and their objects on one sheet: a page where the path ends in .html, else
 * a PNG.
 * @throws UserError WRONG_STATE while no image is finished, BAD_INPUT for the name of another format, FOLDER_OVERLAPS, ALREADY_EXISTS, FILE_UNUSABLE
 */
export async function writeSheet(
  service: Service,
  input: { id: SegmentationId; path: string; limit: number; overwrite: boolean },
): Promise<{ path: string }> {
  const path = sheetFile(service, input.path, input);
  await makeFolder(dirname(path));
  await drawSheet(service, { ...input, path });
  return { path };
}

/** The path of a sheet as `outputFile` gives it. @throws UserError as that, and BAD_INPUT for the name of another format */
export function sheetFile(...output: Parameters<typeof outputFile>): string {
  const path = outputFile(...output);
  requirePictureEnding(path, ['.png', '.html']);
  return path;
}

async function drawSheet(
  service: Service,
  input: { id: SegmentationId; path: string; limit: number },
): Promise<void> {
  const { store, calls } = service;
  const { collectionId, name: title } = segmentationHandlers(service).get(input.id);
  const collection = store.collections.get(collectionId);
  const rootPath = collection?.rootPath ?? '';
  const concepts = new Map(store.concepts.of(input.id).map((concept) => [concept.id, concept]));
  const best = store.gallery.ids({
    segmentationId: input.id,
    sort: 'score',
    isReversed: false,
    cursor: null,
    limit: input.limit,
  });
  if (best.items.length === 0) {
    throw userError('segmentation-empty', { id: input.id });
  }
  const tiles = store.gallery.tiles(input.id, best.items).map(({ imageId, relPath, bestScore }) => ({
    path: join(rootPath, relPath),
    name: relPath,
    score: bestScore,
    masks: store.segmentations
      .masksOf(input.id, imageId)
      .filter(({ level }) => level === 0)
      .flatMap(({ id, conceptId, score }) => {
        const shape = store.segmentations.shapeOf(id);
        const own = conceptId === null ? undefined : concepts.get(conceptId);
        // One that was merged is drawn and named as what it counts as.
        const concept = own?.mergedInto ? concepts.get(own.mergedInto) : own;
        const colour = concept?.colour ?? PLAIN_COLOUR;
        return shape ? [{ shape, colour, concept: nameOf(concept), score }] : [];
      }),
  }));
  const limits = workerLimits(service.settings(), collection?.brightness);
  await calls.call({ kind: 'draw-sheet', out: input.path, title, tiles, limits });
}

function nameOf(concept: Concept | undefined): string {
  if (!concept) return 'object';
  return concept.name ?? `concept ${concept.number}`;
}

/**
 * The sheet as PNG, for a page that shows it or offers it as a download.
 * @throws UserError WRONG_STATE while no image is finished
 */
export async function readSheet(service: Service, id: SegmentationId): Promise<Uint8Array> {
  const folder = sheetsFolder(service.layout.cache);
  await makeFolder(folder);
  const path = join(folder, `${id}-${randomUUID()}.png`);
  try {
    await drawSheet(service, { id, path, limit: SHOWN_IMAGES });
    return await readFile(path);
  } finally {
    await rm(path, { force: true });
  }
}
