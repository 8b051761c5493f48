import { beforeEach, describe, expect, test, vi } from 'vitest';
import { ConceptsView } from '../../../src-renderer/screens/concepts/concepts-view.svelte.ts';
import { Navigation } from '../../../src-renderer/state/navigation.svelte.ts';
import { Segmentations } from '../../../src-renderer/state/segmentations.svelte.ts';
import { Toasts } from '../../../src-renderer/state/toasts.svelte.ts';
import { ViewMemory } from '../../../src-renderer/state/view-memory.svelte.ts';
import { drawnImage } from '../../support/drawn-images.ts';
import { bitmapOf } from '../../support/masks.ts';
import { startSegmented } from '../../support/segmented-service.ts';

beforeEach(() => {
  let address = '';
  const put = (_state: unknown, _title: string, next: string) => void (address = next);
  vi.stubGlobal('location', { get hash() { return address; } }); // prettier-ignore
  vi.stubGlobal('history', { pushState: put, replaceState: put });
  return () => vi.unstubAllGlobals();
});

/** The concepts screen over an image with a cat, a dog and an owl, in this order. */
async function openView() {
  const bitmap = bitmapOf('####....', '####....');
  const masks = ['cat', 'dog', 'owl'].map((className) => ({ bitmap, className }));
  const { client, segmentationId: id } = startSegmented([await drawnImage('a.png', masks)]);
  const toasts = new Toasts();
  const segmentations = new Segmentations(client, toasts, new ViewMemory(client, {}));
  await segmentations.load();
  const navigation = new Navigation({ screen: 'concepts', path: [], query: {} });
  const view = new ConceptsView({ client, segmentations, navigation, toasts });
  await view.refresh();
  const named = (name: string) =>
    view.standing.find((concept) => concept.name === name) ?? expect.fail(`no ${name}`);
  const stored = async () => {
    const concepts = await client.concepts.list({ id });
    return concepts.map(({ name, isBackground, mergedInto }) => ({ name, isBackground, mergedInto }));
  };
  return { view, toasts, named, stored };
}

// As key presses that follow each other faster than the service answers.
describe('changes of concepts that do not wait for each other', () => {
  test('toggle the background twice, and so leave it as it was', async () => {
    const { view, named, stored } = await openView();
    const before = await stored();
    const { id } = named('cat');
    await Promise.all([view.toggleBackground([id]), view.toggleBackground([id])]);
    expect(await stored()).toEqual(before);
  });

  test('mark as background again what an undo is still changing', async () => {
    const { view, toasts, named } = await openView();
    const { id } = named('cat');
    await view.toggleBackground([id]);
    toasts.shown.at(-1)?.action?.run();
    await view.toggleBackground([id]);
    expect(named('cat').isBackground).toBe(true);
  });

  test('move a concept as many places as there were presses', async () => {
    const { view, named } = await openView();
    const { id } = named('cat');
    await Promise.all([view.move(id, 1), view.move(id, 1)]);
    expect(view.shown.map(({ name }) => name)).toEqual(['dog', 'owl', 'cat']);
  });

  test('undo as many merges as there were presses', async () => {
    const { view, named, stored } = await openView();
    const before = await stored();
    const into = named('cat').id;
    await view.merge([named('dog').id, named('owl').id], into);
    expect(view.standing).toHaveLength(1);
    await Promise.all([view.takeBackLast(into), view.takeBackLast(into)]);
    expect(await stored()).toEqual(before);
  });

  test('continue after one that was refused', async () => {
    const { view, toasts, named } = await openView();
    const dog = named('dog');
    const [isRenamed] = await Promise.all([view.rename(dog, 'cat'), view.toggleBackground([dog.id])]);
    expect(isRenamed).toBe(false);
    expect(toasts.shown.map(({ title }) => title)).toContainEqual(expect.stringContaining('cat'));
    expect(named('dog').isBackground).toBe(true);
  });
});
