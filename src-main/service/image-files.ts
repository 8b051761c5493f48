import { crc32 } from 'node:zlib';
import { cacheEntry, cachePlace } from '../domain/data-layout.ts';
import { pictureKey } from '../domain/picture-key.ts';
import { type UserError, userError } from '../contract/errors.ts';
import { DatasetMaskId, ImageId, MaskId, RunId, SegmentationId } from '../contract/ids.ts';
import { readIfThere } from './cached-file.ts';
import { renderCrop, renderFrozenCrop } from './crops.ts';
import { drawnThumbnail, proposedThumbnail } from './drawn-thumbnails.ts';
import { drawHeat } from './foreground-heads.ts';
import { photoFile } from './photo-files.ts';
import type { Service } from './service.ts';
import { readSheet } from './sheet.ts';

/** `thumbnail`: 320 px, for grids. `view`: the upright image at screen size, whatever its format. */
type ImageVariant = 'thumbnail' | 'view';
type PhotoRequest = { id: ImageId; variant: ImageVariant };
/** The region map of an image in a run, after `step` steps. */
type PreviewRequest = { runId: RunId; step: number; imageId: ImageId };
/** The thumbnail of an image with its objects. `version` changes whenever their appearance does. */
type DrawnRequest = { segmentationId: SegmentationId; imageId: ImageId; version: string };
/** The best images of a segmentation with their objects, on one sheet. */
type SheetRequest = { sheetOf: SegmentationId };
/** The probabilities that a segmentation's head gives the pixels of an image. */
type HeatRequest = { heatOf: SegmentationId; imageId: ImageId };
/** The thumbnail of an image with the objects that are proposed for it. */
type ProposedRequest = { proposedOf: SegmentationId; imageId: ImageId };
/** An object cropped from its image; its shape is the one at `revision`. */
type CropRequest = { maskId: MaskId; revision: number };
/** The same of a mask in a version of a dataset, which never changes. */
type FrozenCropRequest = { frozenMaskId: DatasetMaskId };
export type ImageRequest =
  | PhotoRequest
  | PreviewRequest
  | DrawnRequest
  | ProposedRequest
  | SheetRequest
  | HeatRequest
  | CropRequest
  | FrozenCropRequest;
export type ImageFile = {
  bytes: Uint8Array;
  mimeType: 'image/webp' | 'image/png';
  etag: string;
  /** Whether the address never stands for another picture, so that it need not be asked for again. */
  isForever: boolean;
};

/** How long a host may let a window cache a picture. */
export function cacheControlOf({ isForever }: Pick<ImageFile, 'isForever'>): string {
  // Other addresses stay while their content may change with a rescan: ask each time, send only what is new.
  return isForever ? 'private, max-age=31536000, immutable' : 'private, no-cache';
}

/**
 * Reads `/images/ID/VARIANT`, `/runs/ID/previews/STEP/IMAGE.png`, `/segmentations/ID/drawn/IMAGE/VERSION.webp`,
 * `/segmentations/ID/proposed/IMAGE.webp`, `/segmentations/ID/sheet.png`, `/segmentations/ID/heat/IMAGE.webp`,
 * `/masks/ID/REVISION/crop.webp` and `/datasets/masks/ID/crop.webp`, the only forms in which a picture can be asked for; undefined for all else.
 */
export function parseImagePath(path: string): ImageRequest | undefined {
  return (
    parsePhotoPath(path) ??
    parsePreviewPath(path) ??
    parseDrawnPath(path) ??
    parseProposedPath(path) ??
    parseSheetPath(path) ??
    parseHeatPath(path) ??
    parseCropPath(path) ??
    parseFrozenCropPath(path)
  );
}

function parseFrozenCropPath(path: string): FrozenCropRequest | undefined {
  const match = /^\/datasets\/masks\/(\d{1,15})\/crop\.webp$/.exec(path);
  const id = DatasetMaskId.safeParse(Number(match?.[1]));
  return id.success ? { frozenMaskId: id.data } : undefined;
}

function parseCropPath(path: string): CropRequest | undefined {
  const match = /^\/masks\/(\d{1,15})\/(\d{1,9})\/crop\.webp$/.exec(path);
  const id = MaskId.safeParse(Number(match?.[1]));
  return id.success ? { maskId: id.data, revision: Number(match?.[2]) } : undefined;
}

function parseDrawnPath(path: string): DrawnRequest | undefined {
  const match = /^\/segmentations\/(\d{1,15})\/drawn\/(\d{1,15})\/([\w.-]{1,80})\.webp$/.exec(path);
  const segmentationId = SegmentationId.safeParse(Number(match?.[1]));
  const imageId = ImageId.safeParse(Number(match?.[2]));
  if (!segmentationId.success || !imageId.success) return undefined;
  return { segmentationId: segmentationId.data, imageId: imageId.data, version: match?.[3] ?? '' };
}

function parseProposedPath(path: string): ProposedRequest | undefined {
  const match = /^\/segmentations\/(\d{1,15})\/proposed\/(\d{1,15})\.webp$/.exec(path);
  const [id, imageId] = [SegmentationId.safeParse(Number(match?.[1])), ImageId.safeParse(Number(match?.[2]))];
  return id.success && imageId.success ? { proposedOf: id.data, imageId: imageId.data } : undefined;
}

function parseSheetPath(path: string): SheetRequest | undefined {
  const match = /^\/segmentations\/(\d{1,15})\/sheet\.png$/.exec(path);
  const id = SegmentationId.safeParse(Number(match?.[1]));
  return id.success ? { sheetOf: id.data } : undefined;
}

