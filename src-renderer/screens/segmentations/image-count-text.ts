import { formatNumber } from '../../i18n/format.ts';
import { t } from '../../i18n/language.svelte.ts';

/**
 * How many images a segmentation has: of all that its collection has, while some are not segmented yet. Images whose files are missing
 * keep their masks, so there may be more of them.
 */
export function imageCountText(done: number, usable: number): string {
  if (done >= usable) return t('segment.images', { count: done, images: formatNumber(done) });
  return t('segment.imagesOf', { done: formatNumber(done), total: formatNumber(usable) });
}
