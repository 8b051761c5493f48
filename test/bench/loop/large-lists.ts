import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '../../../src-main/contract/contract.ts';
import { MaskId, type SegmentationId } from '../../../src-main/contract/ids.ts';
import { writeDescriptions } from '../../../src-main/core/segment/describe/description-file.ts';
import { segmentationFiles } from '../../../src-main/domain/data-layout.ts';
import type { Service } from '../../../src-main/service/service.ts';
import { manyImages } from '../../support/many-images.ts';
import { manyMasks } from '../../support/many-masks.ts';
import type { BenchReport } from '../bench-report.ts';
import { openService } from '../bench-service.ts';
import { measureLoop } from '../loop-delay.ts';
import { familyUse } from '../process-family.ts';
import { randomFrom } from '../quick-random.ts';

/** Colour, outline, and 64 axes of an encoder's features. */
const DIM = 77;
const MASKS_PER_IMAGE = 3;
/** Objects look like one of so many things. */
const KINDS = 40;
const READS = 40;
/** Objects that a person has given a concept and reviewed, both by what they look like. */
const DECISIONS = 2_000;
/** Of the masks that change in one request. */
const IDS_AT_ONCE = 500;
const SAMPLE_MS = 250;

type Row = { work: string; s: number; 'loop p99 ms': number; 'loop max ms': number };

/**
 * Times what is read and computed of a segmentation of many images: queues of reviews, before and after 2,000
 * decisions, a proposal, a check, and reading what they list.
 */
export async function timeLargeLists(images: number): Promise<BenchReport['tables']> {
  const folder = mkdtempSync(join(tmpdir(), 'r2o-bench-'));
  const peak = watchMemory();
  try {
    const { service, client } = openService(join(folder, 'data'));
    using _service = service;
    const id = manyMasks(service, await manyImages(service, images));
    const count = images * MASKS_PER_IMAGE;
    const kinds = await describe(segmentationFiles(service.layout, id).vectors, count);
    await markDescribed(service, client, { id, images });
    const rows: Row[] = [];
    const timed = async (work: string, run: () => Promise<unknown>) => {
      const { ms, loopP99Ms, loopMaxMs } = await measureLoop(async () => {
        await run();
      });
      const [p99, max] = [Math.round(loopP99Ms), Math.round(loopMaxMs)];
      rows.push({ work, s: Number((ms / 1_000).toFixed(1)), 'loop p99 ms': p99, 'loop max ms': max });
    };
    await timed('first round', () => client.reviewQueue.advance({ id }));
    await decide(client, id, kinds);
    await timed(`round after ${DECISIONS} decisions`, () => client.reviewQueue.advance({ id }));
    await timed(`proposal by ${DECISIONS} decisions`, () => client.proposals.make({ id }));
    await timed('check', () => client.health.check({ id }));
    const reads = {
      queue: () => client.reviewQueue.get({ id }),
      'list of the check, 500': () => client.health.list({ id, list: 'concepts', limit: 500 }),
    };
    const lists = [];
    for (const [list, read] of Object.entries(reads))
      lists.push({ list, 'p95 ms': await percentile95(read) });
    return [
      { title: `${count} objects on ${images} images; ${peak()} MiB at most, service and worker`, rows },
      { title: 'Reading what was found', rows: lists },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function percentile95(read: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < READS; at++) {
    const startMs = performance.now();
    await read();
    times.push(performance.now() - startMs);
  }
  return Number((times.sort((a, b) => a - b)[Math.floor(0.95 * READS)] ?? 0).toFixed(1));
}

/** Samples the memory of this process and its workers. @returns what ends it, with the most in MiB */
function watchMemory(): () => number {
  let most = 0;
  const timer = setInterval(() => (most = Math.max(most, familyUse(process.pid).residentMiB)), SAMPLE_MS);
  return () => {
    clearInterval(timer);
    return Math.round(most);
  };
}

/** As if a job had written the vectors. */
async function markDescribed(
  { queue, store }: Service,
  client: Client,
  { id, images }: { id: SegmentationId; images: number },
): Promise<void> {
  const job = queue.enqueue({ kind: 'describe', segmentationId: id }, 'Describe');
  store.descriptions.setJob(id, job.id);
  const counts = { maskCount: images * MASKS_PER_IMAGE, imageCount: images, skippedCount: 0 };
  store.descriptions.finish(id, counts, 1);
  await client.jobs.cancel({ id: job.id });
}

/** Gives the first objects concepts and reviews by what they look like. */
async function decide(client: Client, id: SegmentationId, kinds: Uint8Array): Promise<void> {
  const concepts = await client.concepts.list({ id });
  const those = (is: (kind: number) => boolean) =>
    [...kinds.subarray(0, DECISIONS).entries()].flatMap(([row, kind]) =>
      is(kind) ? [MaskId.parse(row + 1)] : [],
    );
  const inParts = async (ids: readonly MaskId[], change: (some: MaskId[]) => Promise<unknown>) => {
    for (let from = 0; from < ids.length; from += IDS_AT_ONCE)
      await change(ids.slice(from, from + IDS_AT_ONCE));
  };
  for (const [at, { id: conceptId }] of concepts.entries())
    await inParts(
      those((kind) => kind % concepts.length === at),
      (ids) => client.masks.setConcept({ ids, conceptId }),
    );
  for (const review of ['accepted', 'rejected'] as const)
    await inParts(
      those((kind) => kind % 2 === Number(review === 'rejected')),
      (ids) => client.masks.review({ ids, review }),
    );
}

/** Vectors around some directions, one for each mask. @returns which direction that is */
async function describe(file: string, count: number): Promise<Uint8Array> {
  const random = randomFrom(1);
  const centres = Float32Array.from({ length: KINDS * DIM }, () => random() - 0.5);
  const vectors = new Float32Array(count * DIM);
  const kinds = new Uint8Array(count);
  for (let row = 0; row < count; row++) {
    const kind = Math.floor(random() * KINDS);
    kinds[row] = kind;
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
  return kinds;
}
