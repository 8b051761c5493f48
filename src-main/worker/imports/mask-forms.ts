import { openCvPolygonMask } from '../../core/mask/fill-opencv.ts';
import { pillowPolygonMask } from '../../core/mask/fill-pillow.ts';
import { cocoPolygonMask } from '../../core/mask/fill-polygon.ts';
import { paintMask } from '../../core/mask/crop.ts';
import { masksOfLabels } from '../../core/mask/label-map.ts';
import type { Polygon } from '../../core/mask/polygon.ts';
import { encodeRuns, runsOf, type EncodedMask } from '../../core/mask/rle.ts';
import { unionOf } from '../../core/mask/union.ts';
import type { ImportedMask } from '../../domain/mask-import-rows.ts';
import type { MaskShape } from '../../domain/mask-shape.ts';
import { inPaintOrder } from '../../domain/stack-order.ts';
import { exportedPolygons, exportedRow } from '../../export/polygons.ts';

type Grid = { widthPx: number; heightPx: number };
type Fill = (polygon: Polygon, grid: Grid) => EncodedMask | null;
type Forms = Map<string, ImportedMask[]>;

/**
 * The shapes in which the masks of an image come back from a tool that did not change them.
 *
 * [Note: Unchanged masks] An export can write a mask in a form that loses some of it: as simplified polygons, or behind
 * other masks in a picture of labels. What comes back equal to such a form was not changed, so the exact mask stays. The
 * same holds for the mask as a dataset has it, when the mask itself was changed here since.
 */
export class MaskForms {
  readonly #masks: readonly ImportedMask[];
  #exact: Forms | undefined;
  #lossy: Forms | undefined;

  constructor(masks: readonly ImportedMask[]) {
    this.#masks = masks;
  }

  /** Masks that have exactly this shape, or had it in an export. */
  exact(shape: MaskShape): readonly ImportedMask[] {
    this.#exact ??= formsBy(this.#masks, (mask) => shapesOf(mask).map(keyOf));
    return this.#exact.get(keyOf(shape)) ?? [];
  }

  /** Masks of which this shape is left in an export that cannot hold them exactly. */
  lossy(shape: MaskShape): readonly ImportedMask[] {
    this.#lossy ??= this.#makeLossy();
    return this.#lossy.get(keyOf(shape)) ?? [];
  }

  #makeLossy(): Forms {
    const visible = visibleParts(this.#masks);
    return formsBy(this.#masks, (mask) => {
      const seen = visible.get(mask);
      return [...shapesOf(mask).flatMap(simplified), ...(seen ? [seen] : [])].map((shape) => keyOf(shape));
    });
  }
}

function formsBy(masks: readonly ImportedMask[], keysOf: (mask: ImportedMask) => string[]): Forms {
  const forms: Forms = new Map();
  for (const mask of masks) {
    for (const key of new Set(keysOf(mask))) forms.set(key, [...(forms.get(key) ?? []), mask]);
  }
  return forms;
}

const shapesOf = ({ shape, exported }: ImportedMask) => [shape, ...(exported ? [exported.shape] : [])];

const keyOf = ({ gridWidth, gridHeight, rle }: MaskShape) =>
  `${gridWidth} ${gridHeight} ${Buffer.from(rle).toString('latin1')}`;

/** A mask as its simplified or joined polygons are filled again, by each of the rules that readers fill by. */
function simplified(shape: MaskShape): MaskShape[] {
  const mask = encodeRuns(runsOf(shape), shape.gridWidth, shape.gridHeight);
  if (!mask) return [];
  const fillings = [
    filled(mask, 'edges', cocoPolygonMask),
    filled(mask, 'centres', pillowPolygonMask),
    filled(mask, 'centres', openCvPolygonMask),
    filledRow(mask, 'simplified'),
    filledRow(mask, 'exact'),
  ];
  return fillings.flatMap((one) => (one ? [one.shape] : []));
}

function filled(mask: EncodedMask, line: 'edges' | 'centres', fill: Fill): EncodedMask | null {
  const grid = { widthPx: mask.shape.gridWidth, heightPx: mask.shape.gridHeight };
  const polygons = exportedPolygons(mask, line, { polygons: 'simplified' });
  const [first, ...others] = polygons.map((polygon) => fill(polygon, grid)).filter((part) => part !== null);
  if (!first) return null;
  return others.length === 0 ? first : unionOf([first.shape, ...others.map(({ shape }) => shape)]);
}

/** A mask of several parts as its row of YOLO is filled, with the pixels under the seams between them. */
function filledRow(mask: EncodedMask, polygons: 'exact' | 'simplified'): EncodedMask | null {
  const grid = { widthPx: mask.shape.gridWidth, heightPx: mask.shape.gridHeight };
  return openCvPolygonMask(exportedRow(mask, { polygons }), grid);
}

/** What is seen of each mask where they are painted one over another, as in pictures of labels. */
function visibleParts(masks: readonly ImportedMask[]): Map<ImportedMask, MaskShape> {
  const exported = masks.filter((mask) => mask.exported !== null);
  const painted = (exported.length > 0 ? exported : masks.filter(({ review }) => review !== 'rejected')).map(
    (mask) => ({
      mask,
      shape: mask.exported?.shape ?? mask.shape,
      areaPx: mask.exported?.areaPx ?? mask.areaPx,
      stackOrder: mask.exported?.stackOrder ?? mask.stackOrder,
      score: mask.score,
    }),
  );
  const [first] = painted;
  if (!first || painted.length === 1) return new Map();
  const { gridWidth: widthPx, gridHeight: heightPx } = first.shape;
  const ordered = inPaintOrder(
    painted.filter(({ shape }) => shape.gridWidth === widthPx && shape.gridHeight === heightPx),
    ({ mask }) => mask.id,
  );
  const data = new Uint32Array(widthPx * heightPx);
  for (const [index, { shape }] of ordered.entries()) paintMask(data, shape, index + 1);
  const seen = masksOfLabels({ data, widthPx, heightPx });
  return new Map(
    ordered.flatMap(({ mask }, index) => {
      const part = seen.get(index + 1);
      return part ? [[mask, part.shape] as const] : [];
    }),
  );
}
