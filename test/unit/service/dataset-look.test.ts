import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { DatasetRecipe } from '../../../src-main/contract/dataset.ts';
import { Measure } from '../../../src-main/contract/mask-measure.ts';
import { drawnImage } from '../../support/drawn-images.ts';
import { bitmapOf } from '../../support/masks.ts';
import { startSegmented } from '../../support/segmented-service.ts';

const large = bitmapOf('########', '########', '########', '........', '........', '........');
const small = bitmapOf('........', '........', '........', '........', '......##', '......##');

test('shows what a recipe would take before it is frozen, measured as the version is afterwards', async () => {
  const running = startSegmented([
    await drawnImage('a.png', [
      { bitmap: large, className: 'cat', score: 0.95 },
      { bitmap: small, className: 'dog', score: 0.2 },
    ]),
    await drawnImage('b.png', [
      { bitmap: large, className: 'background', score: 0.8 },
      { bitmap: small, className: 'dog', score: 0.7 },
    ]),
    await drawnImage('c.png', [{ bitmap: small, className: 'dog', score: 0.6, review: 'rejected' }]),
  ]);
  const { client } = running;
  const recipe = DatasetRecipe.parse({
    segmentationIds: [running.segmentationId],
    classes: { rename: { dog: 'animal' } },
  });
  // A page holds what is on one image, and the last one may be empty.
  const found = async (part: object = {}) => {
    const all: string[] = [];
    for (let cursor: string | null = null, pages = 0; pages <= 4; pages++) {
      const page: Awaited<ReturnType<typeof client.datasets.candidates>> = await client.datasets.candidates({
        recipe,
        ...part,
        cursor,
        limit: 1,
      });
      all.push(...page.items.map(({ relPath, className }) => `${relPath} ${className}`));
      if (page.nextCursor === null) return all;
      cursor = page.nextCursor;
    }
    return expect.fail('the pages do not end');
  };
  expect(await found()).toEqual(['a.png cat', 'a.png animal', 'b.png animal']);
  expect(await found({ className: 'animal' })).toEqual(['a.png animal', 'b.png animal']);
  expect(await found({ bar: { measure: 'score', bin: 7 } })).toEqual(['b.png animal']);
  // The small ones are at the right.
  expect(await found({ bar: { measure: 'across', bin: 8 } })).toEqual(['a.png animal', 'b.png animal']);

  const before = await client.datasets.candidateHistograms({ recipe });
  expect(before.bars.score).toEqual([0, 0, 1, 0, 0, 0, 0, 1, 0, 1]);
  expect(before.bars.brightness).toEqual([0, 0, 0, 0, 0, 3, 0, 0, 0, 0]);
  const version = await client.datasets.create({ name: 'pets', recipe });
  expect(await client.datasets.histograms({ id: version.id })).toEqual(before);
  for (const measure of Measure.options)
    expect(before.bars[measure].reduce((sum, count) => sum + count, 0)).toBe(version.counts.masks);
  const page = await client.datasets.contents({
    id: version.id,
    bar: { measure: 'score', bin: 7 },
    cursor: null,
  });
  expect(page.items.map(({ relPath }) => relPath)).toEqual(['b.png']);
});

test('masks of images whose brightness is not measured are counted separately, until a scan has measured it', async () => {
  const running = startSegmented([
    await drawnImage('dark.png', [{ bitmap: large, className: 'cat', score: 0.9 }]),
    await drawnImage('old.png', [
      { bitmap: large, className: 'cat', score: 0.9 },
      { bitmap: small, className: 'cat', score: 0.9 },
    ]),
  ]);
  const { client, service } = running;
  const db = new Database(service.layout.database);
  onTestFinished(() => void db.close());
  const measure = db.prepare('UPDATE images SET brightness = ? WHERE rel_path = ?');
  measure.run(0.15, 'dark.png');
  measure.run(null, 'old.png');
  const recipe = DatasetRecipe.parse({ segmentationIds: [running.segmentationId] });
  const candidates = await client.datasets.candidateHistograms({ recipe });
  const dark = [0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
  expect(candidates.bars.brightness).toEqual(dark);
  expect(candidates.withoutBrightness).toBe(2);

  const { id } = await client.datasets.create({ name: 'pets', recipe });
  expect(await client.datasets.histograms({ id })).toEqual(candidates);
  // Of a version that was frozen before, what a later scan measured counts.
  measure.run(0.95, 'old.png');
  const after = await client.datasets.histograms({ id });
  expect(after.bars.brightness).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
  expect(after.withoutBrightness).toBe(0);
  const bright = await client.datasets.contents({ id, bar: { measure: 'brightness', bin: 9 }, cursor: null });
  expect(bright.items.map(({ relPath }) => relPath)).toEqual(['old.png', 'old.png']);
  // What was measured when it was frozen stays.
  measure.run(0.5, 'dark.png');
  expect((await client.datasets.histograms({ id })).bars.brightness[1]).toBe(1);
});
