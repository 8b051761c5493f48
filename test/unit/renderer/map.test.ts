import { describe, expect, test } from 'vitest';
import { ConceptId, ImageId, MaskId } from '../../../src-main/contract/ids.ts';
import type { MapPoints } from '../../../src-main/contract/map.ts';
import { nearestPoint, pointsInside, pointTowards } from '../../../src-renderer/canvas/lasso.ts';
import {
  cloudOf,
  groupingOf,
  joined,
  NONE,
  OTHERS,
  pointsAgain,
} from '../../../src-renderer/screens/masks/map/map-groups.ts';

/** Points in a row, 0 to 4, and one above the middle. */
const PLACES = Float32Array.of(0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 2, -1);

describe('a line around points', () => {
  test('takes those inside, also of a line that bends inwards', () => {
    const square = [
      { x: 0.5, y: -0.5 },
      { x: 3.5, y: -0.5 },
      { x: 3.5, y: 0.5 },
      { x: 0.5, y: 0.5 },
    ];
    expect(pointsInside(PLACES, square)).toEqual([1, 2, 3]);
    // A notch from below reaches above the point in the middle.
    const notched = [
      ...square.slice(0, 3),
      { x: 2.2, y: 0.5 },
      { x: 2, y: -0.3 },
      { x: 1.8, y: 0.5 },
      ...square.slice(3),
    ];
    expect(pointsInside(PLACES, notched)).toEqual([1, 3]);
    expect(pointsInside(PLACES, square.slice(0, 2))).toEqual([]);
  });

  test('takes nothing that it leaves out by crossing itself', () => {
    // A bow tie that crosses itself at 2.1, 0: what is above and below of that is outside.
    const tie = [
      { x: 0.5, y: -2 },
      { x: 3.7, y: 2 },
      { x: 3.7, y: -2 },
      { x: 0.5, y: 2 },
    ];
    expect(pointsInside(PLACES, tie)).toEqual([1, 2, 3]);
  });
});

describe('a point', () => {
  test('is the nearest to a place, within a distance', () => {
    expect(nearestPoint(PLACES, { x: 1.2, y: 0.1 }, 0.5)).toBe(1);
    expect(nearestPoint(PLACES, { x: 1.5, y: 3 }, 0.5)).toBeUndefined();
    expect(nearestPoint(new Float32Array(), { x: 0, y: 0 }, Infinity)).toBeUndefined();
  });

  test('leads to the next one in the direction of a key', () => {
    expect(pointTowards(PLACES, 2, 'ArrowRight')).toBe(3);
    expect(pointTowards(PLACES, 2, 'ArrowLeft')).toBe(1);
    expect(pointTowards(PLACES, 2, 'ArrowUp')).toBe(5);
    expect(pointTowards(PLACES, 2, 'ArrowDown')).toBeUndefined();
    expect(pointTowards(PLACES, 4, 'ArrowRight')).toBeUndefined();
    expect(pointTowards(PLACES, 5, 'ArrowDown')).toBe(2);
  });
});

const concept = (id: number) => ConceptId.parse(id);

function page(facts: Partial<MapPoints>[]): MapPoints {
  const all = facts.map((fact, at) => ({
    maskIds: [MaskId.parse(at + 1)],
    imageIds: [ImageId.parse(at + 1)],
    x: [at / 10],
    y: [0],
    conceptIds: [null],
    reviews: ['pending' as const],
    scores: [0.5],
    splits: [null],
    ...fact,
  }));
  return {
    laidOutAtMs: 1,
    next: null,
    maskIds: all.flatMap(({ maskIds }) => maskIds),
    imageIds: all.flatMap(({ imageIds }) => imageIds),
    x: all.flatMap(({ x }) => x),
    y: all.flatMap(({ y }) => y),
    conceptIds: all.flatMap(({ conceptIds }) => conceptIds),
    reviews: all.flatMap(({ reviews }) => reviews),
    scores: all.flatMap(({ scores }) => scores),
    splits: all.flatMap(({ splits }) => splits),
  };
}

describe('the colours of a map', () => {
  test('are those that concepts count as, the commonest first, and grey for none', () => {
    const cloud = cloudOf([
      page([{ conceptIds: [concept(1)] }, { conceptIds: [concept(2)] }]),
      page([{ conceptIds: [concept(3)] }, { conceptIds: [null] }]),
    ]);
    expect([...cloud.places]).toEqual([0, 0, Math.fround(0.1), 0, 0, 0, Math.fround(0.1), 0]);
    const looks = new Map([
      [concept(1), { colour: '#010101', target: concept(1) }],
      [concept(2), { colour: '#020202', target: concept(2) }],
      // Merged into the second.
      [concept(3), { colour: '#030303', target: concept(2) }],
    ]);
    const { groups, of } = groupingOf(cloud, 'concept', looks);
    expect(groups.map(({ key, colour, count }) => [key, colour, count])).toEqual([
      ['2', '#020202', 2],
      ['1', '#010101', 1],
      [NONE, '#8f9197', 1],
    ]);
    expect([...of]).toEqual([1, 0, 0, 2]);
  });

  test('have a common one for concepts beyond what a palette holds', () => {
    const cloud = cloudOf([
      page(Array.from({ length: 300 }, (_, at) => ({ conceptIds: [concept(at + 1)] }))),
    ]);
    const { groups, of } = groupingOf(cloud, 'concept', new Map());
    expect(groups).toHaveLength(254);
    expect(groups.at(-1)).toMatchObject({ key: OTHERS, count: 47 });
    expect(of[299]).toBe(253);
  });

  test('say review, split and score, the last in fifths', () => {
    const cloud = cloudOf([
      page([
        { reviews: ['accepted'], splits: ['test'], scores: [1] },
        { reviews: ['rejected'], splits: ['train'], scores: [0.8] },
        { reviews: ['accepted'], splits: [null], scores: [0.1] },
      ]),
    ]);
    const keysOf = (by: 'review' | 'split' | 'score') =>
      groupingOf(cloud, by, new Map()).groups.map(({ key, count }) => [key, count]);
    expect(keysOf('review')).toEqual([
      ['accepted', 2],
      ['rejected', 1],
    ]);
    expect(keysOf('split')).toEqual([
      ['train', 1],
      ['test', 1],
      [NONE, 1],
    ]);
    expect(keysOf('score')).toEqual([
      ['4', 2],
      ['0', 1],
    ]);
    const colours = ['review', 'split', 'score'].flatMap((by) =>
      groupingOf(cloud, by as 'review', new Map()).groups.map(({ colour }) => colour),
    );
    expect(colours.every((colour) => /^#[0-9a-f]{6}$/.test(colour))).toBe(true);
  });
});

test('a selection follows its objects to another reading of the map, and has each once', () => {
  const before = cloudOf([page([{}, {}, {}, {}])]);
  const after = cloudOf([
    page([{ maskIds: [MaskId.parse(4)] }, { maskIds: [MaskId.parse(9)] }, { maskIds: [MaskId.parse(2)] }]),
  ]);
  expect(pointsAgain(before, [1, 2, 3], after)).toEqual([0, 2]);
  expect(pointsAgain(before, [], after)).toEqual([]);
  const images = cloudOf([page([{ maskIds: [0] }, { maskIds: [0] }])]);
  expect(pointsAgain(images, [1], images)).toEqual([1]);
  expect(joined([3, 1], [1, 2])).toEqual([3, 1, 2]);
});
