import { describe, expect, test } from 'vitest';
import { previewWarnings, warningsOf } from '../../../src-renderer/screens/datasets/class-warnings.ts';
import { gather } from '../../../src-renderer/screens/datasets/gather.ts';
import {
  draftOf,
  EMPTY_DRAFT,
  isTaken,
  recipeOf,
} from '../../../src-renderer/screens/datasets/recipe-draft.ts';
import { DatasetRecipe } from '../../../src-main/contract/dataset.ts';
import { DatasetVersionId } from '../../../src-main/contract/ids.ts';
import { ExportForm, FORMAT_GROUPS } from '../../../src-renderer/screens/datasets/export-form.svelte.ts';
import { RecipeForm } from '../../../src-renderer/screens/datasets/recipe-form.svelte.ts';
import { ExportFormat } from '../../../src-main/contract/export.ts';
import { Datasets } from '../../../src-renderer/state/datasets.svelte.ts';
import { Segmentations } from '../../../src-renderer/state/segmentations.svelte.ts';
import { Toasts } from '../../../src-renderer/state/toasts.svelte.ts';
import { VersionDetail } from '../../../src-renderer/state/version-detail.svelte.ts';
import { ViewMemory } from '../../../src-renderer/state/view-memory.svelte.ts';
import { drawnImage } from '../../support/drawn-images.ts';
import { bitmapOf } from '../../support/masks.ts';
import { saveDrawn, startSegmented } from '../../support/segmented-service.ts';

const known = [
  { name: 'cat', isBackground: false },
  { name: 'dog', isBackground: false },
  { name: 'sky', isBackground: true },
];

describe('the recipe of a draft', () => {
  test('takes all but background, and is one that the contract takes', () => {
    const recipe = recipeOf({ ...EMPTY_DRAFT, segmentationIds: [] }, known);
    expect(recipe).toMatchObject({ concepts: null, maxAreaPx: null, classes: { ignore: [], rename: {} } });
    expect(DatasetRecipe.safeParse({ ...recipe, segmentationIds: [1] }).success).toBe(true);
  });

  test('leaves out what is not taken, and names all where background is', () => {
    const without = recipeOf({ ...EMPTY_DRAFT, taken: { dog: false } }, known);
    expect(without).toMatchObject({ concepts: null, classes: { ignore: ['dog'] } });
    const taken = { dog: false, sky: true };
    expect(recipeOf({ ...EMPTY_DRAFT, taken }, known).concepts).toEqual(['cat', 'sky']);
    expect(isTaken({ ...EMPTY_DRAFT, taken }, { name: 'sky', isBackground: true })).toBe(true);
  });

  test('has no rules for concepts that are not there any more, nor for names that are their own', () => {
    const rename = { cat: ' animal ', dog: 'dog', bird: 'animal' };
    const { classes } = recipeOf({ ...EMPTY_DRAFT, rename, taken: { bird: false } }, known);
    expect(classes).toEqual({ oneClass: null, rename: { cat: 'animal' }, ignore: [] });
  });

  test('leads back to the draft, so that another version can be made like it', () => {
    const drafts = [
      EMPTY_DRAFT,
      { ...EMPTY_DRAFT, taken: { dog: false, sky: true }, rename: { cat: 'pet' }, oneClass: 'thing' },
      { ...EMPTY_DRAFT, maxAreaPx: 90, trainPercent: 57, valPercent: 29, by: 'folder' as const },
    ];
    for (const draft of drafts) {
      const recipe = recipeOf(draft, known);
      const again = draftOf({ datasetName: 'pets', recipe });
      expect(again.name).toBe('pets');
      expect(recipeOf(again, known)).toEqual(recipe);
    }
    // Concepts that a command named are the only ones.
    const named = { ...recipeOf(EMPTY_DRAFT, known), concepts: ['cat'] };
    const draft = draftOf({ datasetName: 'pets', recipe: named });
    expect(known.filter((concept) => isTaken(draft, concept)).map(({ name }) => name)).toEqual(['cat']);
  });
});

async function openForm() {
  const bitmap = bitmapOf('........', '..###...', '..###...', '........');
  const drawn = [
    await drawnImage('a.png', [{ bitmap, className: 'cat' }]),
    await drawnImage('b.png', [{ bitmap, className: 'dog' }]),
  ];
  const running = startSegmented(drawn);
  const newer = saveDrawn(running, running.collection, drawn);
  const { client } = running;
  const toasts = new Toasts();
  const memory = new ViewMemory(client, {});
  const segmentations = new Segmentations(client, toasts, memory);
  const datasets = new Datasets(client, toasts);
  await segmentations.load();
  const studio = { client, memory, segmentations, datasets };
  const form = new RecipeForm(studio);
  form.settleSources();
  await form.readConcepts();
  return { ...running, studio, form, older: running.segmentationId, newer };
}

