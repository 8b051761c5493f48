import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImageId, MaskId } from '../../src-main/contract/ids.ts';
import { writeDescriptions } from '../../src-main/core/segment/describe/description-file.ts';
import { describeMachine, type BenchReport } from './bench-report.ts';
import { openService } from './bench-service.ts';
import { randomFrom } from './quick-random.ts';

/** Colour, outline, and 64 axes of an encoder's features. */
const DIM = 77;
const MASKS_PER_IMAGE = 3;
const COUNTS = [300_000, 1_000_000];
const QUERIES = 40;
const LIMIT = 500;
const MAX_MS = 100;

/**
 * Times the search for similar objects and images, from the service's call to its answer: the first one, which reads the
 * vectors into the worker, and those that follow. Needs `npm run build`.
 * @param args `--count N` for another number of objects
 */
export async function run(args: string[]): Promise<BenchReport> {
  const counts = args.includes('--count') ? [Number(args[args.indexOf('--count') + 1])] : COUNTS;
  const folder = mkdtempSync(join(tmpdir(), 'r2o-bench-'));
  try {
    const rows = [];
    for (const count of counts) rows.push(await measure(folder, count));
    const first = rows[0];
    return {
      benchmark: 'similar',
      machine: describeMachine(),
      tables: [{ title: `The ${LIMIT} most similar by exact search, vectors of ${DIM} numbers`, rows }],
      ratios: first ? { objectsP95MsOver100Ms: Number((first['objects p95 ms'] / MAX_MS).toFixed(2)) } : {},
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string, count: number) {
  const vectorsFile = join(folder, `${count}.vectors`);
  await writeVectors(vectorsFile, count);
  const { service } = openService(join(folder, `data-${count}`));
  using _service = service;
  const search = async (of: { imageId: ImageId } | { maskId: MaskId }) => {
    const startMs = performance.now();
    await service.calls.call({ kind: 'find-similar', vectorsFile, of, limit: LIMIT });
    return performance.now() - startMs;
  };
  const firstMs = await search({ maskId: MaskId.parse(1) });
  const [objects, images]: [number[], number[]] = [[], []];
  for (let query = 0; query < QUERIES; query++) {
    const place = 1 + Math.floor((query * count) / QUERIES);
    objects.push(await search({ maskId: MaskId.parse(place) }));
    images.push(await search({ imageId: ImageId.parse(Math.ceil(place / MASKS_PER_IMAGE)) }));
  }
  return {
    objects: count,
    images: Math.ceil(count / MASKS_PER_IMAGE),
    'file MiB': Math.round(statSync(vectorsFile).size / 2 ** 20),
    'first search ms': Math.round(firstMs),
    'objects p50 ms': quantile(objects, 0.5),
    'objects p95 ms': quantile(objects, 0.95),
    'images p50 ms': quantile(images, 0.5),
    'images p95 ms': quantile(images, 0.95),
  };
}

/** Objects of images one after the other, each image behind its objects. */
async function writeVectors(file: string, objects: number): Promise<void> {
  const images = Math.ceil(objects / MASKS_PER_IMAGE);
  const count = objects + images;
  const random = randomFrom(1);
  const vectors = new Float32Array(count * DIM);
  for (let at = 0; at < vectors.length; at++) vectors[at] = random() - 0.5;
  for (let row = 0; row < count; row++) {
    const vector = vectors.subarray(row * DIM, (row + 1) * DIM);
    const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    for (let d = 0; d < DIM; d++) vector[d] = (vector[d] ?? 0) / length;
  }
  await writeDescriptions(file, {
    model: { mean: new Float64Array(13), deviation: new Float64Array(13), features: null },
    dim: DIM,
    vectors,
    maskIds: Int32Array.from({ length: count }, (_, row) => (row < objects ? row + 1 : 0)),
    imageIds: Int32Array.from({ length: count }, (_, row) =>
      row < objects ? 1 + Math.floor(row / MASKS_PER_IMAGE) : row - objects + 1,
    ),
    revisions: new Int32Array(count).fill(1),
    levels: new Uint8Array(count),
  });
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Number((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1));
}
