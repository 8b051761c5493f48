import { z } from 'zod';
import { fillDrawnPolygon } from '../mask/fill-polygon.ts';
import { decodePngNumbers } from '../mask/png.ts';
import { encodeRle, type Bitmap } from '../mask/rle.ts';
import { parseJsonFile } from './parse-json.ts';
import type { FileMask, MaskRecord } from './mask-record.ts';

const Shape = z.object({
  label: z.string(),
  points: z.array(z.tuple([z.number(), z.number()])),
  group_id: z.number().nullish(),
  shape_type: z.string().default('polygon'),
  /** Base64 PNG of a shape of the type mask. */
  mask: z.string().nullish(),
});
type Shape = z.infer<typeof Shape>;
const LabelMeFile = z.object({
  imagePath: z.string(),
  imageWidth: z.number().int().positive(),
  imageHeight: z.number().int().positive(),
  shapes: z.array(Shape),
});

/** Corners of the polygon that stands for a circle: its sides are then below a pixel for radii up to 100. */
const CIRCLE_CORNERS = 720;

/**
 * The masks of a LabelMe file. Shapes with the same label and group number are parts of one object. Shapes are
 * filled as LabelMe fills them; those without an area (points, lines) are reported.
 * @param text whole file
 */
export function* readLabelMe(text: string, fileName: string): Generator<MaskRecord> {
  const file = parseJsonFile(text, LabelMeFile, 'LabelMe');
  if (typeof file === 'string') {
    yield { kind: 'problem', name: fileName, detail: file };
    return;
  }
  const grid = { widthPx: file.imageWidth, heightPx: file.imageHeight };
  const objects = new Map<string, Labelled>();
  for (const [index, shape] of file.shapes.entries()) {
    const filled = fill(shape, grid);
    if (typeof filled === 'string') {
      yield { kind: 'problem', name: fileName, detail: filled };
      continue;
    }
    const { group_id: group } = shape;
    const key = group === null || group === undefined ? `${index}` : `${shape.label}\n${group}`;
    const earlier = objects.get(key);
    if (earlier) add(earlier.pixels, filled);
    else objects.set(key, { label: shape.label, pixels: filled });
  }
  const masks = [...objects.values()].flatMap(({ label, pixels }): FileMask[] => {
    const mask = encodeRle(pixels);
    return mask ? [{ ...mask, className: label, score: null }] : [];
  });
  const imageName = file.imagePath.replaceAll('\\', '/');
  yield { kind: 'masks', imageName, ...grid, masks, ignored: null };
}

type Labelled = { label: string; pixels: Bitmap };

function add(pixels: Bitmap, more: Bitmap): void {
  more.data.forEach((value, at) => {
    if (value !== 0) pixels.data[at] = 1;
  });
}

type Grid = { widthPx: number; heightPx: number };

/** The pixels of a shape, or what is wrong with it. */
function fill(shape: Shape, grid: Grid): Bitmap | string {
  const [a, b] = shape.points;
  switch (shape.shape_type) {
    case 'polygon':
      if (shape.points.length < 3) return `A polygon '${shape.label}' has fewer than three points.`;
      return fillPoints(shape.points, grid);
    case 'rectangle':
      if (!a || !b) return `A rectangle '${shape.label}' does not have two corners.`;
      return fillPoints([a, [b[0], a[1]], b, [a[0], b[1]]], grid);
    case 'circle': {
      if (!a || !b) return `A circle '${shape.label}' does not have a centre and a point on its edge.`;
      const radius = Math.hypot(b[0] - a[0], b[1] - a[1]);
      const corners = Array.from({ length: CIRCLE_CORNERS }, (_, index): [number, number] => {
        const angle = (index * 2 * Math.PI) / CIRCLE_CORNERS;
        // Rounded here, because fractions are cut off.
        return [Math.round(a[0] + radius * Math.cos(angle)), Math.round(a[1] + radius * Math.sin(angle))];
      });
      return fillPoints(corners, grid);
    }
    case 'mask':
      if (!a || !b || !shape.mask) return `A mask '${shape.label}' has no corners or no image.`;
      return placeMask({ left: Math.round(a[0]), top: Math.round(a[1]), png: shape.mask }, grid);
    default:
      return `A shape '${shape.label}' of type ${shape.shape_type} has no area and is left out.`;
  }
}

/** LabelMe counts from the middle of the first pixel, here (0.5, 0.5), and cuts fractions off, as PIL does. */
function fillPoints(points: readonly (readonly [number, number])[], grid: Grid): Bitmap {
  return fillDrawnPolygon(
    points.flatMap(([x, y]) => [Math.trunc(x) + 0.5, Math.trunc(y) + 0.5]),
    grid,
  );
}

function placeMask(
  { left, top, png }: { left: number; top: number; png: string },
  grid: Grid,
): Bitmap | string {
  const data = new Uint8Array(grid.widthPx * grid.heightPx);
  let picture: ReturnType<typeof decodePngNumbers>;
  try {
    picture = decodePngNumbers(Buffer.from(png, 'base64'));
  } catch (error) {
    return `The image of a mask cannot be read (${error instanceof Error ? error.message : String(error)}).`;
  }
  if (!picture) return 'The image of a mask is in colour.';
  for (let y = 0; y < picture.heightPx; y++) {
    for (let x = 0; x < picture.widthPx; x++) {
      const isOnGrid = x + left < grid.widthPx && y + top < grid.heightPx && x + left >= 0 && y + top >= 0;
      if (isOnGrid && picture.data[y * picture.widthPx + x] !== 0)
        data[(y + top) * grid.widthPx + x + left] = 1;
    }
  }
  return { data, ...grid };
}
