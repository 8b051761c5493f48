import { readFile } from 'node:fs/promises';
import { decodeImage } from '../core/image/decode.ts';
import { ImageProblemError } from '../core/image/image-problem.ts';
import { writePictureGrid } from '../core/image/picture-grid.ts';
import { sharp } from '../core/image/sharp-setup.ts';
import { decodeRle } from '../core/mask/rle.ts';
import type { CallOf } from './protocol.ts';

const TILE_PX = 240;
const COLUMNS = 6;
/** How much of a mask's colour covers the image, and how much of the rest is darkened. */
const TINT = 0.45;
const SHADE = 0.55;

/**
 * Draws images with their masks on one sheet.
 * @throws UserError FILE_UNUSABLE when the file cannot be written
 */
export async function drawSheet({ out, tiles, limits }: CallOf<'draw-sheet'>): Promise<void> {
  const pictures: Uint8Array[] = [];
  for (const tile of tiles) {
    try {
      pictures.push(await drawTile(tile, limits));
    } catch (error) {
      // A file that went since has no tile; the sheet shows the others.
      if (!(error instanceof ImageProblemError) && !isGone(error)) throw error;
    }
  }
  const rows = Array.from({ length: Math.ceil(pictures.length / COLUMNS) }, (_, row) =>
    pictures.slice(row * COLUMNS, (row + 1) * COLUMNS),
  );
  await writePictureGrid(out, rows);
}

async function drawTile(
  { path, masks }: CallOf<'draw-sheet'>['tiles'][number],
  limits: CallOf<'draw-sheet'>['limits'],
): Promise<Uint8Array> {
  const { data, widthPx, heightPx } = await decodeImage(await readFile(path), { maxSidePx: TILE_PX, limits });
  const painted = Uint8Array.from(data, (value) => value * SHADE);
  for (const { shape, colour } of masks) {
    const { data: mask } = decodeRle(shape);
    const rgb = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    for (let pixel = 0; pixel < widthPx * heightPx; pixel++) {
      const x = Math.floor((((pixel % widthPx) + 0.5) * shape.gridWidth) / widthPx);
      const y = Math.floor(((Math.floor(pixel / widthPx) + 0.5) * shape.gridHeight) / heightPx);
      if (!mask[y * shape.gridWidth + x]) continue;
      for (let c = 0; c < 3; c++) {
        painted[pixel * 3 + c] = (1 - TINT) * (data[pixel * 3 + c] ?? 0) + TINT * (rgb[c] ?? 0);
      }
    }
  }
  return sharp(painted, { raw: { width: widthPx, height: heightPx, channels: 3 } })
    .resize({ width: TILE_PX, height: TILE_PX, fit: 'contain', background: '#ffffff' })
    .png()
    .toBuffer();
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
