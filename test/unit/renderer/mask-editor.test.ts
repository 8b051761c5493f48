import { describe, expect, test } from 'vitest';
import { ConceptId, ImageId, MaskId } from '../../../src-main/contract/ids.ts';
import type { ShapedMask } from '../../../src-main/contract/segmentation.ts';
import { addMask, emptyBitmap } from '../../../src-renderer/canvas/column-bitmap.ts';
import {
  ANY,
  fromAddress,
  isNarrow,
  toAddress,
  toQuery,
} from '../../../src-renderer/screens/masks/gallery-filter.ts';
import { ImageMasks } from '../../../src-renderer/screens/masks/image-masks.svelte.ts';
import { groupsOf, levelsOf } from '../../../src-renderer/screens/masks/levels.ts';
import { tileReview } from '../../../src-renderer/screens/masks/tile-review.ts';
import { KeyPen } from '../../../src-renderer/screens/masks/key-pen.svelte.ts';
import { MaskEditor, type EditorHint } from '../../../src-renderer/screens/masks/mask-editor.svelte.ts';
import { Selection } from '../../../src-renderer/state/selection.svelte.ts';
import { Toasts } from '../../../src-renderer/state/toasts.svelte.ts';
import { ViewMemory } from '../../../src-renderer/state/view-memory.svelte.ts';
import { drawnImage } from '../../support/drawn-images.ts';
import { bitmapOf } from '../../support/masks.ts';
import { startSegmented } from '../../support/segmented-service.ts';
import { galleryOf } from '../../support/running-service.ts';

const mask = (id: number, level: number, conceptId: number | null, areaPx: number): ShapedMask => ({
  id: MaskId.parse(id),
  imageId: ImageId.parse(1),
  origin: 'model',
  level,
  areaPx,
  score: 0.5,
  stackOrder: 0,
  review: 'pending',
  conceptId: conceptId === null ? null : ConceptId.parse(conceptId),
  revision: 1,
  box: { x: 0, y: 0, width: 1, height: 1 },
  gridWidth: 8,
  gridHeight: 4,
  counts: '',
});

describe('the levels of an image', () => {
  const masks = [
    mask(1, 0, 1, 50),
    mask(2, 1, 1, 10),
    mask(3, 1, 2, 30),
    mask(4, 1, 1, 40),
    mask(5, 2, null, 5),
  ];

  test('lead from the finest regions over their kinds to the objects', () => {
    expect(levelsOf(masks)).toEqual([
      { kind: 'stored', level: 2, count: 1 },
      { kind: 'stored', level: 1, count: 3 },
      { kind: 'kinds', level: 1, count: 2 },
      { kind: 'stored', level: 0, count: 1 },
    ]);
    expect(levelsOf([])).toEqual([{ kind: 'stored', level: 0, count: 0 }]);
  });

  test('show masks one by one, or the regions of a concept as one; the largest first', () => {
    expect(groupsOf(masks, { kind: 'stored', level: 1 }).map(({ ids }) => ids)).toEqual([[4], [3], [2]]);
    expect(groupsOf(masks, { kind: 'kinds', level: 1 }).map(({ ids, areaPx }) => [ids, areaPx])).toEqual([
      [[2, 4], 50],
      [[3], 30],
    ]);
  });
});

describe('a filter', () => {
  test('of everything asks for no bounds', () => {
    expect(toQuery(ANY)).toEqual({ sort: 'path', isReversed: false });
    expect(isNarrow(ANY)).toBe(false);
  });

  test('asks for what was chosen', () => {
    const filter = {
      ...ANY,
      conceptId: ConceptId.parse(3),
      review: 'pending',
      score: 'low',
      area: 'small',
    } as const;
    expect(toQuery({ ...filter, sort: 'score', isReversed: true })).toEqual({
      conceptId: 3,
      review: 'pending',
      maxScore: 0.25,
      minAreaPx: 1_000,
      maxAreaPx: 9_999,
      sort: 'score',
      isReversed: true,
    });
    expect(isNarrow(filter)).toBe(true);
  });
});

