import { z } from 'zod';
import { fillCocoPolygon } from '../mask/fill-polygon.ts';
import { decodeRle, encodeRle, encodeRuns, type Bitmap, type EncodedMask } from '../mask/rle.ts';
import { unpackRuns } from '../../contract/run-lengths.ts';
import { parseJsonFile } from './parse-json.ts';
import type { FileMask, ImageMasks, MaskRecord } from './mask-record.ts';

const CocoRle = z.object({
  size: z.tuple([z.number().int().positive(), z.number().int().positive()]),
  counts: z.union([z.string(), z.array(z.number().int().nonnegative())]),
});
const CocoFile = z.object({
  images: z.array(
    z.object({
      id: z.union([z.number(), z.string()]),
      file_name: z.string(),
      width: z.number().int().positive(),
      height: z.number().int().positive(),
    }),
  ),
  annotations: z.array(
    z.object({
      image_id: z.union([z.number(), z.string()]),
      category_id: z.number(),
      segmentation: z.union([CocoRle, z.array(z.array(z.number()))]).optional(),
      iscrowd: z.number().optional(),
      score: z.number().min(0).max(1).optional(),
    }),
  ),
  categories: z.array(z.object({ id: z.number(), name: z.string() })),
});
type CocoAnnotation = z.infer<typeof CocoFile>['annotations'][number];

/**
 * The masks of a COCO instances file: run lengths of both kinds, and polygons filled as the COCO API fills them.
 * Crowds (`iscrowd: 1`) are ignored pixels, as COCO's own scoring has them.
 * @param text whole file; JSON that large that it does not fit a string (about 500 MB) cannot be read
 * @param fileName for messages
 */
export function* readCoco(text: string, fileName: string): Generator<MaskRecord> {
  const file = parseJsonFile(text, CocoFile, 'COCO instances');
  if (typeof file === 'string') {
    yield { kind: 'problem', name: fileName, detail: file };
    return;
  }
  const classNames = new Map(file.categories.map(({ id, name }) => [id, name]));
  const byImage = Map.groupBy(file.annotations, ({ image_id }) => image_id);
  for (const image of file.images) {
    const record: ImageMasks = {
      kind: 'masks',
      imageName: image.file_name.replaceAll('\\', '/'),
      widthPx: image.width,
      heightPx: image.height,
      masks: [],
      ignored: null,
    };
    for (const annotation of byImage.get(image.id) ?? []) {
      const mask = maskOf(annotation, record);
      if (typeof mask === 'string') yield { kind: 'problem', name: image.file_name, detail: mask };
      else if (mask !== null && annotation.iscrowd === 1) record.ignored = union(record.ignored, mask);
      else if (mask !== null) record.masks.push(classed(mask, annotation, classNames));
    }
    yield record;
  }
}

function classed(
  mask: EncodedMask,
  { category_id, score }: CocoAnnotation,
  classNames: ReadonlyMap<number, string>,
): FileMask {
  return { ...mask, className: classNames.get(category_id) ?? null, score: score ?? null };
}

/** The mask of an annotation, null for one without pixels, or what is wrong with it. */
function maskOf({ segmentation }: CocoAnnotation, image: ImageMasks): EncodedMask | null | string {
  const { widthPx, heightPx } = image;
  if (segmentation === undefined) return null;
  if (Array.isArray(segmentation)) {
    const parts = segmentation.filter((polygon) => polygon.length >= 6);
    return parts.reduce<EncodedMask | null>(
      (mask, polygon) => union(mask, encodeRle(fillCocoPolygon(polygon, { widthPx, heightPx }))),
      null,
    );
  }
  const [height, width] = segmentation.size;
  if (width !== widthPx || height !== heightPx) {
    return `A mask is ${width} x ${height}, but the image is ${widthPx} x ${heightPx}.`;
  }
  const { counts } = segmentation;
  try {
    const runs = typeof counts === 'string' ? unpackRuns(Buffer.from(counts, 'latin1')) : counts;
    return encodeRuns(runs, widthPx, heightPx);
  } catch (error) {
    if (error instanceof RangeError) return `A mask cannot be read: ${error.message}.`;
    throw error;
  }
}

function union(a: EncodedMask | null, b: EncodedMask | null): EncodedMask | null {
  if (a === null || b === null) return a ?? b;
  const pixels: Bitmap = decodeRle(a.shape);
  decodeRle(b.shape).data.forEach((value, at) => {
    if (value !== 0) pixels.data[at] = 1;
  });
  return encodeRle(pixels);
}
