import { FOREGROUND, IGNORED, IGNORED_LABEL, type Truth } from './truth.ts';

/** The single objects of a truth: `labels` [heightPx, widthPx], and which of its values are objects or ignored. */
export type TrueObjects = { labels: ArrayLike<number>; objects: readonly number[]; ignored: number };

/**
 * Which labels of a label file are objects: those mostly inside the foreground of the mask file. So a file that
 * also labels sky and grass can be used with a mask of only the objects.
 * @param labels [heightPx, widthPx] uint8; 255 is ignored
 */
export function objectLabels(labels: Uint8Array, truth: Truth): TrueObjects {
  const inside = new Map<number, number>();
  const areas = new Map<number, number>();
  labels.forEach((label, pixel) => {
    const value = truth.pixels[pixel];
    if (label === IGNORED_LABEL || value === IGNORED) return;
    areas.set(label, (areas.get(label) ?? 0) + 1);
    if (value === FOREGROUND) inside.set(label, (inside.get(label) ?? 0) + 1);
  });
  const objects = [...inside]
    .filter(([label, px]) => px * 2 > (areas.get(label) ?? 0))
    .map(([label]) => label);
  return { labels, objects, ignored: IGNORED_LABEL };
}
