import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Client } from '../../../src-main/contract/contract.ts';
import type { ImageId, ModelId, SegmentationId } from '../../../src-main/contract/ids.ts';
import type { ImportChoices } from '../../../src-main/contract/model.ts';
import { SegmentSettings } from '../../../src-main/contract/segmentation.ts';
import { matchInstances } from '../../../src-main/core/evaluate/instances.ts';
import { objectLabels, type TrueObjects } from '../../../src-main/core/evaluate/object-labels.ts';
import { FOREGROUND, IGNORED, truthFromMask, type Truth } from '../../../src-main/core/evaluate/truth.ts';
import { sharp } from '../../../src-main/core/image/sharp-setup.ts';
import { decodeRle, encodeRle } from '../../../src-main/core/mask/rle.ts';
import { summariseObjects } from '../../../src-main/domain/evaluation-summary.ts';
import { sharedPath } from '../../support/shared.ts';
import { openService, untilDone } from '../bench-service.ts';
import { randomFrom } from '../quick-random.ts';

/** An image of a segmentation with its truth; `objects` is missing where single objects are not distinguished. */
type TrueImage = {
  imageId: ImageId;
  relPath: string;
  score: number;
  truth: Truth;
  objects: TrueObjects | undefined;
};
type Scene = { client: Client; id: SegmentationId; images: TrueImage[] };
type Order = 'random' | 'worst first';

type ForegroundOptions = {
  sets: readonly string[];
  counts: readonly number[];
  seeds: number;
  model: Importable;
};

/** An encoder, and how its input is normalised. */
export type Importable = { path: string } & Pick<ImportChoices, 'mean' | 'std'>;

/**
 * What corrected images bring for the foregrounds of those that were not corrected: the truth is drawn in place of the
 * objects of some images, the app proposes foregrounds for the others, and all of it is undone. Needs `npm run build`.
 */
