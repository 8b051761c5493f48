import { basename, extname } from 'node:path';
import { z } from 'zod';
import { pillowPolygonMask } from '../mask/fill-pillow.ts';
import { pillowEllipseMask } from '../mask/pillow-ellipse.ts';
import { decodePngNumbers, readPngSize } from '../mask/decode-png.ts';
import type { NumberPicture } from '../mask/png.ts';
import type { EncodedMask } from '../mask/rle.ts';
import { claimedSize, type GridSize } from './image-grid.ts';
import type { MaskFileContext, MaskRecord } from './mask-record.ts';
import { ObjectParts } from './object-parts.ts';
import { oddCoordinate, outlineOf } from './outline.ts';
import { placeOnGrid } from './place-on-grid.ts';
import { NO_PIXEL } from './shapes.ts';

const Text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const Shape = z.object({
  label: Text,
  points: z.array(z.unknown()).nullish(),
  group_id: Text.nullish().catch(null),
  shape_type: z.string().nullish(),
  /** Base64 PNG of a shape of the type mask. */
  mask: z.string().nullish(),
});
type Shape = z.infer<typeof Shape>;
const LabelMeFile = z.object({
  imagePath: z.string().nullish().catch(null),
  imageWidth: z.unknown().optional(),
  imageHeight: z.unknown().optional(),
  shapes: z.array(z.unknown()),
});

/**
 * The masks of a LabelMe file. Shapes with the same label and group number are parts of one object. Shapes are
 * filled as LabelMe fills them; each that is no mask, such as a point or a line, is a problem that names it.
 * @param json content of the whole file
 */
export function* readLabelMe(json: unknown, context: MaskFileContext): Generator<MaskRecord> {
  const { data: file } = LabelMeFile.safeParse(json);
  if (!file) {
    const detail = 'It is not a LabelMe file: it has no list "shapes".';
    yield { kind: 'problem', name: context.name, detail };
    return;
  }
  // LabelMe names the file after the image.
  const ownName = basename(context.name, extname(context.name));
  const path = file.imagePath ?? '';
  const imageName = (path === '' ? ownName : path).replaceAll('\\', '/');
  const grid = context.gridOf(imageName, claimedSize(file.imageWidth, file.imageHeight));
  const objects = new ObjectParts();
  let skipped = 0;
  for (const [index, entry] of file.shapes.entries()) {
    const { data: shape } = Shape.safeParse(entry);
    const mask = typeof grid === 'string' ? grid : shape ? maskOf(shape, grid) : NO_SHAPE;
    if (typeof mask === 'string' || !shape) {
      skipped++;
      const name = `${context.name}: shapes[${index}]${shape ? ` '${shape.label}'` : ''}`;
      yield { kind: 'problem', name, detail: typeof mask === 'string' ? mask : NO_SHAPE };
      continue;
    }
    const key = !shape.group_id ? undefined : `${shape.label}\n${shape.group_id}`;
    objects.add(key, mask, { className: shape.label, score: null });
  }
  if (typeof grid === 'string') return;
  yield { kind: 'masks', imageName, ...grid, masks: objects.masks(), ignored: null, skipped };
}

/** The mask of a shape, or one sentence about why it is none. */
function maskOf({ shape_type, points, mask }: Shape, grid: GridSize): EncodedMask | string {
  const type = shape_type?.trim().toLowerCase() ?? '';
  // Some tools write a list of numbers, others a list of pairs.
  const numbers = (points ?? []).flat();
  switch (type) {
    // Left out, it is a polygon.
    case '':
    case 'polygon':
    case 'rotation':
    case 'oriented_rectangle':
    case 'quadrilateral':
      return fillNumbers(numbers, grid);
    case 'rectangle':
      return fillNumbers(numbers.length === 4 ? cornersOf(numbers) : numbers, grid);
    case 'circle':
      return numbers.length === 4
        ? circleMask(numbers, grid)
        : 'It does not have a centre and a point on its edge.';
    case 'mask':
      if (numbers.length !== 4 || !mask) return 'It has no corners or no image.';
      return placeMask(
        { corner: { x: Math.trunc(Number(numbers[0])), y: Math.trunc(Number(numbers[1])) }, png: mask },
        grid,
      );
    default:
      return `A shape of the type ${type} has no area, so it is not imported.`;
  }
}

/** LabelMe counts from the middle of the first pixel, here (0.5, 0.5), and cuts fractions off, as PIL does. */
function fillNumbers(numbers: readonly unknown[], grid: GridSize): EncodedMask | string {
  const outline = outlineOf(numbers, grid);
  if (typeof outline === 'string') return `It cannot be filled: ${outline}.`;
  const moved = outline.map((value) => Math.trunc(value) + 0.5);
  return pillowPolygonMask(moved, grid) ?? NO_PIXEL;
}

const NO_SHAPE = 'It has no label, or its parts are not of the usual kind.';

function cornersOf([left, top, right, bottom]: readonly unknown[]): unknown[] {
  return [left, top, right, top, right, bottom, left, bottom];
}

function circleMask(numbers: readonly unknown[], grid: GridSize): EncodedMask | string {
  const odd = oddCoordinate(numbers);
  if (odd !== undefined) return `It cannot be filled: ${odd}.`;
  // Checked above: each is a number.
  const [x = 0, y = 0, edgeX = 0, edgeY = 0] = numbers as number[];
  const radius = Math.hypot(edgeX - x, edgeY - y);
  const bounds = {
    left: Math.trunc(x - radius),
    top: Math.trunc(y - radius),
    right: Math.trunc(x + radius),
    bottom: Math.trunc(y + radius),
  };
  return pillowEllipseMask(bounds, grid) ?? NO_PIXEL;
}

type MaskPicture = { corner: { x: number; y: number }; png: string };

function placeMask({ corner, png }: MaskPicture, grid: GridSize): EncodedMask | string {
  if (!Number.isSafeInteger(corner.x) || !Number.isSafeInteger(corner.y)) return 'Its corner is not a point.';
  const bytes = Buffer.from(png, 'base64');
  const size = readPngSize(bytes);
  if (size && (size.widthPx > grid.widthPx || size.heightPx > grid.heightPx)) {
    return `Its picture is ${size.widthPx} x ${size.heightPx}, larger than the image.`;
  }
  let picture: NumberPicture | null;
  try {
    picture = decodePngNumbers(bytes);
  } catch (error) {
    return `Its picture cannot be read (${error instanceof Error ? error.message : String(error)}).`;
  }
  if (!picture) return 'Its picture is in colour.';
  return placeOnGrid(picture, corner, grid) ?? NO_PIXEL;
}
