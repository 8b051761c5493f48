import { decodeImage } from '../../core/image/decode.ts';
import { sharp } from '../../core/image/sharp-setup.ts';
import { inSharpTurn } from '../../core/image/sharp-turns.ts';
import { drawMasks } from '../../core/mask/overlay.ts';
import { pictureCaches } from './picture-caches.ts';
import type { CallOf, ResultOf } from '../protocol/call.ts';
import { thumbnailOf } from './render-call.ts';

/** A little more than that of the thumbnail, which it is made from. */
const QUALITY = 85;

/**
 * A thumbnail with the masks of its image, kept in the cache under `key`.
 * @throws UserError IMAGE_UNAVAILABLE when there is no thumbnail yet and its file is gone, damaged, or another one
 */
export async function renderDrawn(call: CallOf<'render-drawn'>): Promise<ResultOf<'render-drawn'>> {
  const { masks, key, cache } = call;
  const thumbnail = await decodeImage(await thumbnailOf(call));
  const { data, widthPx, heightPx } = drawMasks(thumbnail, masks);
  const bytes = await inSharpTurn(() =>
    sharp(data, { raw: { width: widthPx, height: heightPx, channels: 3 } })
      // The user waits for it: effort 0 takes two thirds of the time of 2, for a fifth more bytes.
      .webp({ quality: QUALITY, effort: 0 })
      .toBuffer(),
  );
  await pictureCaches(cache).drawn.write(key, bytes);
  return { bytes };
}