describe('the address of a filter', () => {
  const written = (filter: Parameters<typeof toAddress>[0]) =>
    Object.fromEntries(
      Object.entries(toAddress(filter)).filter(([, value]) => value !== undefined),
    ) as Record<string, string>;

  test('says all of it, and is read as it was written', () => {
    expect(written(ANY)).toEqual({ sort: 'path' });
    const narrow = {
      conceptId: ConceptId.parse(3),
      review: 'rejected',
      trust: 'to-check',
      score: 'low',
      area: 'tiny',
      sort: 'area',
      isReversed: true,
    } as const;
    for (const filter of [ANY, narrow]) expect(fromAddress(written(filter))).toEqual(filter);
  });

  test('leaves out what it does not know, and is none where it says nothing', () => {
    expect(fromAddress({ sort: 'beauty', review: 'accepted', conceptId: 'x' })).toEqual({
      ...ANY,
      review: 'accepted',
    });
    expect([fromAddress({}), fromAddress({ compare: '3' })]).toEqual([undefined, undefined]);
  });
});

describe('the review of an image in the grid', () => {
  const reviews = { pending: 0, accepted: 0, rejected: 0, edited: 0 };

  test.each([
    ['none', { maskCount: 0, reviews }],
    ['pending', { maskCount: 2, reviews: { ...reviews, pending: 2 } }],
    ['accepted', { maskCount: 2, reviews: { ...reviews, accepted: 1, edited: 1 } }],
    ['rejected', { maskCount: 2, reviews: { ...reviews, rejected: 2 } }],
    ['mixed', { maskCount: 2, reviews: { ...reviews, accepted: 1, rejected: 1 } }],
    ['mixed', { maskCount: 2, reviews: { ...reviews, pending: 1, rejected: 1 } }],
  ] as const)('is %s', (expected, tile) => {
    expect(tileReview(tile)).toBe(expected);
  });
});

describe('a selection', () => {
  const list = [1, 2, 3, 4, 5];

  test('takes single ones in and lets them go', () => {
    const selection = new Selection<number>();
    selection.toggle(2);
    selection.toggle(4);
    selection.toggle(2);
    expect([...selection.ids]).toEqual([4]);
  });

  test('extends from where the last choice was made, in either direction', () => {
    const selection = new Selection<number>();
    selection.toggle(3);
    selection.extendTo(5, list);
    expect([...selection.ids]).toEqual([3, 4, 5]);
    selection.extendTo(2, list);
    expect([...selection.ids].sort()).toEqual([2, 3, 4, 5]);
    selection.clear();
    selection.extendTo(2, list, 1);
    expect([...selection.ids]).toEqual([1, 2]);
  });
});

