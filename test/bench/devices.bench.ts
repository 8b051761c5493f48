import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { PretrainOverrides } from '../../src-main/contract/pretrain.ts';
import type { Device } from '../../src-main/contract/system.ts';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import { describeMachine, type BenchReport } from './bench-report.ts';
import { openService, untilDone } from './bench-service.ts';
import { familyUse } from './process-family.ts';

const IMAGES = 32;
/** The one that the others are compared with. */
const REFERENCE = 'onnx:cpu';
/** For memory and losses, not for speed. */
const SMALL = { encoder: 'resnet18-half', viewPx: 64, batchSize: 2 } as const;
/** Steps until which everything is allocated that is needed once, as a share of all. */
const WARM_UP = 0.2;
const SAMPLE_MS = 200;
const SIZES = [
  { what: 'ResNet-18, 128 px, batches of 16', encoder: 'resnet18', viewPx: 128, batchSize: 16, steps: 12 },
  { what: 'ResNet-50, 224 px, batches of 8', encoder: 'resnet50', viewPx: 224, batchSize: 8, steps: 6 },
] as const;

type Opened = ReturnType<typeof openService>;
type Row = Record<string, string | number>;

/**
 * All devices that this machine has, one after the other and unattended: what the probe says of each, then one long run of a tiny
 * network (does memory grow, do the losses agree), then, with `--sizes`, the speed of the two usual sizes. Flags: `--steps N` (1000),
 * `--devices A,B` (all usable ones but `tfjs:cpu`), `--installed FOLDER` (a data folder in which `r2o devices install` was
 * run), `--sizes`.
 */
