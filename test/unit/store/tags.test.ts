import { expect, test } from 'vitest';
import { GalleryScene } from '../../support/gallery-scene.ts';

test('images have tags, are found by them, and are counted', () => {
  using scene = new GalleryScene(4);
  const { store, images } = scene;
  const [a = 0 as never, b = 0 as never, c = 0 as never] = images;
  expect(store.tags.change([a, b, c], ['Night', 'blurred'], [])).toBe(3);
  // What is so already is no change.
  expect(store.tags.change([a, b], ['Night'], [])).toBe(0);
  expect(store.tags.change([a, b], [], ['blurred', 'unknown'])).toBe(2);
  const collectionId = store.images.get(a)?.collectionId ?? expect.fail('no image');
  const counts = [
    { tag: 'blurred', images: 1 },
    { tag: 'Night', images: 3 },
  ];
  expect(store.tags.ofCollection(collectionId)).toEqual(counts);
  expect(store.tags.ofImages([b, c])).toEqual([
    { tag: 'blurred', images: 1 },
    { tag: 'Night', images: 2 },
  ]);
  const found = (tag: string) =>
    store.images.ids({
      collectionId,
      tag,
      statuses: ['ok'],
      sort: 'path',
      isReversed: false,
      cursor: null,
      limit: 10,
    }).items;
  expect([found('blurred'), found('night')]).toEqual([[c], []]);
  expect(found('Night')).toHaveLength(3);
});
