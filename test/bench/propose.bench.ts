import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Client } from '../../src-main/contract/contract.ts';
import type { ImportChoices } from '../../src-main/contract/model.ts';
import type { SegmentationId } from '../../src-main/contract/ids.ts';
import { SegmentSettings } from '../../src-main/contract/segmentation.ts';
import { sharp } from '../../src-main/core/image/sharp-setup.ts';
import { decodeRle } from '../../src-main/core/mask/rle.ts';
import { fitClassifier, type Decision } from '../../src-main/core/segment/describe/classifier.ts';
import {
  readDescriptions,
  type Descriptions,
} from '../../src-main/core/segment/describe/description-file.ts';
import { segmentationFiles } from '../../src-main/domain/data-layout.ts';
import { sharedPath } from '../support/shared.ts';
import { describeMachine, type BenchReport } from './bench-report.ts';
import { openService, untilDone } from './bench-service.ts';
import { foregroundCorrections, type Importable } from './loop/foreground-corrections.ts';
import { randomFrom } from './quick-random.ts';

const SETS = ['pets', 'coco', 'nuclei'];
const CORRECTIONS = [5, 20, 50, 150];
const DRAWS = 10;
/** An object of which this share is foreground is one of its set; an IoU of this much with all of it is accepted. */
const IS_FOREGROUND = 0.5;
const IS_ACCEPTED = 0.5;

type Truth = { row: number; image: string; label: number; isRight: boolean };

/**
 * What 5, 20 and 50 simulated corrections bring on images that were not corrected. Concepts are the sets that the
 * photos are of, and background for objects that are not foreground; an object is accepted that covers the foreground
 * (pets) with an IoU of 0.5 or more, or of which that share is foreground (others). Needs `npm run build`.
 * With an encoder also what corrected images bring the foregrounds of others, each set as a collection, by random images and by those
 * with the lowest scores.
 * @param args `--model FILE` segments with an encoder, whose input has `--mean R,G,B` and `--std R,G,B`; no trained one comes with the
 * sources. `--foregrounds` measures only those: of `--sets coco`, after `--counts 5,20`, in `--seeds 1` random draws
 */
export async function run(args: string[]): Promise<BenchReport> {
  const model = textOf('--model', args);
  const choices: Choices = {
    ...(args.includes('--mean') && { mean: rgb('--mean', args) }),
    ...(args.includes('--std') && { std: rgb('--std', args) }),
  };
  const tables: BenchReport['tables'] = [];
  if (!args.includes('--foregrounds')) tables.push(await decisions(model, choices));
  if (model !== undefined) {
    const sets = textOf('--sets', args)?.split(',') ?? ['pets', 'coco'];
    const [seeds = 3] = numbers('--seeds', args) ?? [];
    const counts = numbers('--counts', args) ?? [5, 20, 50];
    const rows = await foregroundCorrections({ sets, counts, seeds, model: { path: model, ...choices } });
    tables.push({ title: 'Foregrounds of images that were not corrected', rows });
  }
  return { benchmark: 'propose', machine: describeMachine(), tables, ratios: {} };
}