describe('an image under the hands of a person', () => {
  const CAT = bitmapOf('###.....', '###.....', '###.....', '........');

  async function opened(cat = CAT) {
    const running = startSegmented([
      await drawnImage('a.png', [
        { bitmap: cat, className: 'cat' },
        { bitmap: bitmapOf('......##', '......##', '........', '........'), className: 'dog' },
      ]),
    ]);
    const { client, segmentationId: id } = running;
    const imageId = (await galleryOf(client, { id }))[0]?.imageId ?? ImageId.parse(1);
    const concepts = await client.concepts.list({ id });
    const toasts = new Toasts();
    const masks = new ImageMasks(client, toasts, { id, imageId });
    await masks.load();
    const hints: EditorHint[] = [];
    const options = {
      grid: () => ({ width: 8, height: 4 }),
      concepts: () => concepts,
      onHint: (hint: EditorHint) => void hints.push(hint),
    };
    const editor = new MaskEditor(masks, new ViewMemory(client, {}), options);
    editor.display.brushPx = 1;
    return { masks, editor, toasts, client, concepts, hints };
  }

  const pixels = (one: ShapedMask | undefined) => {
    const bitmap = emptyBitmap(8, 4);
    if (one) addMask(bitmap, one.counts);
    return bitmap.data.reduce((sum, value) => sum + value, 0);
  };

  test('is gone through mask by mask, the largest first, round and round', async () => {
    const { editor } = await opened();
    const ids = editor.choice.groups.map((group) => group.ids[0]);
    const seen = [1, 1, 1].map(() => {
      editor.choice.step(1);
      return [...editor.choice.selection.ids][0];
    });
    expect(seen).toEqual([ids[0], ids[1], ids[0]]);
    editor.choice.step(-1);
    expect([...editor.choice.selection.ids]).toEqual([ids[1]]);
  });

  test('shows a stroke at once and keeps it; strokes in quick turn build on each other', async () => {
    const { editor, masks, toasts } = await opened();
    editor.choice.step(1);
    editor.use('brush');
    editor.pressAt({ x: 4.5, y: 0.5 });
    expect(editor.draft?.bitmap.data[4 * 4]).toBe(1);
    const first = editor.release();
    expect(pixels(editor.choice.selected[0])).toBe(10);
    editor.pressAt({ x: 4.5, y: 1.5 });
    editor.dragTo({ x: 4.5, y: 2.5 });
    await Promise.all([first, editor.release()]);
    expect(pixels(editor.choice.selected[0])).toBe(12);
    expect(editor.choice.selected[0]).toMatchObject({ areaPx: 12, review: 'edited', revision: 3 });
    await editor.undo();
    await editor.undo();
    expect(masks.all.map(pixels)).toEqual([9, 4]);
    expect(masks.history).toEqual({ undo: null, redo: 'reshape' });
    expect(toasts.shown).toEqual([]);
  });

  test('makes an object of a stroke beside all masks, and removes one that is rubbed out', async () => {
    const { editor, masks } = await opened();
    editor.startNew();
    editor.pressAt({ x: 0.5, y: 3.5 });
    await editor.release();
    expect(masks.all).toHaveLength(3);
    expect(editor.choice.selected[0]).toMatchObject({ origin: 'hand', areaPx: 1 });
    editor.use('eraser');
    editor.pressAt({ x: 0.5, y: 3.5 });
    await editor.release();
    expect(masks.all).toHaveLength(2);
    expect(masks.history.undo).toBe('remove');
  });

  test('fills, smooths, grows and shrinks a shape, each as a step, and says where that changes nothing', async () => {
    const ring = bitmapOf('.......', '.#####.', '.#...#.', '.#####.', '.......');
    const { editor, masks, hints } = await opened(ring);
    await editor.changeShape('fill');
    expect(hints).toEqual(['select']);
    const [largest] = masks.all.toSorted((a, b) => b.areaPx - a.areaPx);
    editor.choice.selection.set([largest?.id ?? MaskId.parse(1)]);
    await editor.changeShape('fill');
    expect(editor.choice.selected[0]).toMatchObject({ areaPx: 15, review: 'edited' });
    await editor.changeShape('fill');
    expect(hints).toEqual(['select', 'unchanged']);
    await editor.changeShape('shrink');
    expect(editor.choice.selected[0]?.areaPx).toBe(3);
    // What would vanish stays.
    await editor.changeShape('shrink');
    expect(editor.choice.selected[0]?.areaPx).toBe(3);
    expect(hints).toEqual(['select', 'unchanged', 'tooThin']);
    await editor.changeShape('grow');
    expect(editor.choice.selected[0]?.areaPx).toBe(11);
    for (let step = 0; step < 3; step++) await editor.undo();
    expect(masks.all.map(({ areaPx }) => areaPx).toSorted((a, b) => b - a)[0]).toBe(12);
  });

  test('leaves locked shapes alone, and meets neither them nor hidden ones with a tool', async () => {
    const { editor, masks, hints } = await opened();
    editor.choice.step(1);
    editor.choice.toggleLocked();
    await editor.remove();
    await editor.changeShape('grow');
    editor.use('brush');
    editor.pressAt({ x: 4.5, y: 0.5 });
    await editor.release();
    expect(hints).toEqual(['locked', 'locked', 'locked']);
    editor.choice.selection.clear();
    editor.pressAt({ x: 1.5, y: 1.5 });
    expect(hints.at(-1)).toBe('brush');
    expect(masks.all.map(pixels)).toEqual([9, 4]);

    editor.choice.toggleLocked(masks.all.map(({ id }) => id));
    editor.choice.toggleLocked(masks.all.map(({ id }) => id));
    editor.choice.toggleHidden(masks.all.map(({ id }) => id));
    editor.pressAt({ x: 1.5, y: 1.5 });
    expect(editor.choice.selected).toEqual([]);
    editor.choice.toggleHidden(masks.all.map(({ id }) => id));
    editor.pressAt({ x: 1.5, y: 3.5 });
    editor.pressAt({ x: 1.5, y: 1.5 });
    expect(editor.choice.selected).toHaveLength(1);
  });

  test('cuts and paints what is under the tool, and says why where nothing is', async () => {
    const cat = bitmapOf('#####...', '#####...', '#####...', '#####...');
    const { editor, masks, hints, toasts } = await opened(cat);
    editor.use('brush');
    editor.pressAt({ x: 7.5, y: 3.5 });
    await editor.release();
    editor.use('eraser');
    editor.pressAt({ x: 7.5, y: 3.5 });
    await editor.release();
    editor.use('cut');
    editor.pressAt({ x: 5.5, y: 0.5 });
    editor.dragTo({ x: 5.5, y: 3.5 });
    await editor.release();
    expect([hints.splice(0), masks.all.length, masks.history.undo]).toEqual([
      ['brush', 'eraser', 'cut'],
      2,
      null,
    ]);
    // Across the middle of the first object, which nobody has selected.
    editor.pressAt({ x: 2.5, y: -0.5 });
    editor.dragTo({ x: 2.5, y: 3.5 });
    await editor.release();
    expect([hints.splice(0), toasts.shown, masks.all.length]).toEqual([[], [], 3]);
    editor.choice.selection.clear();
    editor.use('brush');
    editor.pressAt({ x: 6.5, y: 1.5 });
    editor.dragTo({ x: 6.5, y: 2.5 });
    await editor.release();
    expect(pixels(editor.choice.selected[0])).toBe(5);
    expect([hints, masks.all.length]).toEqual([[], 3]);
  });

  test('keeps what was selected while a step was under way, and takes the next command for that', async () => {
    const { editor, masks, hints } = await opened();
    editor.choice.step(1);
    editor.use('brush');
    editor.pressAt({ x: 4.5, y: 0.5 });
    await editor.release();
    editor.use('select');
    const undone = editor.undo();
    editor.choice.chooseAll();
    await undone;
    expect(editor.choice.selection.size).toBe(2);
    await editor.merge();
    expect([hints, masks.all.map(pixels)]).toEqual([[], [13]]);

    // Split again, while the selection goes from the one mask to none: nothing is selected in its place.
    const split = editor.split();
    editor.choice.selection.clear();
    await split;
    expect([masks.all.map(pixels), editor.choice.selection.size]).toEqual([[9, 4], 0]);

    // Steps one after the other: the last one shows what it has changed.
    await Promise.all([editor.undo(), editor.undo()]);
    expect(masks.all.map(pixels)).toEqual([9, 4]);
    expect([...editor.choice.selection.ids]).toEqual(masks.all.map(({ id }) => id));
  });

  test('undoes a step that is still under way, and asks for nothing where nothing was done', async () => {
    const { editor, masks, toasts } = await opened();
    await Promise.all([editor.undo(), editor.redo()]);
    editor.choice.step(1);
    editor.use('brush');
    editor.pressAt({ x: 4.5, y: 0.5 });
    await Promise.all([editor.release(), editor.undo()]);
    expect([masks.all.map(pixels), masks.history, toasts.shown]).toEqual([
      [9, 4],
      { undo: null, redo: 'reshape' },
      [],
    ]);
    const removed = editor.remove();
    await Promise.all([removed, editor.undo(), editor.redo(), editor.undo()]);
    expect(masks.all.map(pixels)).toEqual([9, 4]);
  });

  test('puts masks in front of others, which the tools then meet first', async () => {
    const cat = bitmapOf('#####...', '#####...', '#####...', '#####...');
    const { editor, masks, hints } = await opened(cat);
    const [large] = masks.all.toSorted((a, b) => b.areaPx - a.areaPx);
    editor.choice.selection.set([large?.id ?? MaskId.parse(1)]);
    expect(editor.choice.groups[0]?.ids).toEqual([large?.id]);
    await editor.arrange('front');
    expect(editor.choice.groups.at(-1)?.ids).toEqual([large?.id]);
    expect(masks.history.undo).toBe('arrange');
    await editor.arrange('front');
    await editor.undo();
    expect(editor.choice.groups[0]?.ids).toEqual([large?.id]);
    editor.choice.selection.clear();
    await editor.arrange('back');
    expect(hints).toEqual(['inPlace', 'select']);
  });

  test('says what a command needs that there is nothing to do for', async () => {
    const { editor, hints, masks } = await opened();
    await editor.review('accepted');
    await editor.setConcept(null);
    await editor.remove();
    await editor.split();
    await editor.merge();
    expect(hints.splice(0)).toEqual(['select', 'select', 'select', 'select', 'selectTwo']);
    editor.choice.step(1);
    await editor.merge();
    await editor.review('pending');
    expect([hints, masks.history.undo]).toEqual([['selectTwo'], null]);
  });

  test('gives a new object the concept that was assigned last, and asks for one where that is not known', async () => {
    const { editor, concepts, hints } = await opened();
    const dog = concepts.find(({ name }) => name === 'dog');
    if (!dog) throw new Error('no dog');
    const draw = async (x: number) => {
      editor.startNew();
      editor.pressAt({ x, y: 3.5 });
      await editor.release();
      return editor.choice.selected[0]?.conceptId;
    };
    expect(await draw(0.5)).toBeNull();
    expect(hints.splice(0)).toEqual(['noConcept']);
    await editor.setConcept(dog.id);
    expect([await draw(2.5), hints]).toEqual([dog.id, []]);
  });

  test('is painted by keyboard as by pointer, within the picture', async () => {
    const { editor, masks } = await opened();
    const pen = new KeyPen(editor, () => ({ scale: 8, middle: { x: 4.5, y: 1.5 } }));
    pen.move(1, 0);
    pen.press();
    expect([pen.place, editor.draft]).toEqual([undefined, undefined]);
    editor.choice.step(1);
    editor.use('brush');
    pen.press();
    pen.move(0, 1);
    for (let times = 0; times < 9; times++) pen.move(0, 1);
    expect(pen.place).toEqual({ x: 4.5, y: 3.5 });
    pen.press();
    await expect.poll(() => pixels(editor.choice.selected[0])).toBe(12);
    // Lifted, it draws nothing.
    pen.move(-1, 0);
    expect(pixels(editor.choice.selected[0])).toBe(12);
    await expect.poll(() => masks.history.undo).toBe('reshape');
    editor.use('select');
    expect(pen.place).toBeUndefined();
  });

  test('puts right what was shown in advance when the service refuses it', async () => {
    const { editor, masks, toasts, client } = await opened();
    const [largest] = masks.all;
    if (!largest) throw new Error('no mask');
    await client.masks.edit({ ...largest, counts: masks.all[1]?.counts ?? '' });
    editor.choice.step(1);
    editor.use('brush');
    editor.pressAt({ x: 4.5, y: 0.5 });
    await editor.release();
    expect(toasts.shown).toMatchObject([{ tone: 'danger' }]);
    expect(masks.find(largest.id)).toMatchObject({ areaPx: 4, revision: 2 });
  });

  test('lets go of a stroke, then of the tool, then of what is chosen', async () => {
    const { editor, masks } = await opened();
    editor.choice.step(1);
    editor.use('brush');
    editor.pressAt({ x: 4.5, y: 0.5 });
    expect([editor.cancel(), editor.draft]).toEqual([true, undefined]);
    expect([editor.cancel(), editor.tool]).toEqual([true, 'select']);
    expect([editor.cancel(), editor.choice.selection.size]).toEqual([true, 0]);
    expect(editor.cancel()).toBe(false);
    expect(masks.history.undo).toBeNull();
  });
});
