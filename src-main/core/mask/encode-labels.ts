import type { Runs } from '../../contract/run-lengths.ts';
import { encodeRuns, type EncodedMask } from './rle.ts';

/**
 * One mask for each label of a map, in a single pass over its pixels.
 * @param labels [heightPx, widthPx]; pixels below 1 are in no mask
 * @returns by label, in the order in which they appear column by column
 */
export function encodeLabels(
  labels: Int32Array | Uint8Array,
  { widthPx, heightPx }: { widthPx: number; heightPx: number },
): Map<number, EncodedMask> {
  const outlines = new Map<number, { runs: Runs; end: number }>();
  let current = 0;
  let start = 0;
  const close = (end: number) => {
    if (current < 1) return;
    const outline = outlines.get(current) ?? { runs: [], end: 0 };
    outline.runs.push(start - outline.end, end - start);
    outline.end = end;
    outlines.set(current, outline);
  };
  let position = 0;
  for (let x = 0; x < widthPx; x++) {
    for (let y = 0, at = x; y < heightPx; y++, at += widthPx, position++) {
      const label = labels[at] ?? 0;
      if (label === current) continue;
      close(position);
      current = label;
      start = position;
    }
  }
  close(position);
  const masks = new Map<number, EncodedMask>();
  for (const [label, { runs, end }] of outlines) {
    if (end < position) runs.push(position - end);
    const mask = encodeRuns(runs, widthPx, heightPx);
    if (mask) masks.set(label, mask);
  }
  return masks;
}
