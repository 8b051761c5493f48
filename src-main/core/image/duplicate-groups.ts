import type { Grade, LookAlike } from './look-alike.ts';

/** What decides which image of a group is kept. */
export type Candidate = { widthPx: number; heightPx: number; sharpness: number; sizeBytes: number };
/** Images that look alike, by their places in a list, the best first. */
export type Group = { grade: Grade; members: number[] };

/** Sizes that differ by less count as equal: then the sharper image is the better one. */
const SAME_SIZE = 0.02;

/**
 * Groups of images that look alike: of the same picture, and of similar ones, in which the first are contained.
 * @param pairs of places in `images`
 */
export function duplicateGroups(images: readonly Candidate[], pairs: readonly LookAlike[]): Group[] {
  const ofGrade = (grade: Grade, grades: readonly Grade[]): Group[] => {
    const joined = pairs.filter((pair) => grades.includes(pair.grade));
    return joinedPlaces(images.length, joined).map((members) => ({
      grade,
      members: members.sort((a, b) => better(images[a], images[b]) || a - b),
    }));
  };
  const same = ofGrade('same', ['same']);
  const sameSizes = new Map(same.map(({ members }) => [Math.min(...members), members.length]));
  // A group in which all are the same picture is not listed twice.
  const similar = ofGrade('similar', ['same', 'similar']).filter(
    ({ members }) => sameSizes.get(Math.min(...members)) !== members.length,
  );
  return [...same, ...similar];
}

/** Negative if the first is the better one: larger, else sharper, else with more bytes. */
function better(a: Candidate | undefined, b: Candidate | undefined): number {
  if (!a || !b) return 0;
  const [sizeA, sizeB] = [a.widthPx * a.heightPx, b.widthPx * b.heightPx];
  if (Math.abs(sizeA - sizeB) > SAME_SIZE * Math.max(sizeA, sizeB)) return sizeB - sizeA;
  return b.sharpness - a.sharpness || b.sizeBytes - a.sizeBytes;
}

function joinedPlaces(count: number, pairs: readonly LookAlike[]): number[][] {
  const parents = Int32Array.from({ length: count }, (_, at) => at);
  const rootOf = (at: number): number => {
    let root = at;
    while (parents[root] !== root) root = parents[root] ?? root;
    parents[at] = root;
    return root;
  };
  for (const { a, b } of pairs) {
    const [one, other] = [rootOf(a), rootOf(b)];
    parents[Math.max(one, other)] = Math.min(one, other);
  }
  const members = new Map<number, number[]>();
  for (const at of new Set(pairs.flatMap(({ a, b }) => [a, b]))) {
    const root = rootOf(at);
    members.set(root, [...(members.get(root) ?? []), at]);
  }
  return [...members.values()];
}
