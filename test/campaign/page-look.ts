import type { Client } from '../../src-main/contract/contract.ts';
import type { Collection } from '../../src-main/contract/collection.ts';
import type { Run } from '../../src-main/contract/run.ts';
import type { Segmentation } from '../../src-main/contract/segmentation.ts';
import type { Chance } from './campaign.ts';
import type { OpenPage } from './page-visit.ts';

/** Reads what the page shows first, and its pictures. */
export async function look({ client, picture }: OpenPage, chance: Chance): Promise<void> {
  const [collections, segmentations, runs] = await Promise.all([
    client.collections.list(),
    client.segmentations.list({}),
    client.runs.list({}),
    client.models.list(),
    client.datasets.list(),
    client.jobs.page({ cursor: null }),
    client.settings.get(),
    client.system.storage(),
  ]);
  const targets = [
    ...(await Promise.all(collections.map(({ id }) => photosOf(client, id)))).flat(),
    ...(await Promise.all(segmentations.map(({ id }) => masksOf(client, id)))).flat(),
    ...(await Promise.all(runs.map(({ id }) => previewsOf(client, id)))).flat(),
  ];
  const wanted = targets.filter(() => chance.draw() < 0.4);
  const statuses = await Promise.all(wanted.map(picture));
  const at = statuses.findIndex((status) => status >= 500 || status === 401);
  if (at >= 0) throw new Error(`${wanted[at]} is answered ${statuses[at]}.`);
}

async function photosOf(client: Client, collectionId: Collection['id']): Promise<string[]> {
  const { items } = await client.images.ids({ collectionId, statuses: ['ok'], cursor: null });
  return items.flatMap((id) => [`/images/${id}/thumbnail`, `/images/${id}/view`]);
}

async function masksOf(client: Client, id: Segmentation['id']): Promise<string[]> {
  const { items: imageIds } = await client.segmentations.galleryIds({ id, cursor: null });
  const tiles = await client.segmentations.galleryTiles({ id, imageIds });
  const concepts = await client.concepts.list({ id });
  return [
    `/segmentations/${id}/sheet.png`,
    ...tiles.map(({ imageId, version }) => `/segmentations/${id}/drawn/${imageId}/${version}.webp`),
    ...concepts.flatMap(({ exemplars }) =>
      exemplars.map((mask) => `/masks/${mask.id}/${mask.revision}/crop.webp`),
    ),
  ];
}

async function previewsOf(client: Client, id: Run['id']): Promise<string[]> {
  const [{ steps, images }] = await Promise.all([client.runs.previews({ id }), client.runs.curves({ id })]);
  return steps.flatMap((step) => images.map(({ imageId }) => `/runs/${id}/previews/${step}/${imageId}.png`));
}
