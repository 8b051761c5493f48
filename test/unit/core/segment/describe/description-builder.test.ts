import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  DescriptionBuilder,
  keyOf,
  type DescribedRow,
} from '../../../../../src-main/core/segment/describe/description-builder.ts';
import {
  readDescriptions,
  writeDescriptions,
  type Descriptions,
} from '../../../../../src-main/core/segment/describe/description-file.ts';
import { LOOK_DIM } from '../../../../../src-main/core/segment/describe/raw-descriptors.ts';
import { RandomStream } from '../../../../../src-main/core/tensor/random.ts';
import { tempFolder } from '../../../../support/temp-folder.ts';

const FEATURES = 6;

/** An image with one mask, as measured. */
function image(id: number, features = FEATURES): Parameters<DescriptionBuilder['add']> {
  const random = new RandomStream(id);
  const width = LOOK_DIM + features;
  const rows: DescribedRow[] = [
    { maskId: 0, imageId: id, revision: 7, level: 0 },
    { maskId: 100 + id, imageId: id, revision: 1, level: 0 },
  ];
  return [rows, { width, values: Float32Array.from({ length: 2 * width }, () => random.normal()) }];
}

function build(ids: readonly number[], features = FEATURES): Descriptions {
  const builder = new DescriptionBuilder({ before: undefined, sampleImages: 4 });
  for (const id of ids) builder.add(...image(id, features));
  return builder.build() ?? expect.fail('nothing was built');
}

const row = ({ vectors, dim }: Descriptions, at: number) => [...vectors.subarray(at * dim, (at + 1) * dim)];

test('vectors have length 1, with and without features', () => {
  for (const features of [FEATURES, 0]) {
    const made = build([1, 2, 3, 4, 5, 6], features);
    expect(made.dim).toBe(LOOK_DIM + features);
    expect([...made.maskIds]).toEqual([0, 101, 0, 102, 0, 103, 0, 104, 0, 105, 0, 106]);
    for (let at = 0; at < 12; at++) expect(Math.hypot(...row(made, at))).toBeCloseTo(1, 5);
  }
});

test('what has not changed since is kept with its axes, what has changed or gone is not', () => {
  const before = build([1, 2, 3, 4, 5]);
  const builder = new DescriptionBuilder({ before, sampleImages: 4 });
  const wanted = new Map([
    [keyOf({ maskId: 101, imageId: 1 }), 1],
    [keyOf({ maskId: 102, imageId: 2 }), 2],
    [keyOf({ maskId: 0, imageId: 3 }), 7],
  ]);
  expect(builder.keep(before, wanted)).toEqual(new Set([101, -3]));
  builder.add(...image(9));
  const after = builder.build() ?? expect.fail('nothing was built');
  expect([...after.maskIds]).toEqual([101, 0, 0, 109]);
  expect([...after.imageIds]).toEqual([1, 3, 9, 9]);
  expect(row(after, 0)).toEqual(row(before, 1));
  expect(row(after, 1)).toEqual(row(before, 4));
  expect(after.model).toEqual(before.model);
});

test('descriptions are read as they were written, and those of another version are not', async () => {
  const file = join(tempFolder(), 'deeper', 'vectors');
  const made = build([1, 2]);
  await writeDescriptions(file, made);
  expect(await readDescriptions(file)).toEqual(made);
  writeFileSync(file, 'damaged');
  expect(await readDescriptions(file)).toBeUndefined();
  expect(await readDescriptions(`${file}-not-there`)).toBeUndefined();
});
