import { isLight, type MaskLevels } from './mask-levels.ts';

/** Where a mask picture has its object, and where nothing is known: [heightPx, widthPx], 1 inside. */
export type SplitLevels = { inside: Uint8Array; unknown: Uint8Array };

const ALL_LEVELS = 65_536;
/** The level, of 255, of pixels without ground truth. */
const IGNORED_GREY = 128;
/** With this many different levels or more, edges may be soft, and even areas differ by rounding. */
const SOFT_LEVELS = 16;
const SOFT_SPREAD = 8;
/** A photograph has more levels than these, and more of its pixels are neither dark nor bright. */
const PHOTO_LEVELS = 64;
const PHOTO_SHARE = 0.25;
const DARK = 0.2;
const BRIGHT = 0.8;
/** Numbers of classes that a message names. */
const SHOWN_LEVELS = 6;

/**
 * Divides the levels of a mask picture into inside and outside. A picture without any level above 1 is one of truth
 * values; in others, the upper half is inside and 128 of 255 is ignored.
 * @returns one sentence where the levels look like numbers of classes, or like a photograph
 */
export function splitLevels(levels: MaskLevels): SplitLevels | string {
  const counts = countLevels(levels.data);
  const top = counts.findLastIndex((count) => count > 0);
  if (top <= 1) return pick(levels, { isInside: (level) => level === 1, ignored: null });
  // Masks of 8 bits are saved with 16 bits, too.
  const full = top <= 255 && levels.full > 255 ? 255 : levels.full;
  const found = [...counts.keys()].filter((level) => (counts[level] ?? 0) > 0);
  const even = evenLevels(levels);
  const isSoft = found.length >= SOFT_LEVELS;
  const grey = ignoredLevel(full);
  // In a soft edge, that grey is a level like its neighbours.
  const isEdge = found.length > 3 && even.length > 0 && !even.some((level) => level === grey);
  const ignored = isEdge ? null : grey;
  const problem = problemOf({ counts, found, even, isSoft, full, ignored });
  if (problem !== undefined) return problem;
  return pick(levels, { isInside: (level) => level !== ignored && isLight(level, full), ignored });
}

type Choice = { isInside: (level: number) => boolean; ignored: number | null };

function pick({ data }: MaskLevels, { isInside, ignored }: Choice): SplitLevels {
  const insideOf = Uint8Array.from({ length: ALL_LEVELS }, (_, level) => Number(isInside(level)));
  const inside = new Uint8Array(data.length);
  const unknown = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at++) {
    const level = data[at] ?? 0;
    inside[at] = insideOf[level] ?? 0;
    if (level === ignored) unknown[at] = 1;
  }
  return { inside, unknown };
}

type Judged = {
  /** How many pixels have each level. */
  counts: Uint32Array;
  /** The levels that occur, and those that fill areas. */
  found: readonly number[];
  even: readonly number[];
  isSoft: boolean;
  full: number;
  ignored: number | null;
};

function problemOf(judged: Judged): string | undefined {
  const { found, even, isSoft, full, ignored } = judged;
  const others = found.filter((level) => level !== ignored);
  if (!others.some((level) => isLight(level, full))) {
    return others.some((level) => level > 0) ? looksLikeNumbers(found) : undefined;
  }
  if (isPhotograph(judged)) {
    return 'It looks like a photograph, not like a mask: most of its pixels are neither black nor white.';
  }
  const areas = even.filter((level) => level !== ignored);
  const halves = [
    areas.filter((level) => !isLight(level, full)),
    areas.filter((level) => isLight(level, full)),
  ];
  const spread = isSoft ? SOFT_SPREAD : 0;
  const hasOneEach = halves.every((half) => (half.at(-1) ?? 0) - (half[0] ?? 0) <= spread);
  return hasOneEach ? undefined : looksLikeNumbers(areas);
}

function looksLikeNumbers(levels: readonly number[]): string {
  const shown = levels.slice(0, SHOWN_LEVELS).join(', ');
  const rest = levels.length > SHOWN_LEVELS ? ', ...' : '';
  return `Its values are ${shown}${rest}, which look like numbers of classes or objects, not like black and white: use the format index-png.`;
}

function isPhotograph({ counts, found, full, ignored }: Judged): boolean {
  if (found.length < PHOTO_LEVELS) return false;
  let all = 0;
  let between = 0;
  counts.forEach((count, level) => {
    all += count;
    if (level > full * DARK && level < full * BRIGHT && level !== ignored) between += count;
  });
  return between > all * PHOTO_SHARE;
}

/**
 * Levels that fill an area, from the lowest: somewhere all nine pixels of a square have them. Those of soft edges
 * do not.
 */
function evenLevels({ data, widthPx, heightPx }: MaskLevels): number[] {
  const even = new Set<number>();
  for (let y = 1; y < heightPx - 1; y++) {
    for (let x = 1; x < widthPx - 1; x++) {
      const at = y * widthPx + x;
      const level = data[at] ?? 0;
      if (even.has(level) || !isEven(data, at, widthPx)) continue;
      even.add(level);
    }
  }
  return [...even].sort((a, b) => a - b);
}

function isEven(data: Uint16Array, at: number, widthPx: number): boolean {
  const level = data[at];
  for (let row = at - widthPx; row <= at + widthPx; row += widthPx) {
    if (data[row - 1] !== level || data[row] !== level || data[row + 1] !== level) return false;
  }
  return true;
}

function countLevels(data: Uint16Array): Uint32Array {
  const counts = new Uint32Array(ALL_LEVELS);
  for (const level of data) counts[level] = (counts[level] ?? 0) + 1;
  return counts;
}

/** 128 of 255, at 8 and 16 bits; fewer bits have no such level. */
function ignoredLevel(full: number): number | null {
  return full >= 255 ? (IGNORED_GREY * full) / 255 : null;
}
