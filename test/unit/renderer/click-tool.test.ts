import { describe, expect, test } from 'vitest';
import type { ClickAnswer, ClickSeeds } from '../../../src-main/contract/click-seeds.ts';
import { ImageId } from '../../../src-main/contract/ids.ts';
import { viewerCommands } from '../../../src-renderer/screens/library/viewer-commands.ts';
import { ClickTool } from '../../../src-renderer/screens/masks/click-tool.svelte.ts';
import { editorShortcuts, type EditorActions } from '../../../src-renderer/screens/masks/editor-shortcuts.ts';
import { ImageMasks } from '../../../src-renderer/screens/masks/image-masks.svelte.ts';
import { KeyPen } from '../../../src-renderer/screens/masks/key-pen.svelte.ts';
import { MaskEditor } from '../../../src-renderer/screens/masks/mask-editor.svelte.ts';
import { Toasts } from '../../../src-renderer/state/toasts.svelte.ts';
import { ViewMemory } from '../../../src-renderer/state/view-memory.svelte.ts';
import { clickPhoto } from '../../support/click-photo.ts';
import { galleryOf } from '../../support/running-service.ts';
import { startSegmented } from '../../support/segmented-service.ts';

/** The first click makes the image ready. */
const PATIENCE = { timeout: 10_000 };
const INSIDE = { isInside: true, isStroke: false };
const OUTSIDE = { isInside: false, isStroke: true };
const PAINT = { isInside: true, isStroke: true };

/** A tool whose questions are answered by hand. */
function asked() {
  const questions: {
    given: ClickSeeds;
    isNested: boolean;
    answer: (answer: ClickAnswer | undefined) => void;
  }[] = [];
  const tool = new ClickTool((given, isNested) => {
    const { promise, resolve } = Promise.withResolvers<ClickAnswer | undefined>();
    questions.push({ given, isNested, answer: resolve });
    return promise;
  });
  return { tool, questions };
}

const answer = (best: number, ...counts: string[]): ClickAnswer => ({
  answers: counts.map((one) => ({ counts: one, areaPx: 1 })),
  best,
});
const settle = () => new Promise(setImmediate);

describe('the tool for clicks', () => {
  test('tells clicks from boxes and strokes', async () => {
    const { tool, questions } = asked();
    tool.press({ x: 5, y: 6 }, INSIDE, 4);
    tool.dragTo({ x: 6, y: 6 });
    void tool.release(2);
    questions[0]?.answer(answer(0, 'a'));
    await settle();
    tool.press({ x: 1, y: 1 }, PAINT, 4);
    tool.dragTo({ x: 9, y: 1 });
    void tool.release(2);
    questions[1]?.answer(answer(0, 'b'));
    await settle();
    tool.press({ x: 7, y: 2 }, OUTSIDE, 4);
    void tool.release(2);
    expect(questions[2]?.given).toEqual({
      box: null,
      seeds: [
        { points: [{ x: 5, y: 6 }], radius: 0, isInside: true },
        { points: [{ x: 1, y: 1 }, { x: 9, y: 1 }], radius: 4, isInside: true }, // prettier-ignore
        { points: [{ x: 7, y: 2 }], radius: 0, isInside: false },
      ],
    });
    questions[2]?.answer(undefined);
    await settle();
    // A box is drawn from any corner, and begins anew.
    tool.press({ x: 8, y: 9 }, INSIDE, 4);
    tool.dragTo({ x: 3, y: 4 });
    expect(tool.given.box).toEqual({ x: 3, y: 4, width: 5, height: 5 });
    void tool.release(2);
    expect(questions[3]?.given).toEqual({ box: { x: 3, y: 4, width: 5, height: 5 }, seeds: [] });
  });

  test('walks through the answers, and back; the others are asked for once they are wanted', async () => {
    const { tool, questions } = asked();
    tool.press({ x: 5, y: 6 }, INSIDE, 4);
    void tool.release(1);
    questions[0]?.answer(answer(0, 'object'));
    await settle();
    expect([tool.shown, tool.position, questions.length]).toEqual(['object', { place: 1, count: 1 }, 1]);
    tool.cycle(1);
    expect(questions.map(({ isNested }) => isNested)).toEqual([false, true]);
    questions[1]?.answer(answer(1, 'part', 'object', 'group'));
    await settle();
    const seen = [1, 1, -1].map((by) => {
      const { shown } = tool;
      tool.cycle(by as 1 | -1);
      return shown;
    });
    expect([...seen, tool.position]).toEqual(['group', 'part', 'object', { place: 1, count: 3 }]);
  });

  test('asks for the other answers when the hand has come to rest', async () => {
    const { tool, questions } = asked();
    tool.press({ x: 5, y: 6 }, INSIDE, 4);
    void tool.release(1);
    questions[0]?.answer(answer(0, 'object'));
    await expect.poll(() => questions.length).toBe(2);
    questions[1]?.answer(answer(1, 'part', 'object'));
    await settle();
    expect([tool.shown, tool.position]).toEqual(['object', { place: 2, count: 2 }]);
  });

  test('shows the answer to what was said last, and asks once for all that was said meanwhile', async () => {
    const { tool, questions } = asked();
    const click = (x: number) => {
      tool.press({ x, y: 1 }, INSIDE, 4);
      void tool.release(1);
    };
    click(1);
    click(2);
    click(3);
    expect(questions).toHaveLength(1);
    questions[0]?.answer(answer(0, 'old'));
    await settle();
    expect([tool.shown, questions.length, questions[1]?.given.seeds.length]).toEqual([undefined, 2, 3]);
    questions[1]?.answer(answer(0, 'new'));
    await settle();
    expect(tool.shown).toBe('new');
  });

  test('drops everything at once, also the answer that is on its way', async () => {
    const { tool, questions } = asked();
    tool.press({ x: 5, y: 6 }, INSIDE, 4);
    void tool.release(1);
    expect(tool.drop()).toBe(true);
    questions[0]?.answer(answer(0, 'a'));
    await settle();
    expect([tool.shown, tool.hasSeeds, tool.isAsking, tool.drop()]).toEqual([undefined, false, false, false]);
  });

  test('takes back the last click', async () => {
    const { tool, questions } = asked();
    for (const x of [1, 2]) {
      tool.press({ x, y: 1 }, INSIDE, 4);
      void tool.release(1);
      questions.at(-1)?.answer(answer(0, `${x}`));
      await settle();
    }
    expect(tool.takeBack()).toBe(true);
    questions.at(-1)?.answer(answer(0, 'one'));
    await settle();
    expect([tool.shown, questions.at(-1)?.given.seeds.length]).toEqual(['one', 1]);
    tool.takeBack();
    await settle();
    expect([tool.shown, tool.hasSeeds, tool.takeBack(), questions.length]).toEqual([
      undefined,
      false,
      false,
      3,
    ]);
  });
});

