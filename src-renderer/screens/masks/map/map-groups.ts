import { z } from 'zod';
import type { ConceptId } from '../../../../src-main/contract/ids.ts';
import { HEAT_COLOURS } from '../../../../src-main/contract/heat-colours.ts';
import { Split } from '../../../../src-main/contract/dataset.ts';
import { ReviewState } from '../../../../src-main/contract/mask.ts';
import type { Concept } from '../../../../src-main/contract/segmentation.ts';
import type { MapPoints } from '../../../../src-main/contract/map.ts';

/** What points are coloured by. */
export const MapColour = z.enum(['concept', 'review', 'score', 'split']);
export type MapColour = z.infer<typeof MapColour>;

/** All points of a map. */
export type Cloud = Omit<MapPoints, 'laidOutAtMs' | 'next' | 'x' | 'y'> & {
  /** [n, 2] in -1..1. */
  places: Float32Array;
};

/** Points of one colour. */
type PointGroup = { key: string; colour: string; count: number };
/** `of` [n] is the number of each point's group. */
export type Grouping = { groups: PointGroup[]; of: Uint8Array };

/** What is known of concepts. */
export type ConceptLook = { colour: string; target: ConceptId };

/** Groups that have a colour; those beyond share the last one. */
const MAX_GROUPS = 255;
export const NONE = 'none';
export const OTHERS = 'others';
const GREY = '#8f9197';

/** On the dark ground that points are drawn on in both themes. */
const REVIEW_COLOURS: Record<ReviewState, string> = {
  pending: GREY,
  accepted: '#6fcb90',
  edited: '#6ea8ff',
  rejected: '#f3776e',
};
const SPLIT_COLOURS: Record<Split, string> = { train: '#57c4d2', val: '#e6b868', test: '#d68be8' };
/** Fifths of the scores from 0 to 1, without the darkest colours. */
const SCORE_COLOURS = HEAT_COLOURS.slice(3, 8);

/** Puts the pages of a map together. */
export function cloudOf(pages: readonly MapPoints[]): Cloud {
  const count = pages.reduce((sum, { x }) => sum + x.length, 0);
  const places = new Float32Array(count * 2);
  let at = 0;
  for (const { x, y } of pages)
    for (let row = 0; row < x.length; row++, at += 2) places.set([x[row] ?? 0, y[row] ?? 0], at);
  return {
    places,
    maskIds: pages.flatMap(({ maskIds }) => maskIds),
    imageIds: pages.flatMap(({ imageIds }) => imageIds),
    conceptIds: pages.flatMap(({ conceptIds }) => conceptIds),
    reviews: pages.flatMap(({ reviews }) => reviews),
    scores: pages.flatMap(({ scores }) => scores),
    splits: pages.flatMap(({ splits }) => splits),
  };
}

/** Points of two selections, each once. */
export function joined(some: readonly number[], others: readonly number[]): number[] {
  return [...new Set([...some, ...others])];
}

/** Where the objects or images of some points are in another reading of the map, as far as they still are. */
export function pointsAgain(before: Cloud, points: readonly number[], cloud: Cloud): number[] {
  // Objects have numbers above 0; an image has that of itself.
  const keyOf = ({ maskIds, imageIds }: Cloud, point: number) =>
    maskIds[point] === 0 ? imageIds[point] : maskIds[point];
  if (points.length === 0) return [];
  const wanted = new Set(points.map((point) => keyOf(before, point)));
  return [...cloud.imageIds.keys()].filter((point) => wanted.has(keyOf(cloud, point)));
}

/** What concepts look like on a map, by their ids. */
export function looksOf(concepts: readonly Concept[]): ReadonlyMap<ConceptId, ConceptLook> {
  return new Map(concepts.map(({ id, mergedInto, colour }) => [id, { colour, target: mergedInto ?? id }]));
}

/** Divides points by what they are coloured by; groups without points are left out. */
export function groupingOf(
  cloud: Cloud,
  by: MapColour,
  concepts: ReadonlyMap<ConceptId, ConceptLook>,
): Grouping {
  switch (by) {
    case 'concept':
      return byConcept(cloud, concepts);
    case 'review':
      return counted(cloud.reviews, [...ReviewState.options], (key) => REVIEW_COLOURS[key]);
    case 'split': {
      const keys = cloud.splits.map((split) => split ?? NONE);
      return counted(keys, [...Split.options, NONE], (key) => (key === NONE ? GREY : SPLIT_COLOURS[key]));
    }
    case 'score': {
      const fifths = cloud.scores.map((score) => String(Math.min(4, Math.floor(score * 5))));
      return counted(fifths, ['4', '3', '2', '1', '0'], (key) => SCORE_COLOURS[Number(key)] ?? GREY);
    }
  }
}

/** The commonest concepts first, then objects without one. */
function byConcept(cloud: Cloud, concepts: ReadonlyMap<ConceptId, ConceptLook>): Grouping {
  const keyOf = (id: ConceptId | null): string =>
    id === null ? NONE : String(concepts.get(id)?.target ?? id);
  const keys = cloud.conceptIds.map(keyOf);
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  const common = [...counts.keys()]
    .filter((key) => key !== NONE)
    .sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0) || Number(a) - Number(b));
  const shown = new Set(common.slice(0, MAX_GROUPS - 2));
  const colours = new Map([...concepts].map(([id, { colour }]) => [String(id), colour]));
  return counted(
    keys.map((key) => (key === NONE || shown.has(key) ? key : OTHERS)),
    [...shown, OTHERS, NONE],
    (key) => colours.get(key) ?? GREY,
  );
}

function counted<K extends string>(
  keys: readonly K[],
  order: readonly K[],
  colourOf: (key: K) => string,
): Grouping {
  const counts = new Map<K, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  const present = order.filter((key) => counts.has(key));
  const numbers = new Map(present.map((key, at) => [key, at]));
  return {
    groups: present.map((key) => ({ key, colour: colourOf(key), count: counts.get(key) ?? 0 })),
    of: Uint8Array.from(keys, (key) => numbers.get(key) ?? 0),
  };
}
