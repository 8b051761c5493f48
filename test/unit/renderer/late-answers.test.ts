import { beforeEach, describe, expect, test, vi } from 'vitest';
import { DatasetRecipe } from '../../../src-main/contract/dataset.ts';
import type { ConceptId, ImageId, MaskId } from '../../../src-main/contract/ids.ts';
import { addMask, emptyBitmap } from '../../../src-renderer/canvas/column-bitmap.ts';
import { ConceptsView } from '../../../src-renderer/screens/concepts/concepts-view.svelte.ts';
import { ObjectList } from '../../../src-renderer/screens/concepts/object-list.svelte.ts';
import { LibraryView } from '../../../src-renderer/screens/library/library-view.svelte.ts';
import { ImageMasks } from '../../../src-renderer/screens/masks/image-masks.svelte.ts';
import { MapView } from '../../../src-renderer/screens/masks/map/map-view.svelte.ts';
import { MaskEditor } from '../../../src-renderer/screens/masks/mask-editor.svelte.ts';
import { MasksView } from '../../../src-renderer/screens/masks/masks-view.svelte.ts';
import { QueueView } from '../../../src-renderer/screens/masks/queue-view.svelte.ts';
import { Draft } from '../../../src-renderer/state/draft.svelte.ts';
import { PagedList } from '../../../src-renderer/state/paged-list.svelte.ts';
import { Studio } from '../../../src-renderer/state/studio.svelte.ts';
import { VersionDetail } from '../../../src-renderer/state/version-detail.svelte.ts';
import { drawnImage } from '../../support/drawn-images.ts';
import { holdAnswers } from '../../support/held-answers.ts';
import { bitmapOf } from '../../support/masks.ts';
import { startSegmented } from '../../support/segmented-service.ts';
import { tempFolder } from '../../support/temp-folder.ts';

let address = '';

beforeEach(() => {
  address = '#/library';
  const put = (_state: unknown, _title: string, next: string) => void (address = next);
  vi.stubGlobal('location', { get hash() { return address; } }); // prettier-ignore
  vi.stubGlobal('history', { pushState: put, replaceState: put });
  vi.stubGlobal('window', {});
  vi.stubGlobal('document', { documentElement: {} });
  return () => vi.unstubAllGlobals();
});

/** The studio over three images, each with a cat, a dog and an owl, and a service whose answers can be held back. */
async function open() {
  const masks = [
    { bitmap: bitmapOf('##......', '##......', '........', '........'), className: 'cat' },
    { bitmap: bitmapOf('........', '........', '######..', '........'), className: 'dog' },
    { bitmap: bitmapOf('.......#', '.......#', '........', '........'), className: 'owl' },
  ];
  const drawn = await Promise.all(['a.png', 'b.png', 'c.png'].map((name) => drawnImage(name, masks)));
  const running = startSegmented(drawn);
  const { segmentationId: id } = running;
  const { client, hold } = holdAnswers(running.client);
  const studio = await Studio.open(client);
  const { items } = await client.segmentations.galleryIds({ id });
  const [a, b, c] = items as [ImageId, ImageId, ImageId];
  const conceptIds = (await client.concepts.list({ id })).map((concept) => concept.id);
  const [cat, dog, owl] = conceptIds as [ConceptId, ConceptId, ConceptId];
  return { ...running, client, hold, studio, id, images: { a, b, c }, concepts: { cat, dog, owl } };
}

/** Lets what can go on do so. */
const soon = () => new Promise((resolve) => setTimeout(resolve, 10));

describe('what was selected while a bulk action was under way', () => {
  test('stays selected in the grid of images', async () => {
    const { studio, hold, images } = await open();
    const view = new MasksView(studio);
    view.selection.set([images.a]);
    const letThrough = hold('masks.reviewImages');
    const done = view.review('accepted');
    view.selection.toggle(images.b);
    letThrough();
    await done;
    expect([...view.selection.ids]).toEqual([images.b]);
  });

  test('stays selected in a list of objects', async () => {
    const { client, studio, hold, concepts } = await open();
    const list = new ObjectList(client, studio.toasts, (cursor, limit) =>
      client.concepts.masks({ id: concepts.cat, cursor, limit }),
    );
    await list.refresh();
    const [first, second] = list.ids as [MaskId, MaskId];
    list.choose(first, { isRange: false });
    const letThrough = hold('masks.review');
    const done = list.review('accepted');
    list.choose(second, { isRange: false });
    letThrough();
    await done;
    expect([...list.chosen]).toEqual([second]);
  });

  test('stays selected among concepts', async () => {
    const { studio, hold, concepts } = await open();
    const view = new ConceptsView(studio);
    await view.refresh();
    view.toggle(concepts.cat);
    view.toggle(concepts.dog);
    const letThrough = hold('concepts.update');
    const done = view.mergeChosen();
    await soon();
    view.toggle(concepts.owl);
    letThrough();
    await done;
    expect([...view.chosen]).toEqual([concepts.owl]);
  });

  test('stays selected on the map', async () => {
    const { studio, hold, id } = await open();
    const map = new MapView(studio, id, () => new Map());
    await map.load();
    map.choose([0, 1]);
    const letThrough = hold('masks.review');
    const done = map.review('accepted');
    map.choose([1, 2]);
    // An event came before the answer, and all points were read again.
    await map.load();
    letThrough();
    await done;
    expect(map.chosen).toEqual([2]);
  });
});

