import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import type { SegmentationId } from '../../src-main/contract/ids.ts';
import { layOut } from '../../src-main/core/segment/map/lay-out.ts';
import { segmentationFiles } from '../../src-main/domain/data-layout.ts';
import { packMap } from '../../src-main/domain/laid-map.ts';
import { startServer } from '../../src-main/host/server/server.ts';
import type { Service } from '../../src-main/service/service.ts';
import { launchChromium } from '../support/chromium.ts';
import { manyImages } from '../support/many-images.ts';
import { manyMasks } from '../support/many-masks.ts';
import { describeMachine, type BenchReport } from './bench-report.ts';
import { openService } from './bench-service.ts';
import { summary } from './gallery-reads.ts';
import { randomFrom } from './quick-random.ts';

/** Colour, outline, and 64 axes of an encoder's features. */
const DIM = 77;
const COUNTS = [1_000, 10_000, 100_000];
const MASKS_PER_IMAGE = 3;
const SHOWN = 100_000;
const CLUSTERS = 20;
const FRAMES = 240;
const FRAME_MS = 1_000 / 60;
const pageFolder = resolve(import.meta.dirname, '../../out/renderer');

type Row = Record<string, string | number>;

/**
 * What laying out a map costs, in processor time, and how fast one of 100,000 points is drawn while it is zoomed, in
 * Chromium. Needs `npm run build`.
 * @param args `--count N` for layouts of another size, `--page` for only the drawing, `--layout` for only the layout
 */
export async function run(args: string[]): Promise<BenchReport> {
  const counts = args.includes('--count') ? [Number(args[args.indexOf('--count') + 1])] : COUNTS;
  const layouts: Row[] = [];
  if (!args.includes('--page')) for (const count of counts) layouts.push(await measureLayout(count));
  const drawing = args.includes('--layout') ? undefined : await measureDrawing();
  return {
    benchmark: 'map',
    machine: describeMachine(),
    tables: [
      ...(layouts.length > 0 ? [{ title: `Layouts of vectors of ${DIM} numbers`, rows: layouts }] : []),
      ...(drawing ? [{ title: `A map of ${SHOWN} points in Chromium`, rows: [drawing] }] : []),
    ],
    ratios: drawing
      ? { p95FrameVs60Hz: Number((Number(drawing['frame p95 ms']) / FRAME_MS).toFixed(2)) }
      : {},
  };
}

async function measureLayout(count: number): Promise<Row> {
  const vectors = clusteredVectors(count);
  const startS = cpuSeconds();
  let foundS = startS;
  let peakBytes = 0;
  await layOut(
    { vectors, dim: DIM },
    {
      cores: describeMachine().cores,
      onNeighbours: () => undefined,
      onRound: ({ done }) => {
        if (done === 1) foundS = cpuSeconds();
        peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
      },
    },
  );
  return {
    objects: count,
    'neighbours CPU s': Number((foundS - startS).toFixed(1)),
    'rounds CPU s': Number((cpuSeconds() - foundS).toFixed(1)),
    'peak MiB': Math.round(peakBytes / 2 ** 20),
  };
}

/** Vectors of length 1 around some centres, in turn. */
function clusteredVectors(count: number): Float32Array {
  const random = randomFrom(1);
  const centres = Float32Array.from({ length: CLUSTERS * DIM }, () => random() * 2 - 1);
  const vectors = new Float32Array(count * DIM);
  for (let row = 0; row < count; row++) {
    const vector = vectors.subarray(row * DIM, (row + 1) * DIM);
    for (let d = 0; d < DIM; d++)
      vector[d] = (centres[(row % CLUSTERS) * DIM + d] ?? 0) + (random() - 0.5) * 1.5;
    const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    for (let d = 0; d < DIM; d++) vector[d] = (vector[d] ?? 0) / length;
  }
  return vectors;
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function measureDrawing(): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'r2o-bench-'));
  const { service } = openService(join(folder, 'data'));
  using _service = service;
  const id = manyMasks(service, await manyImages(service, Math.ceil(SHOWN / MASKS_PER_IMAGE)));
  writeClusteredMap(service, id);
  const server = await startServer({ service, port: 0, pageFolder });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
    await page.goto(server.newPageUrl());
    await page.getByRole('link', { name: 'Masks' }).click();
    const startMs = performance.now();
    await page.getByRole('button', { name: 'Map', exact: true }).click();
    await page.getByRole('application').waitFor({ timeout: 120_000 });
    const openedMs = performance.now() - startMs;
    const { times, renderer } = await zoomInAndOut(page);
    const { 'p50 ms': p50, 'p99 ms': p99 } = summary(times);
    const p95 = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? 0;
    return {
      renderer,
      'opened after ms': Math.round(openedMs),
      'frame p50 ms': p50,
      'frame p95 ms': Number(p95.toFixed(1)),
      'frame p99 ms': p99,
    };
  } finally {
    await browser.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A map as the job would have laid it out, with a cloud for each cluster. */
function writeClusteredMap({ layout }: Service, id: SegmentationId): void {
  const random = randomFrom(3);
  const places = Float32Array.from({ length: SHOWN * 2 }, (_, at) => {
    const cluster = Math.floor(at / 2) % CLUSTERS;
    const angle = (cluster / CLUSTERS) * 2 * Math.PI;
    const middle = 0.7 * (at % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
    return middle + 0.15 * (random() + random() - 1);
  });
  const none = { maskIds: new Int32Array(), imageIds: new Int32Array(), places: new Float32Array() };
  const maskIds = Int32Array.from({ length: SHOWN }, (_, at) => at + 1);
  const imageIds = maskIds.map((maskId) => Math.ceil(maskId / MASKS_PER_IMAGE));
  const { map } = segmentationFiles(layout, id);
  mkdirSync(dirname(map), { recursive: true });
  const objects = { maskIds, imageIds, places };
  writeFileSync(map, packMap({ key: '', describedAtMs: 0, laidOutAtMs: 1, objects, images: none }));
}

/** Times between two frames while the wheel turns in each of them. */
async function zoomInAndOut(page: Page): Promise<{ times: number[]; renderer: string }> {
  return page.getByRole('application').evaluate(async (surface, frames) => {
    const { left, top, width, height } = surface.getBoundingClientRect();
    const [clientX, clientY] = [left + width * 0.4, top + height * 0.4];
    const times: number[] = [];
    let before = await new Promise<number>(requestAnimationFrame);
    for (let frame = 0; frame < frames; frame++) {
      const deltaY = frame % 80 < 40 ? -60 : 60;
      surface.dispatchEvent(
        new WheelEvent('wheel', { deltaY, clientX, clientY, bubbles: true, cancelable: true }),
      );
      const now = await new Promise<number>(requestAnimationFrame);
      times.push(now - before);
      before = now;
    }
    const gl = document.querySelector('canvas')?.getContext('webgl2');
    const facts = gl?.getExtension('WEBGL_debug_renderer_info');
    const renderer: unknown = facts ? gl?.getParameter(facts.UNMASKED_RENDERER_WEBGL) : undefined;
    return { times, renderer: typeof renderer === 'string' ? renderer : 'no WebGL' };
  }, FRAMES);
}
