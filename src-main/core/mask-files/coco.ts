import { basename } from 'node:path/posix';
import { z } from 'zod';
import { cocoPolygonMask } from '../mask/fill-polygon.ts';
import type { EncodedMask } from '../mask/rle.ts';
import { unionOf } from '../mask/union.ts';
import { cocoRleMask } from './coco-rle.ts';
import { claimedSize, type GridSize } from './image-grid.ts';
import type { FileMask, ImageMasks, MaskFileContext, MaskProblem, MaskRecord } from './mask-record.ts';
import { joinedMask } from './object-parts.ts';
import { outlineOf } from './outline.ts';
import { parseJson } from './read-json.ts';
import { shareOf } from './score.ts';

/** Tools write ids as numbers and as text: what counts is what they look like. */
const Id = z.union([z.number(), z.string()]).transform(String);
const CocoFile = z.object({
  images: z.array(z.unknown()),
  annotations: z.array(z.unknown()),
  categories: z.array(z.unknown()).catch([]),
});
const CocoImage = z.object({
  id: Id,
  file_name: z.string().min(1),
  width: z.unknown().optional(),
  height: z.unknown().optional(),
});
/** LVIS names its images only by their address in COCO's storage. */
const ImageByAddress = z.looseObject({ file_name: z.undefined().optional(), coco_url: z.string().min(1) });
const Category = z.object({ id: Id, name: z.union([z.string(), z.number()]).transform(String) });
const Flag = z
  .union([z.number(), z.boolean(), z.string()])
  .transform((value) => /^(1|true)$/i.test(String(value)));
const Annotation = z.object({
  id: Id.nullish().catch(null),
  image_id: Id,
  category_id: Id.nullish().catch(null),
  segmentation: z.unknown().optional(),
  iscrowd: Flag.catch(false),
  score: z.number().nullish().catch(null),
  segments_info: z.array(z.unknown()).nullish().catch(null),
  keypoints: z.array(z.unknown()).nullish().catch(null),
});
type Annotation = z.infer<typeof Annotation>;

/**
 * The masks of a COCO instances file: run lengths of both kinds, and polygons filled as the COCO API fills them.
 * Each annotation becomes a mask, a part of the ignored pixels, or a problem that names it.
 * @param json content of the whole file
 */
export function* readCoco(json: unknown, context: MaskFileContext): Generator<MaskRecord> {
  const file = CocoFile.safeParse(json);
  if (!file.success) {
    const detail = Array.isArray(json) ? RESULTS : NO_COCO;
    yield { kind: 'problem', name: context.name, detail };
    return;
  }
  const { images, problems: imageProblems } = imagesOf(file.data.images, context);
  yield* imageProblems;
  const { byImage, problems } = annotationsOf(file.data.annotations, images, context);
  yield* problems;
  const classNames = classesOf(file.data.categories);
  for (const [id, image] of images) yield* readImage(image, byImage.get(id) ?? [], { classNames, context });
}

const NO_COCO = 'It is not a COCO instances file: it has no lists "images" and "annotations".';
const RESULTS =
  'It is a list, as results for the COCO API are, which do not say which images they are about: add them to the "annotations" of their instances file.';

const PANOPTIC =
  'It is panoptic: its masks are in a PNG file, which is not read. Convert the file to COCO instances, then import that.';

type CocoImage = z.infer<typeof CocoImage>;

function imagesOf(entries: readonly unknown[], { name }: MaskFileContext) {
  const images = new Map<string, CocoImage>();
  const problems: MaskProblem[] = [];
  for (const [index, entry] of entries.entries()) {
    const { data: image } = CocoImage.safeParse(withFileName(entry));
    const detail = !image
      ? 'It has no id or no file_name.'
      : images.has(image.id)
        ? `Another image of the file has the id ${image.id}; the first one is used.`
        : undefined;
    if (detail !== undefined) problems.push({ kind: 'problem', name: `${name}: images[${index}]`, detail });
    else if (image) images.set(image.id, image);
  }
  return { images, problems };
}

function withFileName(entry: unknown): unknown {
  const { data } = ImageByAddress.safeParse(entry);
  return data ? { ...data, file_name: basename(data.coco_url) } : entry;
}

/** An annotation, and how messages call it. */
type Named = Annotation & { name: string };

function annotationsOf(
  entries: readonly unknown[],
  images: ReadonlyMap<string, CocoImage>,
  context: MaskFileContext,
) {
  const byImage = new Map<string, Named[]>();
  const problems: MaskProblem[] = [];
  for (const [index, entry] of entries.entries()) {
    const { data } = Annotation.safeParse(entry);
    const name = `${context.name}: ${data?.id != null ? `annotation ${data.id}` : `annotations[${index}]`}`;
    if (!data) problems.push({ kind: 'problem', name, detail: 'It has no image_id.' });
    else if (!images.has(data.image_id)) {
      problems.push({ kind: 'problem', name, detail: `The file has no image with the id ${data.image_id}.` });
    } else {
      const ofImage = byImage.get(data.image_id);
      if (ofImage) ofImage.push({ ...data, name });
      else byImage.set(data.image_id, [{ ...data, name }]);
    }
  }
  return { byImage, problems };
}

function classesOf(entries: readonly unknown[]): Map<string, string> {
  return new Map(
    entries.flatMap((entry): [string, string][] => {
      const { data } = Category.safeParse(entry);
      return data ? [[data.id, data.name]] : [];
    }),
  );
}

