import { keypointsIn } from './yolo-pose.ts';

/** Where rows of YOLO have their score: before the coordinates, behind them, or nobody can say. */
export type ScorePlace = 'first' | 'last' | 'unknown';

/** By how much one place has to fit better than the other, as a share of the image. */
const MARGIN = 0.02;
/** An outline with at least this number of points has them close together. */
const DENSE_POINTS = 12;
/** Of the rows that say something, how many have to say the same. */
const AGREEMENT = 0.9;

/**
 * Finds where the rows of a whole folder have their score. Ultralytics writes it behind the polygon, others before it,
 * and a row has no name for it: read at the wrong end, each x is taken for a y. What is a coordinate is close to the
 * coordinates next to it, and what is a score usually is not. All rows of a folder were written by one program, so they have to agree.
 */
export class ScorePlaces {
  #first = 0;
  #last = 0;

  /** @param text content of a label file */
  add(text: string): void {
    for (const [, ...fields] of rowsOf(text)) {
      if (!keypointsIn(fields, null)) this.#addRow(fields.map(Number));
    }
  }

  get place(): ScorePlace {
    const votes = this.#first + this.#last;
    if (votes > 0 && this.#last >= votes * AGREEMENT) return 'last';
    return votes > 0 && this.#first >= votes * AGREEMENT ? 'first' : 'unknown';
  }

  /** Every other value of a polygon is of one axis: which end of the row continues it? */
  #addRow(values: readonly number[]): void {
    const [first, last] = [values[0] ?? NaN, values.at(-1) ?? NaN];
    if (values.length < 7 || values.length % 2 === 0) return;
    const axis = values.slice(1, -1).filter((_, at) => at % 2 === 1);
    const distance = axis.length >= DENSE_POINTS ? distanceToEnds : distanceToRange;
    const difference = distance(last, axis) - distance(first, axis);
    if (difference > MARGIN) this.#last++;
    if (difference < -MARGIN) this.#first++;
  }
}

/** The rows of a label file, split into their fields; the class is the first. */
export function rowsOf(text: string): string[][] {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n?|\n/);
  return lines.map((line) => line.trim().split(/[\s,]+/));
}

/** A polygon is closed: its first value comes next to its second and its last. */
function distanceToEnds(value: number, axis: readonly number[]): number {
  return Math.abs(value - (axis[0] ?? NaN)) + Math.abs(value - (axis.at(-1) ?? NaN));
}

function distanceToRange(value: number, axis: readonly number[]): number {
  return Math.max(Math.min(...axis) - value, value - Math.max(...axis), 0);
}
