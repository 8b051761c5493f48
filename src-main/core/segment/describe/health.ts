import { nearestOfEach, type NeighbourLists, type Watch } from './neighbour-lists.ts';
import type { VectorTable } from './nearest.ts';

/** An object that is looked at. */
export type HealthObject = {
  /** Of its vector. */
  row: number;
  maskId: number;
  imageId: number;
  /** Number of the concept; 0 for none. */
  concept: number;
  score: number;
  /** Left, top, width and height. */
  box: readonly [number, number, number, number];
};
/** An object whose neighbours have another concept. `suspicion`: their share of all that have one. */
type WrongConcept = { maskId: number; concept: number; suspicion: number };
/** An object that scores less than those like it, by that much. */
type WrongOutline = { maskId: number; suspicion: number };
/** Two objects of different concepts that look the same, or are in the same place of an image. */
type DoubleObject = { maskIds: readonly [number, number]; similarity: number };
/** What is probably wrong, the surest first. */
export type Health = { concepts: WrongConcept[]; outlines: WrongOutline[]; doubles: DoubleObject[] };

const NEIGHBOURS = 12;
/** Objects before others get their turn. */
const LOOKED_AT_ONCE = 2_000;
/** How fast a neighbour counts less as it looks less alike. */
const SHARPNESS = 6;
/** From this share of the neighbours on, another concept is likelier than the one that an object has. */
const IS_OTHER = 0.5;
/** What the suspicion of an outline is made of. */
const OUTLINE = { concept: 0.7, neighbours: 0.3, unlike: 0.3 };
/** Objects that score so much less than those like them are shown. */
const IS_LOWER = 0.1;
/** Of vectors with an encoder's features, and of those of colour and outline only, which have few numbers. */
const IS_SAME = { features: 0.97, look: 0.995 };
const LOOK_DIM = 13;
/** Boxes that share so much of what they cover are of one thing. */
const IS_SAME_PLACE = 0.8;

/** Looks for objects with a wrong concept or outline, and for objects under two concepts. */
export async function checkHealth(
  table: VectorTable,
  objects: readonly HealthObject[],
  watch: Watch = {},
): Promise<Health> {
  const rows = Int32Array.from(objects, ({ row }) => row);
  const lists = await nearestOfEach(table, rows, { limit: NEIGHBOURS, ...watch });
  const [concepts, outlines] = [
    await wrongConcepts(objects, lists, watch),
    await wrongOutlines(objects, lists, watch),
  ];
  const isSame = table.dim > LOOK_DIM ? IS_SAME.features : IS_SAME.look;
  const found = await doubles(objects, { lists, isSame }, watch);
  return {
    concepts: concepts.sort((a, b) => b.suspicion - a.suspicion || a.maskId - b.maskId),
    outlines: outlines.sort((a, b) => b.suspicion - a.suspicion || a.maskId - b.maskId),
    doubles: found.sort((a, b) => b.similarity - a.similarity || a.maskIds[0] - b.maskIds[0]),
  };
}

/** Looks at one object after the other, with a turn for others every few milliseconds. */
async function each(
  objects: readonly HealthObject[],
  { signal }: Watch,
  look: (object: HealthObject, place: number) => void,
): Promise<void> {
  for (const [place, object] of objects.entries()) {
    if (place % LOOKED_AT_ONCE === 0) {
      await new Promise(setImmediate);
      signal?.throwIfAborted();
    }
    look(object, place);
  }
}

type Neighbour = { object: HealthObject; similarity: number };

function* neighboursOf(
  objects: readonly HealthObject[],
  { limit, places, similarities }: NeighbourLists,
  place: number,
): Generator<Neighbour> {
  for (let at = place * limit; at < (place + 1) * limit; at++) {
    const object = objects[places[at] ?? -1];
    if (object) yield { object, similarity: similarities[at] ?? 0 };
  }
}