export async function foregroundCorrections(
  options: ForegroundOptions,
): Promise<Record<string, string | number>[]> {
  const folder = mkdtempSync(join(tmpdir(), 'r2o-bench-'));
  try {
    const { service, client } = openService(join(folder, 'data'));
    using _service = service;
    const model = await client.models.import({ ...options.model, acceptTerms: true });
    const rows: Record<string, string | number>[] = [];
    for (const set of options.sets) {
      const scene = await segmented(client, set, model.id);
      for (const order of ['random', 'worst first'] as const)
        for (const count of options.counts)
          if (count * 2 <= scene.images.length)
            rows.push({ set, ...(await measure(scene, { order, count, seeds: options.seeds })) });
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function segmented(client: Client, set: string, modelId: ModelId): Promise<Scene> {
  const added = await client.collections.add({ path: sharedPath('data', set, 'images') });
  await untilDone(client, added.job.id);
  const settings = SegmentSettings.parse({ keepsRegions: false });
  const started = await client.segmentations.start({ collectionId: added.collection.id, settings, modelId });
  await untilDone(client, started.job.id);
  const { id } = started.segmentation;
  const { items } = await client.segmentations.galleryIds({ id, limit: 5_000 });
  const images: TrueImage[] = [];
  for (const imageId of items) {
    const [tile] = await client.segmentations.galleryTiles({ id, imageIds: [imageId] });
    if (!tile) continue;
    const { relPath, bestScore: score } = tile;
    const read = (kind: string) =>
      sharp(sharedPath('data', set, kind, basename(relPath).replace(/\.\w+$/, '.png')))
        .extractChannel(0)
        .raw()
        .toBuffer({ resolveWithObject: true });
    const { data, info } = await read('masks');
    const truth = truthFromMask(data, info.width, info.height);
    const objects = set === 'pets' ? undefined : objectLabels((await read('labels')).data, truth);
    images.push({ imageId, relPath, score, truth, objects });
  }
  return { client, id, images };
}

async function measure(
  scene: Scene,
  { order, count, seeds }: { order: Order; count: number; seeds: number },
): Promise<Record<string, string | number>> {
  const sums = { before: 0, after: 0, beforeAp: 0, afterAp: 0, proposals: 0, images: 0 };
  const draws = order === 'random' ? seeds : 1;
  for (let seed = 1; seed <= draws; seed++) {
    const random = randomFrom(seed);
    const ranked = scene.images
      .map((image) => ({ image, place: order === 'random' ? random() : image.score }))
      .sort((a, b) => a.place - b.place)
      .map(({ image }) => image);
    const [corrected, others] = [ranked.slice(0, count), ranked.slice(count)];
    for (const image of corrected) await correct(scene, image);
    const before = await scoresOf(scene, others);
    const { client, id } = scene;
    await untilDone(client, (await client.foregrounds.make({ id })).id);
    const { batch, changed } = await client.foregrounds.apply({ id });
    const after = await scoresOf(scene, others);
    if (batch !== null) await client.masks.undoBatch({ batch });
    for (const { imageId } of corrected) await client.masks.goToStep({ id, imageId, stepId: null });
    sums.before += before.iou / draws;
    sums.after += after.iou / draws;
    sums.beforeAp += before.ap / draws;
    sums.afterAp += after.ap / draws;
    sums.proposals += Number(changed > 0);
    sums.images += changed / others.length / draws;
  }
  const shown = (value: number) => Number(value.toFixed(3));
  return {
    order,
    corrected: count,
    'draws with a proposal': `${sums.proposals} of ${draws}`,
    'share of images changed': shown(sums.images),
    'IoU before': shown(sums.before),
    'IoU after': shown(sums.after),
    ...(scene.images[0]?.objects && { 'AP before': shown(sums.beforeAp), 'AP after': shown(sums.afterAp) }),
  };
}

/** The person draws all true objects, or the foreground where these are not known, in place of what was found. */
async function correct({ client, id }: Scene, { imageId, truth, objects }: TrueImage): Promise<void> {
  const { pixels, widthPx, heightPx } = truth;
  const ids = (await client.masks.ofImage({ id, imageId })).map((mask) => mask.id);
  if (ids.length > 0) await client.masks.remove({ ids });
  const masks = objects
    ? objects.objects.map((object) =>
        Uint8Array.from(pixels, (_, at) => Number(objects.labels[at] === object)),
      )
    : [Uint8Array.from(pixels, (value) => Number(value === FOREGROUND))];
  for (const data of masks) {
    const mask = encodeRle({ data, widthPx, heightPx });
    if (!mask) continue;
    const counts = Buffer.from(mask.shape.rle).toString('latin1');
    await client.masks.create({ id, imageId, counts, conceptId: null });
  }
}

/** Mean IoU of the foregrounds of images, and the average precision of their objects. */
async function scoresOf({ client, id }: Scene, images: readonly TrueImage[]) {
  const matches: ReturnType<typeof matchInstances>[] = [];
  let sum = 0;
  for (const { imageId, truth, objects } of images) {
    const masks = (await client.masks.ofImage({ id, imageId })).filter(({ level }) => level === 0);
    const predictions = masks.map(({ gridWidth, gridHeight, counts, score }) => ({
      mask: decodeRle({ gridWidth, gridHeight, rle: Buffer.from(counts, 'latin1') }).data,
      score,
    }));
    let [both, either] = [0, 0];
    truth.pixels.forEach((value, at) => {
      if (value === IGNORED) return;
      const isFound = predictions.some(({ mask }) => mask[at] === 1);
      both += Number(isFound && value === FOREGROUND);
      either += Number(isFound || value === FOREGROUND);
    });
    sum += both / Math.max(either, 1);
    if (objects) matches.push(matchInstances(predictions, objects));
  }
  return { iou: sum / images.length, ap: summariseObjects(matches).averagePrecision };
}
