import { UserError } from '../../contract/errors.ts';
import { errnoOf } from './image-problem.ts';
import { sharp } from './sharp-setup.ts';

/** Between pictures, in pixels. */
const GAP_PX = 4;
const PAPER = { r: 255, g: 255, b: 255 } as const;

/**
 * Writes pictures as a grid, as PNG.
 * @param rows pictures in any format that sharp reads; those of another size than the last one of the first row are
 *   stretched to it
 * @throws UserError FILE_UNUSABLE when the file cannot be written
 */
export async function writePictureGrid(
  path: string,
  rows: readonly (readonly Uint8Array[])[],
): Promise<void> {
  const model = rows[0]?.at(-1);
  if (!model) throw new Error('a grid needs a picture');
  const { width, height } = await sharp(model).metadata();
  const columns = Math.max(...rows.map((row) => row.length));
  const parts = await Promise.all(
    rows.flatMap((row, y) =>
      row.map(async (picture, x) => ({
        input: await sharp(picture).resize({ width, height, fit: 'fill' }).png().toBuffer(),
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
  try {
    await paper.composite(parts).png().toFile(path);
  } catch (error) {
    throw new UserError('FILE_UNUSABLE', `The picture ${path} cannot be written${reasonOf(error)}.`, {
      hint: 'Check that its folder exists and is writable, and that the drive has space.',
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  const reason = errnoOf(error) ?? (error instanceof Error ? error.message : undefined);
  return reason === undefined ? '' : ` (${reason})`;
}
