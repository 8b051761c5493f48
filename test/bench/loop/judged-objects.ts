import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { Client } from '../../../src-main/contract/contract.ts';
import type { ModelId, SegmentationId } from '../../../src-main/contract/ids.ts';
import { SegmentSettings } from '../../../src-main/contract/segmentation.ts';
import { sharp } from '../../../src-main/core/image/sharp-setup.ts';
import { decodeRle, encodeRle } from '../../../src-main/core/mask/rle.ts';
import {
  readDescriptions,
  type Descriptions,
} from '../../../src-main/core/segment/describe/description-file.ts';
import { segmentationFiles } from '../../../src-main/domain/data-layout.ts';
import { sharedPath } from '../../support/shared.ts';
import { openService, untilDone } from '../bench-service.ts';
import { randomFrom } from '../quick-random.ts';

/** An object as the app cut it, judged by the truth. */
export type JudgedObject = {
  /** Of its vector. */
  row: number;
  maskId: number;
  image: string;
  score: number;
  areaPx: number;
  /** Number of the concept that the app gave it; 0 without one. */
  conceptId: number;
  /** With all of the foreground (pets), or with the true object or region that it covers best. */
  iou: number;
  /** Share of it that is foreground. */
  foregroundShare: number;
  /** Whether its outline was made worse on purpose. */
  isDegraded: boolean;
};
export type JudgedSet = { set: string; descriptions: Descriptions; objects: JudgedObject[] };

const IGNORED = { foreground: 128, labels: 255 };

/**
 * The objects that the app cuts out of the photos of `shared/data`, each set as a collection, with how well each covers
 * the truth. Needs `npm run build`.
 * @param degraded how many of a hundred outlines are made worse before anything is compared
 * @param args `--model FILE` segments with an encoder; `--keep FILE` keeps the objects there, or takes them from there
 */
