import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Client } from '../../src-main/contract/contract.ts';
import type { ModelId } from '../../src-main/contract/ids.ts';
import {
  SegmentSettings,
  type Evaluation,
  type ForegroundNote,
} from '../../src-main/contract/segmentation.ts';
import { sharedPath } from '../support/shared.ts';
import { describeMachine, type BenchReport } from './bench-report.ts';
import { openService, untilDone } from './bench-service.ts';

/** In this order: what an earlier set taught an encoder may be used for a later one. */
const SETS = ['pets', 'coco', 'nuclei'] as const;
type Set = (typeof SETS)[number];

type Encoder = { name: string; modelId: ModelId | null };
type Result = {
  set: string;
  encoder: string;
  totals: Evaluation['totals'];
  objects: Evaluation['objects'];
  note: ForegroundNote | null;
  imagesPerS: number;
};

/** What the app trains on varied photos, all of half a ResNet-18: by regions, by masks, and by masks after regions. */
const TRAININGS = [
  { name: 'R2O', preset: 'quick', parent: null },
  { name: 'masks preset', preset: 'masks', parent: null },
  { name: 'masks preset from R2O', preset: 'masks', parent: 'R2O' },
] as const;

/**
 * What encoders do for the masks: each set of `shared/data`, or those of `--sets`, segmented with default settings without an encoder, with an
 * untrained one, and with those that are given, and compared with the ground truth. Ratios are IoUs over that of the plain
 * cut, and images per second with an encoder over those without. Needs `npm run build`.
 * @param args files of encoders to import, such as the stand-in, or weights of a run; `--photos FOLDER` trains encoders on
 *   the photos of a folder first, for some twenty minutes of CPU time with a thousand photos; `--sets coco,nuclei` measures
 *   these sets only, and `--epochs 1` trains shortly, to see that it works
 */
export async function run(args: string[]): Promise<BenchReport> {
  const folder = mkdtempSync(join(tmpdir(), 'r2o-bench-'));
  const { service, client } = openService(join(folder, 'data'));
  try {
    const results: Result[] = [];
    const { sets, ...wanted } = optionsOf(args);
    const encoders = await encodersOf(client, wanted);
    for (const set of sets) {
      const added = await client.collections.add({ path: sharedPath('data', set, 'images') });
      await untilDone(client, added.job.id);
      for (const encoder of encoders) {
        results.push(await measure(client, { set, encoder, collectionId: added.collection.id }));
      }
    }
    return {
      benchmark: 'masks',
      machine: describeMachine(),
      tables: [{ title: 'Masks by encoder', rows: results.map(rowOf) }],
      ratios: ratiosOf(results),
    };
  } finally {
    service[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Options = Wanted & { sets: readonly Set[] };
type Wanted = Training & { photos: string | undefined; files: readonly string[] };
/** Epochs of each training; as many as the presets say where left out. */
type Training = { epochs?: number };

function optionsOf(args: readonly string[]): Options {
  const text = { type: 'string' } as const;
  const options = { photos: text, sets: text, epochs: text };
  const { values, positionals: files } = parseArgs({ args: [...args], options, allowPositionals: true });
  const named = values.sets?.split(',') ?? SETS;
  const unknown = named.find((name) => !SETS.some((set) => set === name));
  if (unknown !== undefined) throw new Error(`--sets ${unknown}: the sets are ${SETS.join(', ')}`);
  const { photos, epochs } = values;
  const sets = SETS.filter((set) => named.includes(set));
  return { sets, photos, files, ...(epochs !== undefined && { epochs: Number(epochs) }) };
}

async function encodersOf(client: Client, { photos, files, ...training }: Wanted): Promise<Encoder[]> {
  const untrained = await client.models.addUntrained({ architecture: 'resnet18' });
  const encoders: Encoder[] = [
    { name: 'none', modelId: null },
    { name: 'untrained', modelId: untrained.id },
  ];
  for (const file of files) {
    const { id, name } = await client.models.import({ path: resolve(file) });
    encoders.push({ name, modelId: id });
  }
  if (photos !== undefined) encoders.push(...(await trainedOn(client, photos, training)));
  return encoders;
}

/** Encoders that the app trains on a folder of varied photos, as its presets do. */
async function trainedOn(client: Client, photos: string, training: Training): Promise<Encoder[]> {
  const { collection, job: scan } = await client.collections.add({ path: resolve(photos) });
  await untilDone(client, scan.id);
  const trained: Encoder[] = [];
  for (const { name, preset, parent } of TRAININGS) {
    const fromModelId = trained.find((encoder) => encoder.name === parent)?.modelId;
    const { run, job } = await client.runs.start({
      collectionId: collection.id,
      preset,
      device: 'onnx:cpu',
      ...(fromModelId && { fromModelId }),
      overrides: { ...training, ...(preset === 'quick' && { encoder: 'resnet18-half', previews: 0 }) },
    });
    await untilDone(client, job.id);
    const model = (await client.models.list()).find(({ runId }) => runId === run.id);
    trained.push({ name, modelId: model?.id ?? null });
  }
  return trained;
}

type Measurement = {
  set: Set;
  encoder: Encoder;
  collectionId: Awaited<ReturnType<Client['collections']['add']>>['collection']['id'];
};

async function measure(client: Client, { set, encoder, collectionId }: Measurement): Promise<Result> {
  const startMs = performance.now();
  const { segmentation, job } = await client.segmentations.start({
    collectionId,
    ...(encoder.modelId === null ? {} : { modelId: encoder.modelId }),
    settings: SegmentSettings.parse({}),
    device: 'onnx:cpu',
  });
  await untilDone(client, job.id);
  const seconds = (performance.now() - startMs) / 1_000;
  const { totals, objects } = await client.segmentations.evaluate({
    id: segmentation.id,
    // With the single objects, where they are labelled.
    truth: sharedPath('data', set),
  });
  const { foreground } = await client.segmentations.get({ id: segmentation.id });
  return {
    set,
    encoder: encoder.name,
    totals,
    objects,
    note: foreground,
    imagesPerS: totals.imageCount / seconds,
  };
}

function rowOf(result: Result): Record<string, string | number> {
  const { set, encoder, totals, objects, note, imagesPerS } = result;
  return {
    set,
    encoder,
    way: note?.way ?? '-',
    agreement: shown(note?.agreement),
    IoU: shown(totals.iou),
    CorLoc: shown(totals.corLoc),
    'boundary F': shown(totals.boundaryF),
    'better half': shown(totals.iouTopHalf),
    'worse half': shown(totals.iouBottomHalf),
    recall: shown(objects?.recall),
    AP: shown(objects?.averagePrecision),
    'images/s': Number(imagesPerS.toPrecision(3)),
  };
}

function ratiosOf(results: readonly Result[]): Record<string, number> {
  const ratios: Record<string, number> = {};
  for (const set of SETS) {
    const [plain, ...others] = results.filter((result) => result.set === set);
    for (const { encoder, totals, imagesPerS } of others) {
      if (!plain?.totals.iou || totals.iou === null) continue;
      ratios[`iou/${set}/${encoder}`] = Number((totals.iou / plain.totals.iou).toFixed(3));
      ratios[`speed/${set}/${encoder}`] = Number((imagesPerS / plain.imagesPerS).toFixed(3));
    }
  }
  return ratios;
}

const shown = (value: number | null | undefined) => (value == null ? '-' : Number(value.toFixed(3)));
