import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeDescriptions } from '../../../src-main/core/segment/describe/description-file.ts';
import { segmentationFiles } from '../../../src-main/domain/data-layout.ts';
import { manyImages } from '../../support/many-images.ts';
import { manyMasks } from '../../support/many-masks.ts';
import { openService } from '../bench-service.ts';
import { randomFrom } from '../quick-random.ts';

/** Colour, outline, and 64 axes of an encoder's features. */
const DIM = 77;
const MASKS_PER_IMAGE = 3;
/** Objects look like one of so many things. */
const KINDS = 40;
const READS = 40;

/** Times what is read and computed for a queue of reviews and a check of a segmentation of many images. */
export async function timeLargeLists(images: number) {
  const folder = mkdtempSync(join(tmpdir(), 'r2o-bench-'));
  try {
    const { service, client } = openService(join(folder, 'data'));
    using _service = service;
    const id = manyMasks(service, await manyImages(service, images));
    const count = images * MASKS_PER_IMAGE;
    await describe(segmentationFiles(service.layout, id).vectors, count);
    const job = service.queue.enqueue({ kind: 'describe', segmentationId: id }, 'Describe');
    service.store.descriptions.setJob(id, job.id);
    service.store.descriptions.finish(id, { maskCount: count, imageCount: images, skippedCount: 0 }, 1);
    await client.jobs.cancel({ id: job.id });
    const timed = async (work: () => Promise<unknown>) => {
      const startMs = performance.now();
      await work();
      return performance.now() - startMs;
    };
    const many = async (work: () => Promise<unknown>) => {
      const times: number[] = [];
      for (let read = 0; read < READS; read++) times.push(await timed(work));
      return Number((times.sort((a, b) => a - b)[Math.floor(0.95 * READS)] ?? 0).toFixed(1));
    };
    const roundMs = await timed(() => client.reviewQueue.advance({ id }));
    const queueMs = await many(() => client.reviewQueue.get({ id }));
    const checkMs = await timed(() => client.health.check({ id }));
    const listMs = await many(() => client.health.list({ id, list: 'concepts', limit: 500 }));
    return {
      images,
      objects: count,
      'next round s': Number((roundMs / 1_000).toFixed(1)),
      'queue p95 ms': queueMs,
      'check s': Number((checkMs / 1_000).toFixed(1)),
      'list p95 ms': listMs,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Vectors around some directions, one for each mask. */
async function describe(file: string, count: number): Promise<void> {
  const random = randomFrom(1);
  const centres = Float32Array.from({ length: KINDS * DIM }, () => random() - 0.5);
  const vectors = new Float32Array(count * DIM);
  for (let row = 0; row < count; row++) {
    const kind = Math.floor(random() * KINDS);
    const vector = vectors.subarray(row * DIM, (row + 1) * DIM);
    for (let d = 0; d < DIM; d++) vector[d] = (centres[kind * DIM + d] ?? 0) + 0.3 * (random() - 0.5);
    const length = Math.hypot(...vector);
    for (let d = 0; d < DIM; d++) vector[d] = (vector[d] ?? 0) / length;
  }
  await writeDescriptions(file, {
    model: { mean: new Float64Array(13), deviation: new Float64Array(13), features: null },
    dim: DIM,
    vectors,
    maskIds: Int32Array.from({ length: count }, (_, row) => row + 1),
    imageIds: Int32Array.from({ length: count }, (_, row) => 1 + Math.floor(row / MASKS_PER_IMAGE)),
    revisions: new Int32Array(count).fill(1),
    levels: new Uint8Array(count),
  });
}
