import { extname } from 'node:path/posix';
import { z } from 'zod';
import type { EncodedMask } from '../mask/rle.ts';
import { cocoRleMask } from './coco-rle.ts';
import { firstGrid } from './first-grid.ts';
import { claimedSize, type GridSize } from './image-grid.ts';
import type { MaskFileContext, MaskRecord } from './mask-record.ts';
import { numberIn } from './number-in.ts';
import { ObjectParts } from './object-parts.ts';
import { shareOf } from './score.ts';
import { ellipseMask, polygonMask, rectangleMask } from './shapes.ts';

const Text = z.union([z.string(), z.number()]).transform(String);
const Label = z.union([z.object({ name: Text }).transform(({ name }) => name), Text]);
const DatumaroFile = z.object({
  categories: z
    .object({ label: z.object({ labels: z.array(z.unknown()) }) })
    .nullish()
    .catch(null),
  items: z.array(z.unknown()),
});
const Item = z.object({
  id: Text,
  annotations: z.array(z.unknown()).catch([]),
  image: z
    .object({ path: z.string().nullish().catch(null), size: z.array(z.unknown()).nullish().catch(null) })
    .nullish()
    .catch(null),
});
type Item = z.infer<typeof Item>;
/** Some tools write numbers as texts. */
const Index = z
  .union([
    z.number().int(),
    z
      .string()
      .regex(/^-?\d+$/)
      .transform(Number),
  ])
  .nullish()
  .catch(null);
const Annotation = z.object({
  id: Text.nullish().catch(null),
  type: z.string(),
  label_id: Index,
  group: Index,
  attributes: z.record(z.string(), z.unknown()).nullish().catch(null),
  rle: z.unknown().optional(),
  points: z.array(z.unknown()).catch([]),
  bbox: z.array(z.unknown()).catch([]),
});
type Annotation = z.infer<typeof Annotation>;

/**
 * The masks of a file of Datumaro's own JSON: run lengths, polygons, boxes and ellipses. Annotations of a group with the
 * same label are parts of one object, of which boxes only say where it is. Each annotation without an area is a problem
 * that names it.
 * Source: datumaro, plugins/data_formats/datumaro/base.py, format version 1.0.
 * @param json content of the whole file
 */
export function* readDatumaro(json: unknown, context: MaskFileContext): Generator<MaskRecord> {
  const { data: file } = DatumaroFile.safeParse(json);
  if (!file) {
    yield {
      kind: 'problem',
      name: context.name,
      detail: 'It is not a Datumaro file: it has no list "items".',
    };
    return;
  }
  const labels = (file.categories?.label.labels ?? []).map((entry) => Label.safeParse(entry).data ?? null);
  for (const [index, entry] of file.items.entries()) {
    const { data: item } = Item.safeParse(entry);
    if (item) yield* readItem(item, labels, context);
    else yield { kind: 'problem', name: `${context.name}: items[${index}]`, detail: 'It has no id.' };
  }
}

function* readItem(
  item: Item,
  labels: readonly (string | null)[],
  context: MaskFileContext,
): Generator<MaskRecord> {
  const [height, width] = item.image?.size ?? [];
  const { imageName, grid } = firstGrid(imageNamesOf(item), context.gridOf, claimedSize(width, height));
  const objects = new ObjectParts();
  let skipped = 0;
  const annotations = item.annotations.map((entry) => Annotation.safeParse(entry).data);
  const shapedGroups = new Set(annotations.flatMap((one) => (one && isShape(one) ? groupOf(one) : [])));
  for (const [index, annotation] of annotations.entries()) {
    // The box around another shape of its group.
    if (annotation?.type === 'bbox' && groupOf(annotation).some((group) => shapedGroups.has(group))) continue;
    const mask = typeof grid === 'string' ? grid : annotation ? maskOf(annotation, grid) : 'It has no type.';
    if (typeof mask === 'string' || !annotation) {
      skipped++;
      const name = `${context.name}: annotation ${annotation?.id ?? `[${index}]`} of ${imageName}`;
      yield { kind: 'problem', name, detail: typeof mask === 'string' ? mask : 'It has no type.' };
      continue;
    }
    const { label_id } = annotation;
    const className = labels[label_id ?? -1] ?? null;
    if (className === null && label_id != null) {
      const detail = `The file has no label with the number ${label_id}: its masks have no class.`;
      yield { kind: 'note', name: context.name, detail };
    }
    objects.add(groupOf(annotation)[0], mask, { className, score: shareOf(annotation.attributes?.score) });
  }
  if (typeof grid === 'string') return;
  yield { kind: 'masks', imageName, ...grid, masks: objects.masks(), ignored: null, skipped };
}

/** The id is the path below the folder of the subset, without extension; the path of the image may be only a name. */
function imageNamesOf({ id, image }: Item): [string, ...string[]] {
  const path = (image?.path ?? '').replaceAll('\\', '/');
  const idPath = id.replaceAll('\\', '/');
  const byId = `${idPath}${extname(path)}`;
  const depth = (name: string) => name.split('/').length;
  return depth(path) > depth(idPath) ? [path, byId] : [byId];
}

/** The group of an annotation, if it is in one; 0 is none. */
function groupOf({ group, label_id }: Annotation): string[] {
  return group ? [`${group}\n${label_id ?? ''}`] : [];
}

const isShape = ({ type }: Annotation) => type === 'mask' || type === 'polygon' || type === 'ellipse';

/** The mask of an annotation, or one sentence about why it is none. */
function maskOf({ type, rle, points, bbox }: Annotation, grid: GridSize): EncodedMask | string {
  switch (type) {
    case 'mask':
      return cocoRleMask(rle, grid);
    case 'polygon':
      return polygonMask(points, grid);
    case 'bbox': {
      const [x = NaN, y = NaN, width = NaN, height = NaN] = bbox.map(numberIn);
      return rectangleMask({ x, y, width, height, rotation: 0 }, grid);
    }
    case 'ellipse': {
      const [left = NaN, top = NaN, right = NaN, bottom = NaN] = points.map(numberIn);
      const [radiusX, radiusY] = [(right - left) / 2, (bottom - top) / 2];
      return ellipseMask({ x: left + radiusX, y: top + radiusY, radiusX, radiusY, rotation: 0 }, grid);
    }
    default:
      return `An annotation of the type ${type} has no area, so it is not imported.`;
  }
}
