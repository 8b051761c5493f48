import { createHash } from 'node:crypto';
import { cacheEntry, cachePlace } from '../domain/data-layout.ts';
import { pictureKey } from '../domain/picture-key.ts';
import { userError } from '../contract/errors.ts';
import type { ImageId, SegmentationId } from '../contract/ids.ts';
import type { Stacked } from '../contract/mask-stack.ts';
import type { MaskShape } from '../domain/mask-shape.ts';
import { readIfThere } from './cached-file.ts';
import { photoFile } from './photo-files.ts';
import type { Service } from './service.ts';

type DrawnMask = Stacked & { shape: MaskShape; colour: string; isRejected: boolean };

/** Objects without a concept. */
export const PLAIN_COLOUR = '#ffd166';

/**
 * The thumbnail of an image with its objects in the colours of their concepts, as one picture: a grid of them then
 * takes one request a tile, and the browser decodes and draws one.
 *
 * The worker draws it and puts it into the cache, where the service finds it the next time without asking.
 * @returns WebP
 * @throws UserError NOT_FOUND, or IMAGE_UNAVAILABLE when the file is a problem, is gone or has changed
 */
export async function drawnThumbnail(
  service: Service,
  id: SegmentationId,
  imageId: ImageId,
): Promise<Uint8Array> {
  if (service.store.gallery.tiles(id, [imageId]).length === 0) {
    throw userError('not-in-segmentation', { imageId, id });
  }
  return await drawn(service, imageId, drawnMasks(service, id, imageId));
}

/**
 * The same with the objects that are proposed for the image.
 * @throws UserError as `drawnThumbnail`
 */
export async function proposedThumbnail(
  service: Service,
  id: SegmentationId,
  imageId: ImageId,
): Promise<Uint8Array> {
  const { store } = service;
  if (store.gallery.tiles(id, [imageId]).length === 0)
    throw userError('not-in-segmentation', { imageId, id });
  const [ids, colours] = [store.concepts.idsOf(id), store.concepts.coloursOf(id)];
  const masks = store.foregroundProposals
    .objects({ segmentationId: id, imageId })
    .map(({ shape, areaPx, concept }): DrawnMask => {
      const conceptId = concept === null ? undefined : ids.get(concept);
      const colour = (conceptId === undefined ? undefined : colours.get(conceptId)) ?? PLAIN_COLOUR;
      return { shape, areaPx, stackOrder: 0, colour, isRejected: false };
    });
  return await drawn(service, imageId, masks);
}

/** From the cache, or drawn by the worker, which puts it there. */
async function drawn(service: Service, imageId: ImageId, masks: readonly DrawnMask[]): Promise<Uint8Array> {
  const photo = photoFile(service, imageId);
  const key = keyOf(pictureKey(photo.contentHash, photo.limits.brightness), masks);
  const cached = await readIfThere(cacheEntry(cachePlace(service.layout.cache, 'drawn'), key));
  if (cached && cached.length > 0) return cached;
  const { bytes } = await service.calls.call({ kind: 'render-drawn', ...photo, masks: [...masks], key });
  return bytes;
}

function drawnMasks({ store }: Service, id: SegmentationId, imageId: ImageId): DrawnMask[] {
  const colours = store.concepts.coloursOf(id);
  return store.segmentations
    .masksOf(id, imageId)
    .filter(({ level }) => level === 0)
    .flatMap(({ id: maskId, conceptId, areaPx, stackOrder, review }) => {
      const shape = store.segmentations.shapeOf(maskId);
      const colour = (conceptId === null ? undefined : colours.get(conceptId)) ?? PLAIN_COLOUR;
      return shape ? [{ shape, areaPx, stackOrder, colour, isRejected: review === 'rejected' }] : [];
    });
}

/** A name for all that can be seen of the picture, so that an entry of the cache is never out of date. */
function keyOf(picture: string, masks: readonly DrawnMask[]): string {
  const hash = createHash('sha256').update(picture);
  for (const { shape, areaPx, stackOrder, colour, isRejected } of masks) {
    const { gridWidth, gridHeight, rle } = shape;
    const facts = [gridWidth, gridHeight, areaPx, stackOrder, colour, isRejected, rle.length];
    hash.update(`;${facts.join(',')};`).update(rle);
  }
  return hash.digest('hex');
}
