import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { ContentHash } from '../../../src-main/contract/ids.ts';
import { SegmentSettings } from '../../../src-main/contract/segmentation.ts';
import { shardOf, type RecipeFacts, type ShardImage } from '../../../src-main/domain/recipe.ts';
import { RecipeFile, writeRecipeFile } from '../../../src-main/store/recipe-file.ts';
import { ShardFile, writeShardFile } from '../../../src-main/store/shard-file.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const hashOf = (digit: string) => ContentHash.parse(digit.repeat(64));

const FACTS: RecipeFacts = {
  id: hashOf('a'),
  appVersion: '1.0.0',
  settings: SegmentSettings.parse({}),
  device: 'onnx:cpu',
  limits: { maxPixels: 1_000_000, maxFileBytes: 2_000_000 },
  brightness: { setting: { kind: 'automatic' }, measured: { 'tiff uint16': { from: 1, to: 9 } } },
  model: null,
  name: 'birds, cut',
  collection: 'birds',
  rootPath: '/photos/birds',
  foreground: {
    way: 'no-encoder',
    agreement: null,
    imageCount: 0,
    from: null,
    taughtBy: [],
    hasThingMetric: false,
  },
  shardCount: 2,
  imageCount: 2,
  createdAtMs: 5,
};
const SIZE = { sizeBytes: 10, widthPx: 4, heightPx: 3 };
const IMAGES = [
  { contentHash: hashOf('1'), relPath: 'a.jpg', pathBytes: null, ...SIZE },
  {
    contentHash: hashOf('2'),
    relPath: '\ufffd.jpg',
    pathBytes: Uint8Array.of(255, 46, 106, 112, 103),
    ...SIZE,
  },
];

const recipeAt = async (path: string) => {
  await writeRecipeFile(path, { facts: FACTS, learned: Uint8Array.of(1, 2, 3), images: IMAGES });
  return path;
};

test('a recipe is read as it was written, names that are not valid UTF-8 included', async () => {
  using recipe = new RecipeFile(await recipeAt(join(tempFolder(), 'a.recipe')));
  expect(recipe.facts).toEqual(FACTS);
  expect([...recipe.learned()]).toEqual([1, 2, 3]);
  const images = [...recipe.images()].map(({ pathBytes, ...image }) => ({
    ...image,
    pathBytes: pathBytes && Uint8Array.from(pathBytes),
  }));
  expect(images).toEqual(IMAGES.map((image, position) => ({ position, ...image })));
});

test('a shard is read as it was written, its masks in their order', async () => {
  const path = join(tempFolder(), 'shard.sqlite');
  const shape = { gridWidth: 4, gridHeight: 3, rle: Buffer.from('05') };
  const mask = {
    level: 0,
    score: 1 / 3,
    concept: 2,
    box: { x: 0, y: 0, width: 4, height: 3 },
    areaPx: 7,
    shape,
  };
  const images: ShardImage[] = [
    {
      contentHash: hashOf('1'),
      relPath: 'a.jpg',
      problem: null,
      masks: [mask, { ...mask, score: 1, concept: null }],
    },
    { contentHash: hashOf('2'), relPath: 'b.jpg', problem: 'It is damaged.', masks: [] },
  ];
  const facts = {
    recipeId: FACTS.id,
    appVersion: '1.0.0',
    place: { index: 1, count: 2 },
    device: 'onnx:cpu',
    finishedAtMs: 9,
  };
  const written = await writeShardFile(path, {
    facts,
    images: (async function* () {
      yield* await Promise.resolve(images);
    })(),
  });
  expect(written.maskCount).toBe(2);
  using shard = new ShardFile(path);
  expect(shard.facts).toEqual(facts);
  expect([...shard.images()]).toEqual(images);
});

test('another file, or one of another version, is refused and says what it should be', async () => {
  const folder = tempFolder();
  const path = await recipeAt(join(folder, 'a.recipe'));
  expect(() => new ShardFile(path)).toThrow('is not a shard of a segmentation');
  const text = join(folder, 'text');
  writeFileSync(text, 'no database '.repeat(1_000));
  expect(() => new RecipeFile(text)).toThrow('is not a recipe of a segmentation');
  expect(() => new RecipeFile(join(folder, 'none'))).toThrow('There is no file or folder');
  const db = new Database(path);
  db.pragma('user_version = 7');
  db.close();
  expect(() => new RecipeFile(path)).toThrow('another format (version 7; this app knows 1)');
});

test('a file that could not be written whole leaves nothing', async () => {
  const folder = tempFolder();
  const twice = [...IMAGES, ...IMAGES];
  const writing = writeRecipeFile(join(folder, 'a.recipe'), {
    facts: FACTS,
    learned: Buffer.of(),
    images: twice,
  });
  await expect(writing).rejects.toThrow('UNIQUE');
  expect(readdirSync(folder)).toEqual([]);
  const path = await recipeAt(join(folder, 'b.recipe'));
  expect(existsSync(path)).toBe(true);
  expect(readdirSync(folder)).toEqual(['b.recipe']);
});

test('every image belongs to one shard, and the sizes of shards differ by one', () => {
  const sizes = Array.from({ length: 7 }, (_, index) =>
    Array.from({ length: 100 }, (__, position) => shardOf(position, 7)).filter((shard) => shard === index),
  ).map(({ length }) => length);
  expect(sizes).toEqual([15, 15, 14, 14, 14, 14, 14]);
});

test('what has the name of a file in the making stays as it is', async () => {
  const path = join(tempFolder(), 'a.recipe');
  writeFileSync(`${path}.partial`, 'mine');
  await recipeAt(path);
  expect(readFileSync(`${path}.partial`, 'utf8')).toBe('mine');
});

test('a name that leads to nothing is that of no shard', () => {
  const path = join(tempFolder(), 'circle');
  symlinkSync('circle', path);
  for (const wrong of [path, join(path, 'x'), join(tempFolder(), 'n'.repeat(300))])
    expect(() => new ShardFile(wrong)).toThrow('There is no file or folder');
});