function* readImage(
  image: CocoImage,
  annotations: readonly Named[],
  { classNames, context }: { classNames: ReadonlyMap<string, string>; context: MaskFileContext },
): Generator<MaskRecord> {
  const imageName = image.file_name.replaceAll('\\', '/');
  const grid = context.gridOf(imageName, claimedSize(image.width, image.height));
  if (typeof grid === 'string') {
    for (const { name } of annotations)
      yield { kind: 'problem', name: `${name} of ${imageName}`, detail: grid };
    return;
  }
  const record: ImageMasks = { kind: 'masks', imageName, ...grid, masks: [], ignored: null, skipped: 0 };
  for (const annotation of annotations) {
    const mask = maskOfAnnotation(annotation, grid);
    if (typeof mask === 'string') {
      record.skipped++;
      yield { kind: 'problem', name: `${annotation.name} of ${imageName}`, detail: mask };
    } else if (annotation.iscrowd && context.crowds === 'ignored') {
      record.ignored = record.ignored ? unionOf([record.ignored.shape, mask.shape]) : mask;
    } else {
      const { category_id: id } = annotation;
      if (id != null && !classNames.has(id))
        yield { kind: 'note', name: context.name, detail: noCategory(id) };
      record.masks.push(classed(mask, annotation, classNames));
    }
  }
  yield record;
}

const noCategory = (id: string) => `The file has no category with the id ${id}: its masks have no class.`;

function classed(
  mask: EncodedMask,
  { category_id, score }: Annotation,
  classNames: ReadonlyMap<string, string>,
): FileMask {
  return { ...mask, className: classNames.get(category_id ?? '') ?? null, score: shareOf(score) };
}

function maskOfAnnotation(annotation: Annotation, grid: GridSize): EncodedMask | string {
  const { segments_info: segments, segmentation, keypoints } = annotation;
  if (segments) return PANOPTIC;
  if (!isMissing(segmentation)) return maskOf(segmentation, grid);
  return keypoints?.length ? ONLY_KEYPOINTS : NO_SEGMENTATION;
}

const isMissing = (segmentation: unknown) =>
  segmentation == null || (isList(segmentation) && segmentation.length === 0);
const NO_SEGMENTATION = 'It has no segmentation, at most a box: boxes are not imported.';
const ONLY_KEYPOINTS =
  'It has keypoints, but no segmentation: keypoints have no area, so they are not imported. Draw outlines, or import polygons instead.';

/** The mask of a segmentation, or one sentence about why it is none. */
function maskOf(segmentation: unknown, grid: GridSize): EncodedMask | string {
  if (isMissing(segmentation)) return NO_SEGMENTATION;
  if (typeof segmentation === 'string') return maskOfText(segmentation, grid);
  if (isList(segmentation) && segmentation.some((part) => RunLengths.safeParse(part).success))
    return maskOfParts(segmentation, grid);
  if (isList(segmentation)) return maskOfPolygons(segmentation, grid);
  return cocoRleMask(segmentation, grid);
}

const RunLengths = z.object({ size: z.unknown(), counts: z.union([z.string(), z.array(z.unknown())]) });

/** Tables turn what they hold into texts. */
function maskOfText(text: string, grid: GridSize): EncodedMask | string {
  const parsed = parseJson(Buffer.from(text));
  const isMask = typeof parsed === 'object' && typeof parsed.json === 'object' && parsed.json !== null;
  return isMask ? maskOf(parsed.json, grid) : 'Its segmentation is a text.';
}

/** The union of run lengths in a list. */
function maskOfParts(segmentation: readonly unknown[], grid: GridSize): EncodedMask | string {
  const parts: EncodedMask[] = [];
  for (const entry of segmentation) {
    const part = cocoRleMask(entry, grid);
    if (typeof part === 'string') return part;
    parts.push(part);
  }
  return joinedMask(parts) ?? 'Its mask has no pixels.';
}

/** The union of polygons: as a list of lists, as one list of numbers, or of pairs of numbers. */
function maskOfPolygons(segmentation: readonly unknown[], grid: GridSize): EncodedMask | string {
  const parts: EncodedMask[] = [];
  const polygons = polygonsOf(segmentation);
  for (const polygon of polygons) {
    // Points and lines next to a part with an area add nothing to it.
    if (polygon.length < 6 && polygon.length % 2 === 0 && polygons.length > 1) continue;
    const outline = outlineOf(polygon, grid);
    if (typeof outline === 'string') return `Its polygon cannot be filled: ${outline}.`;
    const part = cocoPolygonMask(outline, grid);
    if (part) parts.push(part);
  }
  return joinedMask(parts) ?? 'Its segmentation covers no pixel of the image.';
}

function polygonsOf(segmentation: readonly unknown[]): (readonly unknown[])[] {
  if (isFlat(segmentation)) return [segmentation];
  if (isPairs(segmentation)) return [segmentation.flat()];
  return segmentation.map((part) => (!isList(part) ? [part] : isPairs(part) ? part.flat() : part));
}

const isList = (value: unknown): value is unknown[] => Array.isArray(value);
const isFlat = (list: readonly unknown[]) => list.length > 0 && list.every((item) => !isList(item));
const isPairs = (list: readonly unknown[]): list is [unknown, unknown][] =>
  list.length > 0 && list.every((item) => isList(item) && item.length === 2);