export async function judgedObjects(
  sets: readonly string[],
  args: readonly string[],
  { degraded = 0 }: { degraded?: number } = {},
): Promise<JudgedSet[]> {
  const option = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
  const kept = option('--keep');
  // Written below, by the same version.
  if (kept !== undefined && existsSync(kept)) return deserialize(readFileSync(kept)) as JudgedSet[];
  const folder = mkdtempSync(join(tmpdir(), 'r2o-bench-'));
  try {
    const { service, client } = openService(join(folder, 'data'));
    using _service = service;
    const file = option('--model');
    const model =
      file === undefined ? undefined : await client.models.import({ path: file, acceptTerms: true });
    const judged: JudgedSet[] = [];
    for (const set of sets) {
      const id = await segmented(client, set, model?.id);
      const worse = await degrade(client, id, degraded);
      await untilDone(client, (await client.similar.describe({ id })).id);
      const descriptions = await readDescriptions(segmentationFiles(service.layout, id).vectors);
      if (!descriptions) throw new Error('nothing was described');
      judged.push({ set, descriptions, objects: await judge(client, { id, set, descriptions, worse }) });
    }
    if (kept !== undefined) writeFileSync(kept, serialize(judged));
    return judged;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function segmented(client: Client, set: string, modelId?: ModelId): Promise<SegmentationId> {
  const added = await client.collections.add({ path: sharedPath('data', set, 'images') });
  await untilDone(client, added.job.id);
  const settings = SegmentSettings.parse({ keepsRegions: false });
  const { segmentation, job } = await client.segmentations.start({
    collectionId: added.collection.id,
    settings,
    ...(modelId && { modelId }),
  });
  await untilDone(client, job.id);
  return segmentation.id;
}

/** Some outlines lose a part, others gain a margin, as those of a bad cut. @returns the masks */
async function degrade(client: Client, id: SegmentationId, percent: number): Promise<Set<number>> {
  const worse = new Set<number>();
  if (percent === 0) return worse;
  const random = randomFrom(9);
  const { items } = await client.segmentations.galleryIds({ id, limit: 5_000 });
  for (const imageId of items) {
    for (const mask of await client.masks.ofImage({ id, imageId })) {
      if (mask.level !== 0 || random() >= percent / 100) continue;
      const { gridWidth, gridHeight, box } = mask;
      const { data } = decodeRle({ gridWidth, gridHeight, rle: Buffer.from(mask.counts, 'latin1') });
      const bitmap = { data: new Uint8Array(data.length), widthPx: gridWidth, heightPx: gridHeight };
      const isCut = random() < 0.5;
      const margin = Math.max(2, Math.round(0.15 * Math.min(box.width, box.height)));
      for (let y = 0; y < gridHeight; y++) {
        for (let x = 0; x < gridWidth; x++) {
          const at = y * gridWidth + x;
          if (data[at] !== 1) continue;
          if (isCut) bitmap.data[at] = Number(x < box.x + 0.6 * box.width);
          else
            for (let dy = Math.max(0, y - margin); dy <= Math.min(gridHeight - 1, y + margin); dy++)
              bitmap.data.fill(
                1,
                dy * gridWidth + Math.max(0, x - margin),
                dy * gridWidth + Math.min(gridWidth, x + margin + 1),
              );
        }
      }
      const encoded = encodeRle(bitmap);
      if (!encoded) continue;
      const counts = Buffer.from(encoded.shape.rle).toString('latin1');
      await client.masks.edit({ id: mask.id, revision: mask.revision, counts });
      worse.add(mask.id);
    }
  }
  return worse;
}

type Segmented = {
  id: SegmentationId;
  set: string;
  descriptions: Descriptions;
  worse: ReadonlySet<number>;
};

async function judge(client: Client, { id, set, descriptions, worse }: Segmented): Promise<JudgedObject[]> {
  const rows = new Map<number, number>();
  descriptions.maskIds.forEach((maskId, row) => rows.set(maskId, row));
  const objects: JudgedObject[] = [];
  const { items } = await client.segmentations.galleryIds({ id, limit: 5_000 });
  for (const imageId of items) {
    const [tile] = await client.segmentations.galleryTiles({ id, imageIds: [imageId] });
    if (!tile) continue;
    const png = basename(tile.relPath).replace(/\.\w+$/, '.png');
    const read = (kind: string) =>
      sharp(sharedPath('data', set, kind, png))
        .extractChannel(0)
        .raw()
        .toBuffer();
    const foreground = await read('masks');
    const labels = set === 'pets' ? undefined : await read('labels');
    for (const mask of await client.masks.ofImage({ id, imageId })) {
      const row = rows.get(mask.id);
      if (row === undefined || mask.level !== 0) continue;
      const { gridWidth, gridHeight, score, areaPx, conceptId } = mask;
      const { data } = decodeRle({ gridWidth, gridHeight, rle: Buffer.from(mask.counts, 'latin1') });
      const { share, iou } = overlap(data, foreground);
      const best = labels ? bestLabel(data, labels, set === 'nuclei') : iou;
      objects.push({
        row,
        maskId: mask.id,
        image: tile.relPath,
        score,
        areaPx,
        conceptId: conceptId ?? 0,
        iou: set === 'nuclei' ? best : Math.max(best, iou),
        foregroundShare: share,
        isDegraded: worse.has(mask.id),
      });
    }
  }
  return objects;
}

function overlap(mask: Uint8Array, truth: Uint8Array): { share: number; iou: number } {
  let [both, inside, either] = [0, 0, 0];
  for (let at = 0; at < mask.length; at++) {
    if (truth[at] === IGNORED.foreground) continue;
    const [one, other] = [mask[at] === 1, truth[at] === 255];
    both += Number(one && other);
    inside += Number(one);
    either += Number(one || other);
  }
  return { share: both / Math.max(inside, 1), iou: both / Math.max(either, 1) };
}

/** IoU with the label that it covers best. @param isBackgroundZero whether 0 is no label */
function bestLabel(mask: Uint8Array, labels: Uint8Array, isBackgroundZero: boolean): number {
  const [both, areas] = [new Float64Array(256), new Float64Array(256)];
  let inside = 0;
  for (let at = 0; at < mask.length; at++) {
    const label = labels[at] ?? 0;
    if (!isBackgroundZero && label === IGNORED.labels) continue;
    areas[label] = (areas[label] ?? 0) + 1;
    if (mask[at] !== 1) continue;
    inside++;
    both[label] = (both[label] ?? 0) + 1;
  }
  const from = isBackgroundZero ? 1 : 0;
  return Math.max(
    ...[...both.subarray(from)].map(
      (count, at) => count / Math.max(1, inside + (areas[from + at] ?? 0) - count),
    ),
  );
}
