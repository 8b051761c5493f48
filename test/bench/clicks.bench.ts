import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { bundle } from '../support/run-bundled.ts';
import { describeMachine, type BenchReport } from './bench-report.ts';
import type { MeasuredClicks, MeasureOptions, Played } from './clicks/measured.ts';
import { GOAL, MAX_CLICKS } from './clicks/protocol.ts';

/**
 * Clicks to an IoU of 0.85, simulated from the truth of `shared/data`: the next click is at the centre of the largest region
 * of errors, at most 20. Against a brush (brush.ts) and, with `--python`, OpenCV's GrabCut. And the time of a click on 12
 * megapixels. Ratios are the mean numbers of clicks of the others over those of the app.
 * @param args `--encoder FILE.onnx`; `--python PYTHON` that has cv2; `--every N` photos only; `--ablate` leaves out each part once
 */
export async function run(args: string[]): Promise<BenchReport> {
  const folder = mkdtempSync(join(tmpdir(), 'r2o-clicks-'));
  try {
    const value = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
    const encoder = value('--encoder');
    const { played, timed, list } = await measure({
      encoder: encoder === undefined ? null : resolve(encoder),
      every: Number(value('--every') ?? 1),
      folder,
      isAblated: args.includes('--ablate'),
    });
    const python = value('--python');
    if (python !== undefined)
      played.push(...grabCut(python, list, 'clicks'), ...grabCut(python, list, 'box'));
    const rows = [...Map.groupBy(played, ({ way, set }) => `${way}/${set}`).values()].map(rowOf);
    return {
      benchmark: 'clicks',
      machine: describeMachine(),
      tables: [
        { title: `Clicks to an IoU of ${GOAL}`, rows },
        { title: 'Photos of 12 megapixels, ms', rows: Object.entries(timed).map(timeRow) },
      ],
      ratios: ratiosOf(rows, encoder !== undefined),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(options: MeasureOptions): Promise<MeasuredClicks> {
  const { script, remove } = await bundle('test/bench/clicks/measure.ts');
  try {
    const { stdout, stderr, status } = spawnSync(process.execPath, [script, JSON.stringify(options)], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    if (status !== 0) throw new Error(`the measurement ended with ${status}: ${stderr}`);
    return JSON.parse(stdout) as MeasuredClicks;
  } finally {
    remove();
  }
}

function grabCut(python: string, list: MeasuredClicks['list'], mode: 'clicks' | 'box'): Played[] {
  const script = resolve(import.meta.dirname, 'clicks/grabcut.py');
  const { stdout, stderr, status } = spawnSync(python, [script, mode], {
    encoding: 'utf8',
    input: JSON.stringify(list),
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`GrabCut ended with ${status}: ${stderr}`);
  const way = mode === 'box' ? 'GrabCut, box, then clicks' : 'GrabCut, clicks';
  return (JSON.parse(stdout) as number[][]).map((ious, at) => ({ way, set: list[at]?.set ?? '', ious }));
}

type Row = { way: string; set: string; objects: number; 'NoC@85': number } & Record<string, string | number>;

function rowOf(played: Played[]): Row {
  const { way, set } = played[0] ?? { way: '', set: '' };
  const clicks = played.map(({ ious }) => {
    const at = ious.findIndex((iou) => iou >= GOAL);
    return at < 0 ? MAX_CLICKS : at + 1;
  });
  const never = played.filter(({ ious }) => ious.every((iou) => iou < GOAL)).length;
  const after = (count: number) =>
    mean(played.map(({ ious }) => ious[Math.min(count, ious.length) - 1] ?? 0));
  return {
    way,
    set,
    objects: played.length,
    'NoC@85': round(mean(clicks)),
    'never, %': round((100 * never) / played.length),
    'IoU after 1': round(after(1)),
    'IoU after 3': round(after(3)),
  };
}

function timeRow([what, times]: [string, number[]]): Record<string, string | number> {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  return { what, count: sorted.length, p50: at(0.5), p95: at(0.95) };
}

function ratiosOf(rows: readonly Row[], hasEncoder: boolean): Record<string, number> {
  const own = hasEncoder ? 'clicks, encoder' : 'clicks, no encoder';
  const pairs = rows.flatMap(({ way, set, 'NoC@85': clicks }) => {
    const base = rows.find((row) => row.way === own && row.set === set);
    return base && way !== own ? [[`${set}/${way}`, round(clicks / base['NoC@85'])] as const] : [];
  });
  return Object.fromEntries(pairs);
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const round = (value: number) => Number(value.toFixed(3));
