import type { GalleryTile } from '../../../src-main/contract/mask.ts';

/** How far the objects of an image have been reviewed. `mixed`: some accepted and some rejected, or not all reviewed. */
export type TileReview = 'none' | 'pending' | 'accepted' | 'rejected' | 'mixed';

export function tileReview({ maskCount, reviews }: Pick<GalleryTile, 'maskCount' | 'reviews'>): TileReview {
  if (maskCount === 0) return 'none';
  if (reviews.pending === maskCount) return 'pending';
  if (reviews.accepted + reviews.edited === maskCount) return 'accepted';
  return reviews.rejected === maskCount ? 'rejected' : 'mixed';
}
