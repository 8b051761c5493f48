import { serialize } from 'node:v8';
import { expect, test } from 'vitest';
import { packMap, unpackMap, type LaidMap } from '../../../src-main/domain/laid-map.ts';

const points = {
  maskIds: new Int32Array([3, 4]),
  imageIds: new Int32Array([1, 2]),
  places: new Float32Array([0, 0.5, -1, 1]),
};
const map: LaidMap = { key: 'ab', describedAtMs: 1, laidOutAtMs: 2, objects: points, images: points };

test('a map comes back from its file, unless it is damaged or of another version', () => {
  expect(unpackMap(packMap(map))).toEqual(map);
  expect(unpackMap(packMap(map).subarray(0, 20))).toBeUndefined();
  expect(unpackMap(serialize({ version: 0, map }))).toBeUndefined();
});