export async function run(args: readonly string[]): Promise<BenchReport> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { steps: text, devices: text, installed: text, sizes: { type: 'boolean' } },
  });
  const folder = mkdtempSync(join(tmpdir(), 'r2o-bench-'));
  try {
    if (values.installed !== undefined) useInstalled(values.installed, join(folder, 'data'));
    await writeScenes(folder, { count: IMAGES, seed: 4 });
    const opened = openService(join(folder, 'data'));
    using _ = opened.service;
    const devices = await opened.client.system.devices();
    const ids = values.devices?.split(',') ?? usable(devices);
    const { collection, job } = await opened.client.collections.add({ path: join(folder, 'images') });
    await untilDone(opened.client, job.id);
    const steps = Number(values.steps ?? 1_000);
    const long: LongRun[] = [];
    for (const device of ids)
      long.push(await longRun(opened, { collectionId: collection.id, device, steps }));
    const sizes = values.sizes ? await sizeRows(opened, { collectionId: collection.id, ids }) : [];
    return {
      benchmark: 'devices',
      machine: describeMachine(),
      tables: [
        { title: 'devices', rows: devices.map(probeRow) },
        { title: `${steps} steps: ${SMALL.encoder}, ${SMALL.viewPx} px`, rows: longRows(long) },
        ...(sizes.length === 0 ? [] : [{ title: 'images/s in training', rows: sizes }]),
      ],
      ratios: Object.fromEntries(long.map(({ device, growthMiB }) => [`growthMiB ${device}`, growthMiB])),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** TensorFlow and PyTorch as another data folder has them. */
function useInstalled(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of ['torch', 'tensorflow']) {
    const installed = resolve(from, name);
    if (existsSync(installed)) symlinkSync(installed, join(to, name));
  }
}

/** Without the plain JavaScript one, which takes minutes a step. */
const usable = (devices: readonly Device[]) =>
  devices.filter(({ id, isAvailable }) => isAvailable && id !== 'tfjs:cpu').map(({ id }) => id);

const probeRow = ({ id, name, isAvailable, gflops, reason, onCpu }: Device): Row => ({
  device: id,
  name,
  'GFLOP/s': gflops === null ? '' : Number(gflops.toFixed(1)),
  'on the CPU instead': onCpu === null ? '' : `${onCpu.count} of ${onCpu.total}`,
  problem: isAvailable ? '' : (reason ?? ''),
});

type LongRun = { device: string; imagesPerS: number; peakMiB: number; growthMiB: number; losses: number[] };

async function longRun(
  { service, client }: Opened,
  { collectionId, device, steps }: { collectionId: number; device: string; steps: number },
): Promise<LongRun> {
  const { run, job } = await client.runs.start({
    collectionId,
    device,
    overrides: overridesOf(SMALL, steps),
  });
  const samples: { share: number; residentMiB: number }[] = [];
  for (let isDone = false; !isDone;) {
    const { state, error, progress } = await client.jobs.get({ id: job.id });
    if (error) throw new Error(`${device}: ${error.message}`);
    isDone = state === 'done';
    const { residentMiB } = familyUse(service.queue.workerPid);
    const share = progress?.phase === 'pretraining' && progress.total ? progress.done / progress.total : 0;
    if (residentMiB > 0) samples.push({ share, residentMiB });
    await new Promise((done) => setTimeout(done, SAMPLE_MS));
  }
  const between = (from: number, to: number) =>
    median(samples.filter(({ share }) => share >= from && share < to).map(({ residentMiB }) => residentMiB));
  return {
    device,
    imagesPerS: await speedOf({ client }, run.id),
    peakMiB: Math.max(...samples.map(({ residentMiB }) => residentMiB)),
    growthMiB: round(between(0.85, 0.99) - between(WARM_UP, WARM_UP + 0.15)),
    losses: await curveOf({ client }, run.id, 'loss'),
  };
}

/** Losses part slowly, as rounding differs: the first ten steps are comparable. */
function longRows(runs: readonly LongRun[]): Row[] {
  const reference = runs.find(({ device }) => device === REFERENCE)?.losses;
  return runs.map(({ device, imagesPerS, peakMiB, growthMiB, losses }) => ({
    device,
    'images/s': imagesPerS,
    'peak MiB': Math.round(peakMiB),
    'growth MiB': growthMiB,
    'last loss': Number((losses.at(-1) ?? NaN).toFixed(4)),
    'largest difference of loss, 10 steps': reference
      ? Math.max(
          ...losses.slice(0, 10).map((loss, at) => Math.abs(loss - (reference[at] ?? NaN))),
        ).toExponential(1)
      : '',
  }));
}

async function sizeRows(
  { client }: Opened,
  { collectionId, ids }: { collectionId: number; ids: readonly string[] },
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { what, steps, ...size } of SIZES) {
    const row: Row = { what };
    for (const device of ids) {
      const { run, job } = await client.runs.start({
        collectionId,
        device,
        overrides: overridesOf(size, steps),
      });
      await untilDone(client, job.id);
      row[device] = await speedOf({ client }, run.id);
    }
    rows.push(row);
  }
  return rows;
}

function overridesOf(
  size: Pick<PretrainOverrides, 'encoder' | 'viewPx'> & { batchSize: number },
  steps: number,
): PretrainOverrides {
  return {
    ...size,
    kSchedule: { type: 'constant', epochs: [1], values: [8] },
    epochs: Math.ceil((steps * size.batchSize) / IMAGES),
    previews: 0,
  };
}

async function curveOf(
  { client }: Pick<Opened, 'client'>,
  id: number,
  name: 'loss' | 'imagesPerS',
): Promise<number[]> {
  const [curve] = await client.runs.curves({ id, names: [name], maxPoints: 10_000 });
  return curve?.points.map(([, value]) => value) ?? [];
}

/** Images of all steps by the time of all steps, without the first, which compiles. */
async function speedOf(opened: Pick<Opened, 'client'>, id: number): Promise<number> {
  const rates = (await curveOf(opened, id, 'imagesPerS')).slice(1);
  return round(rates.length / rates.reduce((sum, rate) => sum + 1 / rate, 0));
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
const round = (value: number) => Number(value.toFixed(2));
