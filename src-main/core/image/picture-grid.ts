import { sharp } from './sharp-setup.ts';
import { inSharpTurn } from './sharp-turns.ts';

/** Between pictures, in pixels. */
const GAP_PX = 4;
const PAPER = { r: 255, g: 255, b: 255 } as const;

/**
 * Pictures as a grid, as PNG.
 * @param rows pictures in any format that sharp reads; those of another size than the last one of the first row are
 *   stretched to it
 */
export async function pictureGrid(rows: readonly (readonly Uint8Array[])[]): Promise<Uint8Array> {
  const model = rows[0]?.at(-1);
  if (!model) throw new Error('a grid needs a picture');
  const { width, height } = await inSharpTurn(() => sharp(model).metadata());
  const columns = Math.max(...rows.map((row) => row.length));
  const parts = await Promise.all(
    rows.flatMap((row, y) =>
      row.map(async (picture, x) => ({
        input: await inSharpTurn(() =>
          sharp(picture).resize({ width, height, fit: 'fill' }).png().toBuffer(),
        ),
        left: GAP_PX + x * (width + GAP_PX),
        top: GAP_PX + y * (height + GAP_PX),
      })),
    ),
  );
  const paper = sharp({
    create: {
      width: GAP_PX + columns * (width + GAP_PX),
      height: GAP_PX + rows.length * (height + GAP_PX),
      channels: 3,
      background: PAPER,
    },
  });
  return inSharpTurn(() => paper.composite(parts).png().toBuffer());
}
