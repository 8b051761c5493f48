import { UserError } from '../contract/errors.ts';
import type { ImageId, SegmentationId } from '../contract/ids.ts';
import type { Service } from './service.ts';

/** Longer side of an overlay: that of a thumbnail. */
const SIDE_PX = 320;
/** Objects without a concept. */
export const PLAIN_COLOUR = '#ffd166';

/**
 * The objects of an image, drawn in the colours of their concepts on nothing.
 * @returns WebP
 * @throws UserError NOT_FOUND
 */
export async function renderOverlay(
  service: Service,
  id: SegmentationId,
  imageId: ImageId,
): Promise<Uint8Array> {
  const { segmentations, gallery, concepts } = service.store;
  if (gallery.tiles(id, [imageId]).length === 0) {
    throw new UserError('NOT_FOUND', `Image ${imageId} is not part of segmentation ${id}.`);
  }
  const colours = concepts.coloursOf(id);
  const masks = segmentations
    .masksOf(id, imageId)
    .filter(({ level }) => level === 0)
    .flatMap(({ id: maskId, conceptId, areaPx, review }) => {
      const shape = segmentations.shapeOf(maskId);
      const colour = (conceptId === null ? undefined : colours.get(conceptId)) ?? PLAIN_COLOUR;
      return shape ? [{ shape, areaPx, colour, isRejected: review === 'rejected' }] : [];
    });
  const { bytes } = await service.calls.call({ kind: 'render-overlay', masks, sidePx: SIDE_PX });
  return bytes;
}
