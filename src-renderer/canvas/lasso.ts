export type Place = { x: number; y: number };

/**
 * The points inside a line that is closed from its end to its start, by the even-odd rule.
 * @param places [n, 2]
 */
export function pointsInside(places: Float32Array, line: readonly Place[]): number[] {
  if (line.length < 3) return [];
  const [xs, ys] = [line.map(({ x }) => x), line.map(({ y }) => y)];
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  const inside: number[] = [];
  for (let point = 0; point * 2 < places.length; point++) {
    const [x, y] = [places[point * 2] ?? 0, places[point * 2 + 1] ?? 0];
    if (x < left || x > right || y < top || y > bottom) continue;
    if (isInside({ x, y }, xs, ys)) inside.push(point);
  }
  return inside;
}

function isInside({ x, y }: Place, xs: readonly number[], ys: readonly number[]): boolean {
  let isOdd = false;
  for (let to = 0, from = xs.length - 1; to < xs.length; from = to++) {
    const [fromY, toY] = [ys[from] ?? 0, ys[to] ?? 0];
    if (fromY > y === toY > y) continue;
    const [fromX, toX] = [xs[from] ?? 0, xs[to] ?? 0];
    if (x < fromX + ((toX - fromX) * (y - fromY)) / (toY - fromY)) isOdd = !isOdd;
  }
  return isOdd;
}

/** The point nearest to a place, within a distance; undefined if there is none. */
export function nearestPoint(places: Float32Array, { x, y }: Place, within: number): number | undefined {
  let [best, least] = [-1, within * within];
  for (let at = 0; at < places.length; at += 2) {
    const [dx, dy] = [(places[at] ?? 0) - x, (places[at + 1] ?? 0) - y];
    const squared = dx * dx + dy * dy;
    if (squared <= least) [best, least] = [at / 2, squared];
  }
  return best < 0 ? undefined : best;
}

export const DIRECTIONS = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
} as const;
export type Direction = keyof typeof DIRECTIONS;

/**
 * Where a key leads from a point: to the one that is nearest in that direction. What is to the side counts twice, and
 * points that are more to the side than ahead are not met.
 */
export function pointTowards(places: Float32Array, from: number, direction: Direction): number | undefined {
  const ahead = DIRECTIONS[direction];
  const [x, y] = [places[from * 2] ?? 0, places[from * 2 + 1] ?? 0];
  let [best, least] = [-1, Infinity];
  for (let at = 0; at < places.length; at += 2) {
    const [dx, dy] = [(places[at] ?? 0) - x, (places[at + 1] ?? 0) - y];
    const forward = dx * ahead.x + dy * ahead.y;
    const aside = Math.abs(dx * ahead.y) + Math.abs(dy * ahead.x);
    if (forward <= 0 || aside > forward) continue;
    const way = forward + 2 * aside;
    if (way < least) [best, least] = [at / 2, way];
  }
  return best < 0 ? undefined : best;
}
