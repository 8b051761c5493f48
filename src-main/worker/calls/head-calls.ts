import { userError } from '../../contract/errors.ts';
import { sharp } from '../../core/image/sharp-setup.ts';
import { inSharpTurn } from '../../core/image/sharp-turns.ts';
import { readCollectionModel, readLessons } from '../../core/segment/collection-model-file.ts';
import { exportHead } from '../../core/segment/head/export-head.ts';
import type { ForegroundHead } from '../../core/segment/head/foreground-head.ts';
import { colouredHeat, greyHeat, heatMap, type HeatMap } from '../../core/segment/head/heat-map.ts';
import { writeFileAtomically } from '../../core/weights/atomic-file.ts';
import type { CallOf, ResultOf } from '../protocol/call.ts';
import { embeddingOf, pixelsOf } from './segmented-image.ts';

type Photo = Pick<CallOf<'draw-heat'>, 'rootPath' | 'file' | 'contentHash' | 'limits' | 'cache' | 'learned'>;

const QUALITY = 90;

/**
 * The answers of a segmentation's head for an image, coloured, as WebP of the size at which superpixels are found.
 * @throws UserError WRONG_STATE for a head of another version of the app, MODEL_UNAVAILABLE, IMAGE_UNAVAILABLE
 */
export async function drawHeat(call: CallOf<'draw-heat'>): Promise<ResultOf<'draw-heat'>> {
  const { data, widthPx: width, heightPx: height } = colouredHeat(await heatOf(call));
  const picture = sharp(data, { raw: { width, height, channels: 3 } });
  return { bytes: await inSharpTurn(() => picture.webp({ quality: QUALITY, effort: 0 }).toBuffer()) };
}

/**
 * Writes them as PNG of the image's size, whole or not at all.
 * @throws UserError as `drawHeat`, and DISK_FULL, FILE_NOT_FOUND, FILE_UNUSABLE
 */
export async function writeHeat(call: CallOf<'write-heat'>): Promise<void> {
  const { widthPx, heightPx, style, out } = call;
  const heat = await heatOf(call);
  const raw = { width: heat.widthPx, height: heat.heightPx };
  const small =
    style === 'grey'
      ? sharp(greyHeat(heat), { raw: { ...raw, channels: 1 } })
      : sharp(colouredHeat(heat).data, { raw: { ...raw, channels: 3 } });
  const large = small.resize({ width: widthPx, height: heightPx, fit: 'fill', kernel: 'linear' });
  const bytes = await inSharpTurn(() =>
    (style === 'grey' ? large.toColourspace('b-w') : large).png().toBuffer(),
  );
  await writeFileAtomically(out, (write) => write(bytes));
}

/**
 * Writes a segmentation's encoder and head for other programs.
 * @throws UserError as `exportHead`, and WRONG_STATE as `drawHeat`
 */
export async function exportHeadToFile({
  weights,
  modelFile,
  ...rest
}: CallOf<'export-head'>): Promise<ResultOf<'export-head'>> {
  return await exportHead({ ...rest, weights, head: await readHead(modelFile) });
}

/** The images that taught, for each file of lessons. */
export async function listLessons({ files }: CallOf<'list-lessons'>): Promise<ResultOf<'list-lessons'>> {
  const lessons = await Promise.all(files.map(readLessons));
  return { taught: lessons.map((one) => one?.taught.map(({ relPath }) => relPath) ?? null) };
}

async function heatOf(photo: Photo): Promise<HeatMap> {
  return heatMap(
    await readHead(photo.learned.modelFile),
    await embeddingOf(photo, photo.learned, () => pixelsOf(photo)),
  );
}

async function readHead(modelFile: string): Promise<ForegroundHead> {
  const head = (await readCollectionModel(modelFile))?.foreground.head;
  if (head) return head;
  throw userError('learned-gone');
}
