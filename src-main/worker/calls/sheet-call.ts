import { readFile } from 'node:fs/promises';
import { userError } from '../../contract/errors.ts';
import { decodeImage } from '../../core/image/decode.ts';
import { ImageProblemError } from '../../core/image/image-problem.ts';
import { pictureGrid } from '../../core/image/picture-grid.ts';
import { sharp } from '../../core/image/sharp-setup.ts';
import { inSharpTurn } from '../../core/image/sharp-turns.ts';
import { decodeRle } from '../../core/mask/rle.ts';
import { writeFileAtomically, writeTextAtomically } from '../../core/weights/atomic-file.ts';
import type { CallOf } from '../protocol/call.ts';
import { sheetPage, type DrawnTile } from './sheet-page.ts';

type Tile = CallOf<'draw-sheet'>['tiles'][number];
type Limits = CallOf<'draw-sheet'>['limits'];
type Painted = { data: Uint8Array; widthPx: number; heightPx: number };

const TILE_PX = 240;
/** On a page, which can be zoomed. */
const PAGE_TILE_PX = 480;
const PAGE_QUALITY = 80;
const COLUMNS = 6;
/** How much of a mask's colour covers the image, and how much of the rest is darkened. */
const TINT = 0.45;
const SHADE = 0.55;

/**
 * Draws images with their masks on one sheet: a page or a picture, by the ending of the file's name.
 * @throws UserError as `writeFileAtomically`, and IMAGE_UNAVAILABLE when no image can be read
 */
export async function drawSheet({ out, title, tiles, limits }: CallOf<'draw-sheet'>): Promise<void> {
  if (/\.html?$/i.test(out)) {
    const page = sheetPage(title, await drawTiles(tiles, (tile) => drawForPage(tile, limits)));
    await writeTextAtomically(out, page);
    return;
  }
  const drawn = await drawTiles(tiles, (tile) => drawForPicture(tile, limits));
  const pictures = drawn.map(({ picture }) => picture);
  const rows = Array.from({ length: Math.ceil(pictures.length / COLUMNS) }, (_, row) =>
    pictures.slice(row * COLUMNS, (row + 1) * COLUMNS),
  );
  const bytes = await pictureGrid(rows);
  await writeFileAtomically(out, (write) => write(bytes));
}

async function drawTiles(
  tiles: readonly Tile[],
  draw: (tile: Tile) => Promise<Uint8Array>,
): Promise<DrawnTile[]> {
  const drawn: DrawnTile[] = [];
  for (const tile of tiles) {
    try {
      drawn.push({ ...tile, picture: await draw(tile) });
    } catch (error) {
      // A file that went since has no tile; the sheet shows the others.
      if (!(error instanceof ImageProblemError) && !isGone(error)) throw error;
    }
  }
  if (drawn.length > 0) return drawn;
  throw userError('sheet-unread', { count: tiles.length });
}

async function drawForPicture(tile: Tile, limits: Limits): Promise<Uint8Array> {
  const painted = await paintTile(tile, { maxSidePx: TILE_PX, limits });
  return inSharpTurn(() =>
    rawPicture(painted)
      .resize({ width: TILE_PX, height: TILE_PX, fit: 'contain', background: '#ffffff' })
      .png()
      .toBuffer(),
  );
}

async function drawForPage(tile: Tile, limits: Limits): Promise<Uint8Array> {
  const painted = await paintTile(tile, { maxSidePx: PAGE_TILE_PX, limits });
  return inSharpTurn(() => rawPicture(painted).webp({ quality: PAGE_QUALITY }).toBuffer());
}

function rawPicture({ data, widthPx: width, heightPx: height }: Painted) {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

async function paintTile(
  { path, masks }: Tile,
  options: { maxSidePx: number; limits: Limits },
): Promise<Painted> {
  const { data, widthPx, heightPx } = await decodeImage(await readFile(path), options);
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
  return { data: painted, widthPx, heightPx };
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