async function wrongConcepts(
  objects: readonly HealthObject[],
  lists: NeighbourLists,
  watch: Watch,
): Promise<WrongConcept[]> {
  const found: WrongConcept[] = [];
  await each(objects, watch, ({ maskId, concept }, place) => {
    if (concept === 0) return;
    const votes = new Map<number, number>();
    let sum = 0;
    for (const { object, similarity } of neighboursOf(objects, lists, place)) {
      if (object.concept === 0) continue;
      const vote = Math.exp(SHARPNESS * (similarity - 1));
      votes.set(object.concept, (votes.get(object.concept) ?? 0) + vote);
      sum += vote;
    }
    const [other, vote] = [...votes].reduce((one, next) => (next[1] > one[1] ? next : one), [concept, 0]);
    const suspicion = vote / Math.max(sum, 1e-12);
    if (other !== concept && suspicion >= IS_OTHER) found.push({ maskId, concept: other, suspicion });
  });
  return found;
}

/** By how the objects of its concept score, and those like it; a bad outline also makes an object look like no other. */
async function wrongOutlines(
  objects: readonly HealthObject[],
  lists: NeighbourLists,
  watch: Watch,
): Promise<WrongOutline[]> {
  const ofConcept = new Map<number, number[]>();
  for (const { concept, score } of objects) {
    const scores = ofConcept.get(concept);
    if (scores) scores.push(score);
    else ofConcept.set(concept, [score]);
  }
  const usual = new Map([...ofConcept].map(([concept, scores]) => [concept, median(scores)]));
  const near: ({ score: number; likeness: number } | null)[] = [];
  await each(objects, watch, (_, place) => {
    const some = [...neighboursOf(objects, lists, place)];
    const score = median(some.map(({ object }) => object.score));
    near.push(some.length === 0 ? null : { score, likeness: median(some.map((one) => one.similarity)) });
  });
  const usualLikeness = median(near.flatMap((one) => (one ? [one.likeness] : [])));
  return objects.flatMap(({ maskId, concept, score }, place) => {
    const others = near[place];
    if (!others) return [];
    const suspicion =
      OUTLINE.concept * ((usual.get(concept) ?? 0) - score) +
      OUTLINE.neighbours * (others.score - score) +
      OUTLINE.unlike * (usualLikeness - others.likeness);
    return suspicion < IS_LOWER ? [] : [{ maskId, suspicion }];
  });
}

async function doubles(
  objects: readonly HealthObject[],
  { lists, isSame }: { lists: NeighbourLists; isSame: number },
  watch: Watch,
): Promise<DoubleObject[]> {
  const found = new Map<string, DoubleObject>();
  const add = (a: HealthObject, b: HealthObject, similarity: number) => {
    if (a.concept === b.concept || a.concept === 0 || b.concept === 0) return;
    const maskIds = [Math.min(a.maskId, b.maskId), Math.max(a.maskId, b.maskId)] as const;
    const key = maskIds.join();
    if ((found.get(key)?.similarity ?? -1) < similarity) found.set(key, { maskIds, similarity });
  };
  const ofImage = new Map<number, HealthObject[]>();
  await each(objects, watch, (object, place) => {
    for (const neighbour of neighboursOf(objects, lists, place))
      if (neighbour.similarity >= isSame) add(object, neighbour.object, neighbour.similarity);
    const others = ofImage.get(object.imageId);
    for (const other of others ?? []) {
      const shared = overlap(object.box, other.box);
      if (shared >= IS_SAME_PLACE) add(object, other, shared);
    }
    if (others) others.push(object);
    else ofImage.set(object.imageId, [object]);
  });
  return [...found.values()];
}

/** IoU of two boxes. */
function overlap(a: HealthObject['box'], b: HealthObject['box']): number {
  const shared = (one: number, length: number, other: number, otherLength: number) =>
    Math.max(0, Math.min(one + length, other + otherLength) - Math.max(one, other));
  const both = shared(a[0], a[2], b[0], b[2]) * shared(a[1], a[3], b[1], b[3]);
  return both / (a[2] * a[3] + b[2] * b[3] - both);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}
