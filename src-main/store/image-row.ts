import { CollectionId, ContentHash, ImageId } from '../contract/ids.ts';
import { ImageFacts, ImageProblem, ImageStatus, type Image } from '../contract/image.ts';
import type { InspectedFile, ListedImage, SizedImage } from '../domain/scan.ts';

/** A row of the table images. */
export type ImageRow = {
  id: number;
  collection_id: number;
  rel_path: string;
  path_bytes: Uint8Array | null;
  status: string;
  size_bytes: number;
  mtime_ms: number;
  change_time_ms: number | null;
  seen_by_scan: number;
  content_hash: Uint8Array | null;
  format: string | null;
  width_px: number | null;
  height_px: number | null;
  orientation: number | null;
  colour_space: string | null;
  bit_depth: number | null;
  has_alpha: number | null;
  frame_count: number | null;
  brightness: number | null;
  problem_code: string | null;
  problem_detail: string | null;
  note: string | null;
};

/** No file has this time, so a row that carries it is opened again when its file comes back. */
export const NEVER_MS = -1;

export type ImageRowValues = Omit<ImageRow, 'id'>;

/** The columns of ImageRowValues, in the order of the table. */
export const IMAGE_COLUMNS: readonly (keyof ImageRowValues)[] = [
  'collection_id',
  'rel_path',
  'path_bytes',
  'status',
  'size_bytes',
  'mtime_ms',
  'change_time_ms',
  'seen_by_scan',
  'content_hash',
  'format',
  'width_px',
  'height_px',
  'orientation',
  'colour_space',
  'bit_depth',
  'has_alpha',
  'frame_count',
  'brightness',
  'problem_code',
  'problem_detail',
  'note',
];

export function toImage(row: ImageRow): Image {
  return {
    id: ImageId.parse(row.id),
    collectionId: CollectionId.parse(row.collection_id),
    relPath: row.rel_path,
    status: ImageStatus.parse(row.status),
    sizeBytes: row.size_bytes,
    mtimeMs: row.mtime_ms,
    facts: row.content_hash === null || row.status === 'problem' ? null : toFacts(row, row.content_hash),
    problem:
      row.problem_code === null
        ? null
        : ImageProblem.parse({ code: row.problem_code, detail: row.problem_detail }),
    note: row.note,
  };
}

function toFacts(row: ImageRow, contentHash: Uint8Array): ImageFacts {
  return ImageFacts.parse({
    contentHash: toHash(contentHash),
    format: row.format,
    widthPx: row.width_px,
    heightPx: row.height_px,
    orientation: row.orientation,
    colourSpace: row.colour_space,
    bitDepth: row.bit_depth,
    hasAlpha: row.has_alpha === 1,
    frameCount: row.frame_count,
    brightness: row.brightness,
  });
}

/** The column values of a file as a scan found it. */
export function toRowValues(
  file: InspectedFile,
  scan: { collectionId: number; scanId: number; status: ImageStatus },
): ImageRowValues {
  const { facts, problem } = file;
  return {
    collection_id: scan.collectionId,
    rel_path: file.relPath,
    path_bytes: file.pathBytes,
    status: scan.status,
    size_bytes: file.sizeBytes,
    mtime_ms: file.mtimeMs,
    change_time_ms: file.changeTimeMs,
    seen_by_scan: scan.scanId,
    content_hash: facts && fromHash(facts.contentHash),
    format: facts?.format ?? null,
    width_px: facts?.widthPx ?? null,
    height_px: facts?.heightPx ?? null,
    orientation: facts?.orientation ?? null,
    colour_space: facts?.colourSpace ?? null,
    bit_depth: facts?.bitDepth ?? null,
    has_alpha: facts && Number(facts.hasAlpha),
    frame_count: facts?.frameCount ?? null,
    brightness: facts?.brightness ?? null,
    problem_code: problem?.code ?? null,
    problem_detail: problem?.detail ?? null,
    note: file.note,
  };
}

/** The columns of images that jobs list. */
export type ListedRow = Pick<ImageRow, 'id' | 'rel_path' | 'path_bytes'> & { content_hash: Uint8Array };
export type SizedRow = ListedRow & { width_px: number; height_px: number };

export function toListed(row: ListedRow): ListedImage {
  return {
    id: ImageId.parse(row.id),
    relPath: row.rel_path,
    pathBytes: row.path_bytes,
    contentHash: toHash(row.content_hash),
  };
}

export function toSized(row: SizedRow): SizedImage {
  return { ...toListed(row), widthPx: row.width_px, heightPx: row.height_px };
}

export function toHash(bytes: Uint8Array): ContentHash {
  return ContentHash.parse(Buffer.from(bytes).toString('hex'));
}

export function fromHash(hash: ContentHash): Uint8Array {
  return Buffer.from(hash, 'hex');
}
