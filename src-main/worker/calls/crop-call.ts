import { createHash } from 'node:crypto';
import { asOpaqueSrgb } from '../../core/image/decode.ts';
import { openImageBytes } from '../../core/image/open-image.ts';
import { readVerified } from '../../core/image/render.ts';
import { sharp } from '../../core/image/sharp-setup.ts';
import { inSharpTurn } from '../../core/image/sharp-turns.ts';
import { resolveFile } from '../../core/image/walk.ts';
import { decodeCrop } from '../../core/mask/crop.ts';
import { cropAround, drawCrop } from '../../core/mask/draw-crop.ts';
import type { RgbImage } from '../../core/image/decode.ts';
import { pictureKey } from '../../domain/picture-key.ts';
import { pictureCaches } from './picture-caches.ts';
import type { CallOf, ResultOf } from '../protocol/call.ts';

/** Longer side of a crop; a smaller object is not enlarged. */
const CROP_PX = 288;
const QUALITY = 82;

/**
 * An object cropped from its image, as WebP: from the cache, or from the original.
 * @throws UserError IMAGE_UNAVAILABLE when the file is gone, damaged, or no longer what was segmented
 */
export async function renderCrop(call: CallOf<'render-crop'>): Promise<ResultOf<'render-crop'>> {
  const { shape, box, contentHash, cache, limits } = call;
  const { crops } = pictureCaches(cache);
  const key = createHash('sha256')
    .update(pictureKey(contentHash, limits.brightness))
    .update(shape.rle)
    .digest('hex');
  const cached = await crops.read(key);
  if (cached && cached.length > 0) return { bytes: cached };
  const crop = cropAround(box, { widthPx: shape.gridWidth, heightPx: shape.gridHeight });
  const image = await decodeRegion(call, crop);
  const { data, widthPx, heightPx } = drawCrop(image, decodeCrop(shape, box), { box, crop });
  const bytes = await inSharpTurn(() =>
    sharp(data, { raw: { width: widthPx, height: heightPx, channels: 3 } })
      .webp({ quality: QUALITY, effort: 2 })
      .toBuffer(),
  );
  await crops.write(key, bytes);
  return { bytes };
}

/** A region of the upright image, no larger than it is shown. */
async function decodeRegion(
  { rootPath, file, contentHash, limits, shape }: CallOf<'render-crop'>,
  crop: { x: number; y: number; width: number; height: number },
): Promise<RgbImage> {
  const bytes = await readVerified(resolveFile(rootPath, file), contentHash, { limits });
  const longer = Math.max(shape.gridWidth, shape.gridHeight);
  const maxSidePx = Math.max(
    1,
    Math.min(longer, Math.ceil((longer * CROP_PX) / Math.max(crop.width, crop.height))),
  );
  const image = await openImageBytes(bytes, limits);
  const { result } = await image.decode(async (pixels) => {
    // Scaled separately first: a JPEG is then decoded at that size, and the region is cropped from few pixels.
    const { data, info } = await asOpaqueSrgb(pixels, maxSidePx)
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const [scaleX, scaleY] = [info.width / shape.gridWidth, info.height / shape.gridHeight];
    const left = Math.min(Math.floor(crop.x * scaleX), info.width - 1);
    const top = Math.min(Math.floor(crop.y * scaleY), info.height - 1);
    const width = Math.max(1, Math.min(Math.round(crop.width * scaleX), info.width - left));
    const height = Math.max(1, Math.min(Math.round(crop.height * scaleY), info.height - top));
    return {
      data: cropped(data, info.width, { left, top, width, height }),
      widthPx: width,
      heightPx: height,
    };
  });
  return result;
}

function cropped(
  data: Uint8Array,
  rowPx: number,
  { left, top, width, height }: { left: number; top: number; width: number; height: number },
): Uint8Array {
  const region = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    const from = 3 * ((top + y) * rowPx + left);
    region.set(data.subarray(from, from + 3 * width), 3 * y * width);
  }
  return region;
}
