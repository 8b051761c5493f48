import { describe, expect, test } from 'vitest';
import { DatasetRecipe } from '../../../src-main/contract/dataset.ts';
import type { Concept } from '../../../src-main/contract/segmentation.ts';
import { drawnImage } from '../../support/drawn-images.ts';
import { bitmapOf } from '../../support/masks.ts';
import { galleryOf } from '../../support/running-service.ts';
import { startSegmented } from '../../support/segmented-service.ts';

const bitmap = bitmapOf('####....', '####....', '####....', '####....', '........', '........');

/** A segmentation with the concepts cat, concept 2 (without a name) and dog, each with one mask on the only image. */
async function opened() {
  const running = startSegmented([
    await drawnImage('a.png', [
      { bitmap, className: 'cat', score: 0.9 },
      { bitmap, className: 'concept-2', score: 0.8 },
      { bitmap, className: 'dog', score: 0.7 },
    ]),
  ]);
  const { client, segmentationId: id } = running;
  const all = () => client.concepts.list({ id });
  const [cat, unnamed, dog] = await all();
  const imageId = (await galleryOf(client, { id }))[0]?.imageId;
  if (!cat || !unnamed || !dog || imageId === undefined) throw new Error('no concepts');
  const masks = () => client.masks.ofImage({ id, imageId });
  return { ...running, id, imageId, cat, unnamed, dog, all, masks };
}

const namesOf = (concepts: readonly Concept[]) => concepts.map(({ name }) => name);

describe('concepts that people make', () => {
  test('are added behind those of the job, take objects, and become classes', async () => {
    const { client, id, masks, service } = await opened();
    const { conceptCount } = service.store.segmentations.get(id)?.settings ?? { conceptCount: 0 };
    const bird = await client.concepts.create({ id, name: ' bird ' });
    expect(bird).toMatchObject({ name: 'bird', number: conceptCount + 1, maskCount: 0, isBackground: false });
    const fish = await client.concepts.create({ id, name: 'fish', colour: '#ABCDEF' });
    expect(fish).toMatchObject({ number: conceptCount + 2, colour: '#abcdef' });
    const [first] = await masks();
    if (!first) throw new Error('no mask');
    await client.masks.setConcept({ ids: [first.id], conceptId: bird.id });
    const version = await client.datasets.create({
      name: 'pets',
      recipe: DatasetRecipe.parse({ segmentationIds: [id] }),
    });
    expect(version.classes.map(({ name }) => name)).toEqual(['concept-2', 'dog', 'bird']);
  });

  test('have another colour and another order when people give them one, and datasets follow', async () => {
    const { client, id, cat, unnamed, dog, all } = await opened();
    await client.concepts.update({ id: dog.id, colour: '#00FF7f' });
    expect((await client.concepts.order({ id, conceptIds: [dog.id, unnamed.id] })).map(({ id: one }) => one)) //
      .toEqual([dog.id, unnamed.id, cat.id]);
    const version = await client.datasets.create({
      name: 'pets',
      recipe: DatasetRecipe.parse({ segmentationIds: [id] }),
    });
    expect(version.classes).toMatchObject([{ name: 'dog', colour: '#00ff7f' }, { name: 'concept-2' }, { name: 'cat' }]); // prettier-ignore
    await client.concepts.order({ id, conceptIds: [] });
    expect(namesOf(await all())).toEqual(['cat', null, 'dog']);
    await expect(client.concepts.update({ id: dog.id, colour: 'green' })).rejects.toThrow();
  });

  test('never share a name unasked', async () => {
    const { client, id, cat, unnamed, dog, all } = await opened();
    const refused = { code: 'ALREADY_EXISTS', data: { hint: expect.stringContaining('merge') as unknown } };
    await expect(client.concepts.create({ id, name: 'cat' })).rejects.toMatchObject(refused);
    await expect(client.concepts.update({ id: dog.id, name: ' cat ' })).rejects.toMatchObject(refused);
    // What datasets would call a concept without a name is taken, too.
    await expect(client.concepts.update({ id: dog.id, name: 'concept-2' })).rejects.toMatchObject(refused);
    await client.concepts.update({ id: unnamed.id, name: 'concept-2' });
    await client.concepts.update({ id: dog.id, name: 'dog' });
    // One that was merged is called like the other one from then on, and its own name is free.
    await client.concepts.update({ id: dog.id, mergedInto: cat.id });
    const other = await client.concepts.create({ id, name: 'dog' });
    await client.concepts.update({ id: dog.id, mergedInto: null });
    expect(namesOf(await all())).toEqual(['cat', 'concept-2', null, 'dog']);
    expect(other.name).toBe('dog');
  });

  test('keep the name that a person gave when they are merged', async () => {
    const { client, cat, unnamed, dog, all } = await opened();
    await client.concepts.update({ id: cat.id, mergedInto: unnamed.id });
    expect((await all()).map(({ name, mergedInto }) => [name, mergedInto])).toEqual([
      [null, unnamed.id],
      ['cat', null],
      ['dog', null],
    ]);
    await client.concepts.update({ id: unnamed.id, mergedInto: dog.id });
    expect(namesOf((await all()).filter(({ mergedInto }) => mergedInto === null))).toEqual(['dog']);
  });

  test('are deleted with those merged into them; their objects stay, and can still be undone', async () => {
    const { client, id, imageId, cat, unnamed, dog, all, masks, bugs } = await opened();
    const [first] = await masks();
    if (!first) throw new Error('no mask');
    await client.masks.setConcept({ ids: [first.id], conceptId: dog.id });
    await client.masks.review({ ids: [first.id], review: 'accepted' });
    await client.concepts.update({ id: unnamed.id, mergedInto: cat.id });
    await client.concepts.remove({ id: cat.id });
    await client.concepts.remove({ id: dog.id });
    expect(await all()).toEqual([]);
    expect((await masks()).map(({ conceptId }) => conceptId)).toEqual([null, null, null]);
    expect((await client.masks.undo({ id, imageId })).changed).toMatchObject([{ review: 'pending', conceptId: null }]); // prettier-ignore
    expect((await client.masks.undo({ id, imageId })).changed).toMatchObject([{ id: first.id, conceptId: null }]); // prettier-ignore
    await expect(client.concepts.remove({ id: cat.id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(bugs).toEqual([]);
  });
});
