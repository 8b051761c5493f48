import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Client } from '../../src-main/contract/contract.ts';
import { MaskId, type CollectionId, type ImageId, type SegmentationId } from '../../src-main/contract/ids.ts';
import { writeDescriptions } from '../../src-main/core/segment/describe/description-file.ts';
import { segmentationFiles } from '../../src-main/domain/data-layout.ts';
import { packMap } from '../../src-main/domain/laid-map.ts';
import type { Service } from '../../src-main/service/service.ts';
import { Store } from '../../src-main/store/database.ts';
import { manyImages } from '../support/many-images.ts';
import { manyMasks } from '../support/many-masks.ts';
import { describeMachine, type BenchReport } from './bench-report.ts';
import { openService } from './bench-service.ts';
import { randomFrom } from './quick-random.ts';

const DEFAULT_IMAGES = 100_000;
const MASKS_PER_IMAGE = 3;
/** Colour, outline, and 64 axes of an encoder's features. */
const DIM = 77;
const CALLS = 12;
const MAX_MS = 100;
/** Every tenth image looks like the one after it. */
const GROUP_EVERY = 10;
const REVIEWED = 200;

type Row = Record<string, string | number>;
type Many = { service: Service; client: Client; collectionId: CollectionId; id: SegmentationId };

/**
 * What each list costs the service's process, in processor time, from the call of a client to its answer, with 100,000
 * images and 300,000 objects; what the worker computes meanwhile is not counted. Needs `npm run build`.
 * @param args `--images N`
 */
