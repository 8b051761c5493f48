import { userError } from '../../contract/errors.ts';
import type { MaskShape } from '../../domain/mask-shape.ts';
import { overlaps } from '../../core/mask/overlap.ts';
import { decodeRle, encodeRle, type EncodedMask } from '../../core/mask/rle.ts';
import { unionOf } from '../../core/mask/union.ts';
import { splitByLine, splitByMask, splitParts } from '../../core/superpixel/split-mask.ts';
import type { CallOf, ResultOf } from '../protocol/call.ts';

/**
 * What follows from a shape that came from outside.
 * @throws UserError BAD_INPUT where it is empty or does not fit its grid
 */
export function measureMask({ shape }: CallOf<'measure-mask'>): ResultOf<'measure-mask'> {
  const encoded = encodeOrNull(shape);
  if (encoded) return encoded;
  throw userError('mask-shape');
}

/** @throws UserError BAD_INPUT for masks of different grids */
export function mergeMasks({ shapes: [first, ...others] }: CallOf<'merge-masks'>): ResultOf<'merge-masks'> {
  if (!first) throw new Error('there is nothing to merge');
  return onOneGrid(() => unionOf([first, ...others]));
}

/** @throws UserError BAD_INPUT for masks of different grids */
export function findOverlaps({ shapes, others }: CallOf<'find-overlaps'>): ResultOf<'find-overlaps'> {
  return onOneGrid(() => ({
    overlaps: others.map((other) => shapes.flatMap((shape, at) => (overlaps(shape, other) ? [at] : []))),
  }));
}

/**
 * The pieces of a mask, the largest first.
 * @throws UserError BAD_INPUT where there is only one, or the masks have different grids
 */
export function splitMask({ shape, box, by }: CallOf<'split-mask'>): ResultOf<'split-mask'> {
  const pieces = onOneGrid(() => {
    if (by.kind === 'parts') return splitParts(shape, box);
    return by.kind === 'line' ? splitByLine(shape, box, by.points) : splitByMask(shape, by.shape);
  });
  if (pieces.length > 1) return { pieces };
  throw userError(`no-split-${by.kind}`);
}

function encodeOrNull(shape: MaskShape): EncodedMask | null {
  return translateRange(
    // By its pixels, as the same mask can come as other runs (with some of no length).
    () => encodeRle(decodeRle(shape)),
    () => null,
  );
}

function onOneGrid<T>(work: () => T): T {
  return translateRange(work, (cause) => {
    throw userError('mask-sizes', {}, { cause });
  });
}

/** Run lengths that do not fit are the one failure that is expected here. */
function translateRange<T>(work: () => T, instead: (error: RangeError) => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) return instead(error);
    throw error;
  }
}