function parseHeatPath(path: string): HeatRequest | undefined {
  const match = /^\/segmentations\/(\d{1,15})\/heat\/(\d{1,15})\.webp$/.exec(path);
  const [id, imageId] = [SegmentationId.safeParse(Number(match?.[1])), ImageId.safeParse(Number(match?.[2]))];
  return id.success && imageId.success ? { heatOf: id.data, imageId: imageId.data } : undefined;
}

function parsePreviewPath(path: string): PreviewRequest | undefined {
  const match = /^\/runs\/(\d{1,15})\/previews\/(\d{1,15})\/(\d{1,15})\.png$/.exec(path);
  const [runId, imageId] = [RunId.safeParse(Number(match?.[1])), ImageId.safeParse(Number(match?.[3]))];
  if (!runId.success || !imageId.success) return undefined;
  return { runId: runId.data, step: Number(match?.[2]), imageId: imageId.data };
}

function parsePhotoPath(path: string): PhotoRequest | undefined {
  const match = /^\/images\/(\d{1,15})\/(thumbnail|view)$/.exec(path);
  if (!match) return undefined;
  const id = ImageId.safeParse(Number(match[1]));
  // The second group matches exactly the two variants.
  return id.success ? { id: id.data, variant: match[2] as ImageVariant } : undefined;
}

/**
 * A photo, upright, or its thumbnail with its objects as WebP; or a region map as PNG.
 * @throws UserError NOT_FOUND, or IMAGE_UNAVAILABLE when the file is a problem, is gone or has changed
 */
export async function readImage(service: Service, request: ImageRequest): Promise<ImageFile> {
  if ('runId' in request) return readPreview(service, request);
  if ('version' in request) return readDrawn(service, request);
  if ('maskId' in request) return readCrop(service, request);
  if ('frozenMaskId' in request) return readFrozenCrop(service, request);
  if ('proposedOf' in request) return readProposed(service, request);
  if ('heatOf' in request) return readHeat(service, request);
  return 'sheetOf' in request ? drawSheet(service, request) : readPhoto(service, request);
}

/** How a picture that cannot be given is answered; the page shows the body as it shows the error of a call. */
export function refusalOf(error: UserError): { status: number; body: string; mimeType: string } {
  const status = error.code === 'NOT_FOUND' ? 404 : 409;
  return { status, body: JSON.stringify(error.toInfo()), mimeType: 'application/json' };
}

async function readDrawn(
  service: Service,
  { segmentationId, imageId, version }: DrawnRequest,
): Promise<ImageFile> {
  const bytes = await drawnThumbnail(service, segmentationId, imageId);
  const etag = `"drawn-${segmentationId}-${imageId}-${version}"`;
  return { bytes, mimeType: 'image/webp', etag, isForever: true };
}

async function readCrop(service: Service, { maskId, revision }: CropRequest): Promise<ImageFile> {
  const bytes = await renderCrop(service, maskId, revision);
  return { bytes, mimeType: 'image/webp', etag: `"mask-${maskId}-${revision}"`, isForever: true };
}

async function readFrozenCrop(service: Service, { frozenMaskId }: FrozenCropRequest): Promise<ImageFile> {
  const bytes = await renderFrozenCrop(service, frozenMaskId);
  return { bytes, mimeType: 'image/webp', etag: `"frozen-${frozenMaskId}"`, isForever: true };
}

async function readProposed(service: Service, { proposedOf, imageId }: ProposedRequest): Promise<ImageFile> {
  const bytes = await proposedThumbnail(service, proposedOf, imageId);
  const etag = `"proposed-${proposedOf}-${imageId}-${crc32(bytes)}"`;
  return { bytes, mimeType: 'image/webp', etag, isForever: false };
}

async function readHeat(service: Service, { heatOf, imageId }: HeatRequest): Promise<ImageFile> {
  const bytes = await drawHeat(service, { id: heatOf, imageId });
  // What a segmentation has learned is learned anew where another version of the app resumes it.
  return {
    bytes,
    mimeType: 'image/webp',
    etag: `"heat-${heatOf}-${imageId}-${crc32(bytes)}"`,
    isForever: false,
  };
}

async function drawSheet(service: Service, { sheetOf }: SheetRequest): Promise<ImageFile> {
  const bytes = await readSheet(service, sheetOf);
  return { bytes, mimeType: 'image/png', etag: `"sheet-${sheetOf}-${crc32(bytes)}"`, isForever: false };
}

function readPreview(service: Service, { runId, step, imageId }: PreviewRequest): ImageFile {
  const bytes = service.store.runs.previewPng(runId, step, imageId);
  if (!bytes) throw userError('no-preview', { runId, imageId, step });
  return {
    bytes,
    mimeType: 'image/png',
    etag: `"run-${runId}-${step}-${imageId}-${crc32(bytes)}"`,
    isForever: false,
  };
}

async function readPhoto(service: Service, { id, variant }: PhotoRequest): Promise<ImageFile> {
  const photo = photoFile(service, id);
  const picture = pictureKey(photo.contentHash, photo.limits.brightness);
  const etag = `"${picture.slice(0, 32)}${picture.slice(photo.contentHash.length)}-${variant}"`;
  const cached =
    variant === 'thumbnail'
      ? await readIfThere(cacheEntry(cachePlace(service.layout.cache, 'thumbnails'), picture))
      : undefined;
  if (cached) return { bytes: cached, mimeType: 'image/webp', etag, isForever: false };
  const { bytes } = await service.calls.call({ kind: 'render', variant, ...photo });
  return { bytes, mimeType: 'image/webp', etag, isForever: false };
}