export async function run(args: string[]): Promise<BenchReport> {
  const count = Number(args[args.indexOf('--images') + 1]) || DEFAULT_IMAGES;
  const folder = mkdtempSync(join(tmpdir(), 'r2o-bench-'));
  const { service, client } = openService(join(folder, 'data'));
  using _service = service;
  try {
    const collectionId = await manyImages(service, count);
    const id = manyMasks(service, collectionId);
    const many = { service, client, collectionId, id };
    await describeAll(many, count);
    compareAll(many, count);
    layOutAll(many, count);
    const rows: Row[] = [];
    for (const [list, read] of Object.entries(await listsOf(many, count)))
      rows.push(await measure(list, read));
    const worst = Math.max(...rows.map((row) => Number(row['CPU p95 ms'])));
    return {
      benchmark: 'lists',
      machine: describeMachine(),
      tables: [{ title: `Lists of ${count} images, ${count * MASKS_PER_IMAGE} objects`, rows }],
      ratios: { worstCpuP95MsOver100Ms: Number((worst / MAX_MS).toFixed(2)) },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** All lists that look at images and objects; each is called with a number from 0. */
async function listsOf(
  { client, collectionId, id }: Many,
  images: number,
): Promise<Record<string, (call: number) => unknown>> {
  const { items: ids } = await client.segmentations.galleryIds({ id });
  const imageAt = (call: number): ImageId => ids[(call * 397) % ids.length] ?? fail();
  const maskAt = (call: number) => MaskId.parse(1 + ((call * 7_919) % (images * MASKS_PER_IMAGE)));
  const concepts = await client.concepts.list({ id });
  const [concept] = concepts;
  if (!concept) fail();
  const proposal = await client.proposals.make({ id });
  const [part] = proposal.byConcept;
  return {
    'similar images, 500': (call) => client.similar.images({ id, imageId: imageAt(call), limit: 500 }),
    'similar objects, 500': (call) => client.similar.objects({ maskId: maskAt(call), limit: 500 }),
    'state of descriptions': () => client.similar.state({ id }),
    'groups of duplicates, first 100': () =>
      client.lookAlikes.groups({ id: collectionId, grade: 'same', cursor: null }),
    'state of duplicates': () => client.lookAlikes.state({ id: collectionId }),
    'identical files': () => client.collections.duplicates({ id: collectionId, cursor: null }),
    proposal: () => client.proposals.get({ id }),
    ...(part && {
      'proposed objects, 500': () =>
        client.proposals.masks({ id, part: { conceptId: part.conceptId }, limit: 500 }),
    }),
    'proposed reviews, 500': () => client.proposals.masks({ id, part: { review: 'accepted' }, limit: 500 }),
    'gallery, 5,000 ids': () => client.segmentations.galleryIds({ id }),
    'gallery by score, pending, of a concept': () =>
      client.segmentations.galleryIds({ id, sort: 'score', review: 'pending', conceptId: concept.id }),
    'gallery of rare scores': () => client.segmentations.galleryIds({ id, minScore: 0.99, sort: 'area' }),
    'gallery tiles, 500': (call) =>
      client.segmentations.galleryTiles({ id, imageIds: ids.slice(call * 200, call * 200 + 500) }),
    'review progress': () => client.masks.reviewProgress({ id }),
    concepts: () => client.concepts.list({ id }),
    'objects of a concept, 400': () => client.concepts.masks({ id: concept.id, limit: 400 }),
    'masks of an image': (call) => client.masks.ofImage({ id, imageId: imageAt(call) }),
    'changes of the collection': () => client.segmentations.changes({ id }),
    segmentations: () => client.segmentations.list({}),
    collections: () => client.collections.list(),
    problems: () => client.collections.problems({ id: collectionId }),
    'images, 500': () => client.images.page({ collectionId, limit: 500 }),
    'ids of images': () => client.images.ids({ collectionId, statuses: ['ok'] }),
    'points of the map, 5,000': (call) =>
      client.maps.points({ id, of: 'objects', from: (call * 5_000) % (images * MASKS_PER_IMAGE) }),
    'objects of the map, 400': (call) =>
      client.maps.objects({ id, ids: Array.from({ length: 400 }, (_, at) => maskAt(call * 3 + (at % 30))) }),
  };
}

async function measure(list: string, read: (call: number) => unknown): Promise<Row> {
  const [cpu, wall]: [number[], number[]] = [[], []];
  for (let call = 0; call < CALLS; call++) {
    const [startMs, before] = [performance.now(), process.cpuUsage()];
    await read(call);
    const { user, system } = process.cpuUsage(before);
    cpu.push((user + system) / 1_000);
    wall.push(performance.now() - startMs);
  }
  return {
    list,
    'CPU p50 ms': quantile(cpu, 0.5),
    'CPU p95 ms': quantile(cpu, 0.95),
    'wall p50 ms': quantile(wall, 0.5),
  };
}

/** Vectors as the job would have written them, and what it leaves in the database. */
async function describeAll({ service, id, client }: Many, images: number): Promise<void> {
  const objects = images * MASKS_PER_IMAGE;
  const count = objects + images;
  const random = randomFrom(1);
  const vectors = new Float32Array(count * DIM);
  for (let row = 0; row < count; row++) {
    const vector = vectors.subarray(row * DIM, (row + 1) * DIM);
    for (let d = 0; d < DIM; d++) vector[d] = random() - 0.5 + (d === row % 4 ? 2 : 0);
    const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    for (let d = 0; d < DIM; d++) vector[d] = (vector[d] ?? 0) / length;
  }
  await writeDescriptions(segmentationFiles(service.layout, id).vectors, {
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
  const { descriptions } = service.store;
  withDatabase(service, (db) => {
    db.prepare('INSERT INTO descriptions (segmentation_id) VALUES (?) ON CONFLICT DO NOTHING').run(id);
  });
  descriptions.begin(id);
  descriptions.finish(id, { imageCount: images, maskCount: objects, skippedCount: 0 }, 1);
  // Decisions for a proposal to learn from.
  for (const review of ['accepted', 'rejected'] as const) {
    const first = review === 'accepted' ? 1 : 2;
    const ids = Array.from({ length: REVIEWED }, (_, at) => MaskId.parse(first + at * 4));
    await client.masks.review({ ids, review });
  }
  const concepts = await client.concepts.list({ id });
  for (const [at, concept] of concepts.slice(0, 2).entries())
    await client.masks.setConcept({
      ids: Array.from({ length: REVIEWED }, (_, step) => MaskId.parse(1_000 + at + step * 4)),
      conceptId: concept.id,
    });
}

/** A map as the job would have written it. */
function layOutAll({ service, id }: Many, images: number): void {
  const count = images * MASKS_PER_IMAGE;
  const random = randomFrom(2);
  const maskIds = Int32Array.from({ length: count }, (_, at) => at + 1);
  const imageIds = maskIds.map((maskId) => Math.ceil(maskId / MASKS_PER_IMAGE));
  const places = Float32Array.from({ length: count * 2 }, () => 2 * random() - 1);
  const none = { maskIds: new Int32Array(), imageIds: new Int32Array(), places: new Float32Array() };
  const objects = { maskIds, imageIds, places };
  const map = packMap({ key: '', describedAtMs: 1, laidOutAtMs: 1, objects, images: none });
  writeFileSync(segmentationFiles(service.layout, id).map, map);
}

/** Groups of two images, as the comparing job would have saved them. */
function compareAll({ service, collectionId }: Many, images: number): void {
  withDatabase(service, (_, { lookAlikes }) => {
    const groups = Array.from({ length: Math.floor(images / GROUP_EVERY) }, (_one, at) => ({
      grade: 'same' as const,
      imageIds: [at * GROUP_EVERY + 1, at * GROUP_EVERY + 2] as unknown as ImageId[],
    }));
    lookAlikes.saveGroups({ id: collectionId, firstNumber: 0, groups });
    const sameCount = groups.length;
    lookAlikes.finish(
      collectionId,
      { comparedCount: images, skippedCount: 0, sameCount, similarCount: 0 },
      1,
    );
  });
}

function withDatabase({ layout }: Service, work: (db: Database.Database, store: Store) => void): void {
  const db = new Database(layout.database);
  db.pragma('foreign_keys = ON');
  using store = new Store(db);
  work(db, store);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Number((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1));
}

function fail(): never {
  throw new Error('the collection is empty');
}