async function decisions(
  model: string | undefined,
  choices: Choices,
): Promise<BenchReport['tables'][number]> {
  const folder = mkdtempSync(join(tmpdir(), 'r2o-bench-'));
  try {
    const { descriptions, truths } = await objects(
      folder,
      model === undefined ? undefined : { path: model, ...choices },
    );
    return {
      title: `${truths.length} objects, ${model === undefined ? 'without' : 'with'} an encoder, mean of ${DRAWS} draws`,
      rows: await Promise.all(CORRECTIONS.map((count) => measure(descriptions, truths, count))),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Choices = Pick<ImportChoices, 'mean' | 'std'>;

function textOf(name: string, args: readonly string[]): string | undefined {
  return args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
}

function numbers(name: string, args: readonly string[]): number[] | undefined {
  return textOf(name, args)?.split(',').map(Number);
}

function rgb(name: string, args: readonly string[]): [number, number, number] {
  const [r = 0, g = 0, b = 0] = numbers(name, args) ?? [];
  return [r, g, b];
}

async function objects(
  folder: string,
  file: Importable | undefined,
): Promise<{ descriptions: Descriptions; truths: Truth[] }> {
  const photos = join(folder, 'photos');
  for (const set of SETS) {
    mkdirSync(join(photos, set), { recursive: true });
    const source = sharedPath('data', set, 'images');
    for (const name of readdirSync(source)) copyFileSync(join(source, name), join(photos, set, name));
  }
  const { service, client } = openService(join(folder, 'data'));
  using _service = service;
  const added = await client.collections.add({ path: photos });
  await untilDone(client, added.job.id);
  const model = file === undefined ? undefined : await client.models.import({ ...file, acceptTerms: true });
  const settings = SegmentSettings.parse({ keepsRegions: false });
  const { segmentation, job } = await client.segmentations.start({
    collectionId: added.collection.id,
    settings,
    ...(model && { modelId: model.id }),
  });
  await untilDone(client, job.id);
  await untilDone(client, (await client.similar.describe({ id: segmentation.id })).id);
  const descriptions = await readDescriptions(segmentationFiles(service.layout, segmentation.id).vectors);
  if (!descriptions) throw new Error('nothing was described');
  return { descriptions, truths: await truthsOf(client, segmentation.id, descriptions) };
}

async function truthsOf(client: Client, id: SegmentationId, { maskIds }: Descriptions): Promise<Truth[]> {
  const rows = new Map<number, number>();
  maskIds.forEach((maskId, row) => rows.set(maskId, row));
  const truths: Truth[] = [];
  const { items } = await client.segmentations.galleryIds({ id, limit: 5_000 });
  for (const imageId of items) {
    const [tile] = await client.segmentations.galleryTiles({ id, imageIds: [imageId] });
    if (!tile) continue;
    const [set = ''] = tile.relPath.split('/');
    const file = sharedPath('data', set, 'masks', basename(tile.relPath).replace(/\.\w+$/, '.png'));
    const truth = await sharp(file).extractChannel(0).raw().toBuffer();
    for (const mask of await client.masks.ofImage({ id, imageId })) {
      const row = rows.get(mask.id);
      if (row === undefined || mask.level !== 0) continue;
      const { gridWidth, gridHeight } = mask;
      const { data } = decodeRle({ gridWidth, gridHeight, rle: Buffer.from(mask.counts, 'latin1') });
      const { share, iou } = overlap(data, truth);
      const isForeground = share >= IS_FOREGROUND;
      const isRight = set === 'pets' ? iou >= IS_ACCEPTED : isForeground;
      truths.push({ row, image: tile.relPath, label: isForeground ? 1 + SETS.indexOf(set) : 0, isRight });
    }
  }
  return truths;
}

/** 128 is ignored. */
function overlap(mask: Uint8Array, truth: Uint8Array): { share: number; iou: number } {
  let [both, inside, either] = [0, 0, 0];
  for (let at = 0; at < mask.length; at++) {
    if (truth[at] === 128) continue;
    const [one, other] = [mask[at] === 1, truth[at] === 255];
    both += Number(one && other);
    inside += Number(one);
    either += Number(one || other);
  }
  return { share: both / Math.max(inside, 1), iou: both / Math.max(either, 1) };
}

async function measure(descriptions: Descriptions, truths: readonly Truth[], count: number) {
  const kinds = { concept: { classes: 1 + SETS.length }, review: { classes: 2 } };
  const labelOf = (truth: Truth, kind: keyof typeof kinds) =>
    kind === 'concept' ? truth.label : Number(truth.isRight);
  const row: Record<string, string | number> = { corrections: count };
  for (const [kind, { classes }] of Object.entries(kinds) as [keyof typeof kinds, { classes: number }][]) {
    const sums = { learned: 0, all: 0, sure: 0, covered: 0, baseline: 0 };
    for (let draw = 0; draw < DRAWS; draw++) {
      const random = randomFrom(draw + 1);
      const chosen = truths
        .map((truth) => ({ truth, place: random() }))
        .sort((a, b) => a.place - b.place)
        .slice(0, count)
        .map(({ truth }) => truth);
      const corrected = new Set(chosen.map(({ image }) => image));
      const others = truths.filter(({ image }) => !corrected.has(image));
      const decisions = chosen.map((truth): Decision => ({ row: truth.row, label: labelOf(truth, kind) }));
      const counts = Array.from(
        { length: classes },
        (_, label) => others.filter((one) => labelOf(one, kind) === label).length,
      );
      sums.baseline += Math.max(...counts) / others.length;
      const classifier = await fitClassifier(descriptions, decisions, { classes });
      if (!classifier) continue;
      sums.learned++;
      const predictions = await classifier.predict(Int32Array.from(others, (truth) => truth.row));
      const predicted = predictions.map(({ label, confidence }, at) => {
        const truth = others[at];
        const isRight = truth !== undefined && label === labelOf(truth, kind);
        return { isRight, isSure: confidence >= classifier.minConfidence };
      });
      const sure = predicted.filter(({ isSure }) => isSure);
      sums.all += predicted.filter(({ isRight }) => isRight).length / others.length;
      sums.sure += sure.filter(({ isRight }) => isRight).length / Math.max(sure.length, 1);
      sums.covered += sure.length / others.length;
    }
    const mean = (sum: number, over: number) => (over === 0 ? '-' : Number((sum / over).toFixed(3)));
    row[`${kind}: draws with a proposal`] = `${sums.learned} of ${DRAWS}`;
    row[`${kind}: right of proposed`] = mean(sums.sure, sums.learned);
    row[`${kind}: share proposed`] = mean(sums.covered, sums.learned);
    row[`${kind}: right of all`] = mean(sums.all, sums.learned);
    row[`${kind}: commonest`] = mean(sums.baseline, DRAWS);
  }
  return row;
}