describe('a late answer', () => {
  test('to an earlier reading leads to another one, so that a list is never older than its last event', async () => {
    let count = 0;
    const first = Promise.withResolvers<undefined>();
    const list = new PagedList(async () => {
      const items = [++count];
      if (count === 1) await first.promise;
      return { items, nextCursor: null };
    });
    const reading = list.refresh();
    void list.refresh();
    void list.refresh();
    first.resolve(undefined);
    await reading;
    expect([list.items, count]).toEqual([[2], 2]);
  });

  test('about another version does not hide the difference that is shown', async () => {
    const { client, hold, id } = await open();
    const recipe = DatasetRecipe.parse({ segmentationIds: [id], reviews: ['pending'] });
    const made = async () => (await client.datasets.create({ name: 'birds', recipe })).id;
    const [one, two, three] = [await made(), await made(), await made()];
    const detail = new VersionDetail(client, three);
    const letThrough = hold('datasets.diff');
    const late = detail.compare(one);
    await detail.compare(two);
    letThrough();
    await late;
    expect(detail.diff).toBeDefined();
  });

  test('with the points of objects does not become the map of images', async () => {
    const { studio, hold, id } = await open();
    const map = new MapView(studio, id, () => new Map());
    await map.load();
    const letThrough = hold('maps.points');
    const loading = map.load();
    await soon();
    map.show({ map: 'images' });
    letThrough();
    await loading;
    await expect.poll(() => [map.of, map.cloud?.imageIds.length]).toEqual(['images', 3]);
  });

  test('to a new object does not end the stroke that was begun after it', async () => {
    const { client, studio, hold, id, images } = await open();
    const masks = new ImageMasks(client, studio.toasts, { id, imageId: images.a });
    await masks.load();
    const grid = () => ({ width: 8, height: 4 });
    const editor = new MaskEditor(masks, studio.memory, { grid, concepts: () => [] });
    editor.display.brushPx = 1;
    editor.startNew();
    editor.pressAt({ x: 4.5, y: 0.5 });
    const letThrough = hold('masks.create');
    const made = editor.release();
    editor.pressAt({ x: 0.5, y: 0.5 });
    letThrough();
    await made;
    expect(editor.draft).toBeDefined();
  });

  test('about the first of several objects does not overwrite a stroke on the next one', async () => {
    const { client, studio, hold, id, images } = await open();
    const masks = new ImageMasks(client, studio.toasts, { id, imageId: images.a });
    await masks.load();
    const grid = () => ({ width: 8, height: 4 });
    const editor = new MaskEditor(masks, studio.memory, { grid, concepts: () => [] });
    editor.choice.chooseAll();
    const letThrough = hold('masks.edit');
    const grown = editor.changeShape('grow');
    await soon();
    const last = editor.choice.objects.at(-1) ?? expect.fail('no object');
    const bitmap = emptyBitmap(8, 4);
    addMask(bitmap, last.counts);
    // It has grown already: a stroke would go on from there.
    expect(bitmap.data.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(last.areaPx);
    letThrough();
    await grown;
  });

  test('to a refused name leaves what was typed after it', () => {
    const draft = new Draft(() => 'cat');
    draft.text = 'dog';
    const refused = draft.text;
    draft.text = 'doge';
    draft.reset(refused);
    expect(draft.text).toBe('doge');
    draft.reset();
    expect(draft.text).toBe('cat');
  });
});

describe('keys that are pressed faster than the service answers', () => {
  test('lead through the queue one object each', async () => {
    const { studio, hold, id } = await open();
    const queue = new QueueView(studio, id, () => undefined);
    await queue.open();
    const letThrough = hold('reviewQueue.get');
    const turns = [queue.turn(1), queue.turn(1)];
    letThrough();
    await Promise.all(turns);
    expect(queue.walk?.position).toBe(3);
  });
});

describe('who goes elsewhere while something is made', () => {
  test('is not called back to a new collection', async () => {
    const { studio, hold } = await open();
    const view = new LibraryView(studio);
    view.settleAddress();
    const letThrough = hold('collections.add');
    const added = view.add([tempFolder()]);
    studio.navigation.go('pretrain', 'new');
    letThrough();
    await added;
    expect(address).toBe('#/pretrain/new');
    const letSecondThrough = hold('collections.add');
    const second = view.add([tempFolder()]);
    letSecondThrough();
    await second;
    expect(address).toMatch(/^#\/library\/\d+$/);
  });

  test('is not called back to a merged concept', async () => {
    const { studio, hold, concepts } = await open();
    const view = new ConceptsView(studio);
    await view.refresh();
    view.show(concepts.cat);
    const letThrough = hold('concepts.update');
    const merged = view.merge([concepts.cat], concepts.dog);
    view.show(concepts.owl);
    letThrough();
    await merged;
    expect(view.current?.id).toBe(concepts.owl);
  });
});