describe('the editor with clicks', () => {
  async function opened() {
    const photo = await clickPhoto('square.png', { widthPx: 160, heightPx: 120, px: 60 });
    const { client, segmentationId: id } = startSegmented([photo]);
    const [tile] = await galleryOf(client, { id });
    const toasts = new Toasts();
    const masks = new ImageMasks(client, toasts, { id, imageId: tile?.imageId ?? ImageId.parse(1) });
    await masks.load();
    let turned = 0;
    const editor = new MaskEditor(masks, new ViewMemory(client, {}), {
      grid: () => ({ width: 160, height: 120 }),
      concepts: () => [],
    });
    const pen = new KeyPen(editor, () => ({ scale: 4, middle: { x: 60, y: 60 } }));
    const viewer = viewerCommands({ turn: () => turned++, zoom: () => null, leave: () => undefined });
    const actions: EditorActions = {
      acceptAndTurn: () => turned++,
      pickConcept: () => undefined,
      assignConcept: () => undefined,
      viewer,
      pen,
    };
    const press = (keys: string) => {
      const all = editorShortcuts(editor, actions).flatMap(({ shortcuts }) => shortcuts);
      all.find((one) => one.keys === keys)?.run();
    };
    return { editor, masks, toasts, press, turned: () => turned };
  }

  test('makes the answer a mask like any other by keys alone, which undo takes away', async () => {
    const { editor, masks, toasts, press, turned } = await opened();
    press('k');
    press('d');
    press('d');
    await expect.poll(() => editor.click.shown, PATIENCE).toBeDefined();
    press('Enter');
    await expect.poll(() => masks.all.length, PATIENCE).toBe(1);
    expect(masks.all[0]).toMatchObject({ origin: 'hand', review: 'accepted', areaPx: 3_600 });
    expect([...editor.choice.selection.ids]).toEqual([masks.all[0]?.id]);
    expect([editor.click.hasSeeds, editor.tool, turned()]).toEqual([false, 'click', 0]);
    // Without clicks, keys mean what they always do.
    press('mod+z');
    await expect.poll(() => masks.all.length, PATIENCE).toBe(0);
    press('Enter');
    await expect.poll(turned, PATIENCE).toBe(1);
    expect(toasts.shown).toEqual([]);
  });

  test('drops clicks when another tool is taken', async () => {
    const { editor, press } = await opened();
    press('k');
    press('d');
    press('d');
    expect(editor.click.hasSeeds).toBe(true);
    press('b');
    expect([editor.click.hasSeeds, editor.tool]).toEqual([false, 'brush']);
  });

  test('takes back clicks before steps, and drops them before the tool', async () => {
    const { editor, masks, press } = await opened();
    press('k');
    press('d');
    press('d');
    await expect.poll(() => editor.click.shown, PATIENCE).toBeDefined();
    press('alt+d');
    press('alt+d');
    expect(editor.click.given.seeds.map(({ isInside }) => isInside)).toEqual([true, false]);
    press('mod+z');
    expect(editor.click.given.seeds).toHaveLength(1);
    expect(editor.cancel()).toBe(true);
    expect([editor.click.hasSeeds, editor.tool]).toEqual([false, 'click']);
    expect(editor.cancel()).toBe(true);
    expect([editor.tool, masks.all.length]).toEqual(['select', 0]);
  });
});
