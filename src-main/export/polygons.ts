import type { ExportOptions } from '../contract/export.ts';
import { decodeCrop } from '../core/mask/crop.ts';
import { joinRings } from '../core/mask/join-rings.ts';
import { polygonsOf, type Polygon, type PolygonLine } from '../core/mask/polygon.ts';
import { simplifyPolygon } from '../core/mask/simplify-polygon.ts';
import type { ExportedMask } from './format.ts';

/** A mask as the polygons that an export wants, one a part; x and y in pixels of the upright image. */
export function exportedPolygons(
  { shape, box }: Pick<ExportedMask, 'shape' | 'box'>,
  line: PolygonLine,
  { polygons }: Pick<ExportOptions, 'polygons'>,
): Polygon[] {
  const exact = polygonsOf(decodeCrop(shape, box), { line, offset: box });
  return polygons === 'exact' ? exact : exact.map((polygon) => simplifyPolygon(polygon, line));
}

/** A mask as the one polygon of a row of YOLO, through the middles of its border pixels. */
export function exportedRow(
  mask: Pick<ExportedMask, 'shape' | 'box'>,
  options: Pick<ExportOptions, 'polygons'>,
): Polygon {
  return joinRings(exportedPolygons(mask, 'centres', options));
}

/** What to know of them, for the README of an export. */
export const POLYGON_HELP: Record<ExportOptions['polygons'], string> = {
  exact: 'Polygons match the masks exactly; holes are connected to the outline by seams without width.',
  simplified:
    'Polygons are simplified: at least 98 % of each mask is preserved. Holes are connected to the outline by seams.',
};