describe('a dataset that is composed', () => {
  test('starts with the newest segmentation, and has one of each collection', async () => {
    const { form, older, newer, studio } = await openForm();
    expect(form.draft.segmentationIds).toEqual([newer]);
    form.toggle(older);
    expect(form.draft.segmentationIds).toEqual([older]);
    form.set({ name: 'pets' });
    // Left and opened again, it is as it was.
    expect(new RecipeForm(studio).draft).toEqual(form.draft);
    form.toggle(older);
    form.settleSources();
    expect(form.draft.segmentationIds).toEqual([newer]);
  });

  test('is counted, frozen, shown and compared', async () => {
    const { form, studio, client } = await openForm();
    expect(form.canCreate).toBe(false);
    form.set({ name: 'pets', taken: { dog: false } });
    await form.count();
    expect(form.preview).toMatchObject({ images: 1, masks: 1, leftOut: { empty: 1 } });
    expect(form.canCreate).toBe(true);
    const one = await form.create();
    form.set({ taken: {} });
    const two = await form.create();
    expect(studio.datasets.newest?.id).toBe(two?.id);
    expect(studio.datasets.named(' pets ')?.versions).toHaveLength(2);

    const detail = new VersionDetail(client, two?.id ?? DatasetVersionId.parse(99));
    await detail.refresh();
    expect(detail.version?.classes.map(({ name }) => name)).toEqual(['cat', 'dog']);
    await detail.compare(one?.id);
    expect(detail.diff?.images).toMatchObject({ added: 1 });
    await detail.compare(undefined);
    expect(detail.diff).toBeUndefined();
  });

  test('that would be empty cannot be frozen, and says what it was refused for', async () => {
    const { form } = await openForm();
    form.set({ name: 'pets', minScore: 0.95 });
    await form.count();
    expect(form.canCreate).toBe(false);
    expect(await form.create()).toBeUndefined();
    expect(form.error?.message).toContain('would be empty');
  });

  test('shares out no more than there is', async () => {
    const { form } = await openForm();
    form.setSplit({ train: 90 });
    expect(form.draft).toMatchObject({ trainPercent: 90, valPercent: 10 });
    form.setSplit({ val: 5 });
    form.setSplit({ train: 60 });
    expect(form.recipe?.split).toMatchObject({ train: 0.6, val: 0.05, test: 0.35 });
  });
});

describe('an export that is composed', () => {
  test('offers every format once', () => {
    const offered = FORMAT_GROUPS.flatMap(({ formats }) => formats);
    expect(offered.toSorted()).toEqual(ExportFormat.options.toSorted());
  });

  test('suggests a free place until one is typed, and falls back to what a format allows', async () => {
    const { form, studio } = await openForm();
    form.set({ name: 'my pets' });
    const version = await form.create();
    const made = new ExportForm(studio, version?.id ?? DatasetVersionId.parse(99));
    await made.suggest();
    expect(made.path).toMatch(/my-pets-1-coco$/);
    made.chooseImages('reference');
    await made.chooseFormat('yolo');
    expect([made.images, made.hasPolygons]).toEqual(['copy', true]);
    expect(made.path).toMatch(/my-pets-1-yolo$/);
    made.chooseFolder('/data/');
    expect(made.path).toBe('/data/my-pets-1-yolo');
    await made.chooseFormat('sqlite');
    expect([made.path, made.images]).toEqual(['/data/my-pets-1-yolo', 'reference']);
    expect(new ExportForm(studio, DatasetVersionId.parse(1)).format).toBe('sqlite');
  });
});

describe('the classes of a dataset', () => {
  const counts = (number: number, train: number, val: number) => ({ number, train, val, test: 0 });
  const splits = {
    train: { images: 9, masks: 30 },
    val: { images: 3, masks: 9 },
    test: { images: 0, masks: 0 },
  };
  const version = {
    classes: ['cat', 'dog', 'bird'].map((name, at) => ({ number: at + 1, name, colour: '#000000' })),
    counts: { images: 12, masks: 39, splits, leftOut: { changed: 0, missing: 0, empty: 0, hidden: 0 } },
  };

  test('are warned of where they are rare, or missing in a split that has images', () => {
    const classes = [counts(1, 20, 5), counts(2, 9, 0), counts(3, 0, 0)];
    expect(warningsOf({ ...version, counts: { ...version.counts, classes } })).toEqual([
      { kind: 'rare', names: ['dog', 'bird'] },
      { kind: 'missing', split: 'val', names: ['dog'] },
    ]);
    // Versions of early builds say nothing of classes.
    expect(warningsOf({ ...version, counts: { ...version.counts, classes: [] } })).toEqual([]);
  });

  test('are counted together before freezing where several concepts become one', () => {
    const concept = (name: string, className: string | null, masks: number) => ({
      name,
      className,
      masks,
      colour: '#000000',
      isBackground: false,
      isLikelyBackground: false,
    });
    const concepts = [
      concept('cat', 'pet', 6),
      concept('dog', 'pet', 6),
      concept('bird', 'bird', 3),
      concept('sky', null, 2),
      concept('fish', 'fish', 0),
    ];
    expect(previewWarnings({ concepts })).toEqual([{ kind: 'rare', names: ['bird'] }]);
  });
});

test('pages that hold few items are read until there are enough', async () => {
  const pages = [[1], [], [2, 3], [4]];
  const read = (cursor: string | null) => {
    const at = Number(cursor ?? 0);
    const nextCursor = at + 1 < pages.length ? String(at + 1) : null;
    return Promise.resolve({ items: pages[at] ?? [], nextCursor });
  };
  expect(await gather(read, null, 2)).toEqual({ items: [1, 2, 3], nextCursor: '3' });
  expect(await gather(read, '3', 2)).toEqual({ items: [4], nextCursor: null });
});
