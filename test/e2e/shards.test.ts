import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CollectionId, SegmentationId } from '../../src-main/contract/ids.ts';
import { SegmentSettings } from '../../src-main/contract/segmentation.ts';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import {
  readCollectionModel,
  writeCollectionModel,
} from '../../src-main/core/segment/collection-model-file.ts';
import { drawsFor } from '../../src-main/core/tensor/random.ts';
import { segmentationFiles } from '../../src-main/domain/data-layout.ts';
import { launcher, resultOf, runCli, spawnCli } from '../support/cli.ts';
import { haltingCommand } from '../support/halting.ts';
import { galleryOf, startService, waitForState, type RunningService } from '../support/running-service.ts';
import { tempFolder } from '../support/temp-folder.ts';

type Client = RunningService['client'];

/** Of three shards, one has two of them. */
const SCENES = 4;

async function scenes(): Promise<string> {
  const folder = tempFolder();
  await writeScenes(folder, { count: SCENES, seed: 21 });
  return join(folder, 'images');
}

async function scanned(client: Client, path: string): Promise<CollectionId> {
  const { collection, job } = await client.collections.add({ path });
  await waitForState(client, job.id, 'done');
  return collection.id;
}

/** All that a segmentation has found, by the paths of the images: run lengths, scores, concepts, boxes. */
async function found(client: Client, id: SegmentationId) {
  const numbers = new Map(
    (await client.concepts.list({ id })).map((concept) => [concept.id, concept.number]),
  );
  const tiles = await galleryOf(client, { id });
  const images = await Promise.all(
    tiles.map(async ({ imageId, relPath }) => {
      const masks = await client.masks.ofImage({ id, imageId });
      const plain = masks.map(({ counts, level, score, conceptId, box, areaPx }) => {
        const concept = conceptId === null ? null : numbers.get(conceptId);
        return { counts, level, score, concept, box, areaPx };
      });
      return [relPath, plain] as const;
    }),
  );
  return Object.fromEntries(images);
}

type Plan = {
  /** Unchanged by whoever works on a copy of `data`. */
  images: string;
  data: string;
  /** What a segmentation without shards has found. */
  expected: Awaited<ReturnType<typeof found>>;
  /** A segmentation with the same settings that has been learned only. */
  id: SegmentationId;
};

const kept: string[] = [];
afterAll(() => {
  for (const folder of kept) rmSync(folder, { recursive: true });
});

/** Scans scenes, segments them, and plans another segmentation of them; learning takes the longest here. */
async function makePlan(isWithEncoder: boolean): Promise<Plan> {
  const folder = mkdtempSync(join(tmpdir(), 'r2o-plan-'));
  kept.push(folder);
  await writeScenes(folder, { count: SCENES, seed: 21 });
  const [images, data] = [join(folder, 'images'), join(folder, 'data')];
  const { client, service, bugs } = startService({ dataFolder: data });
  const collectionId = await scanned(client, images);
  const model = isWithEncoder
    ? await client.models.addUntrained({ architecture: 'resnet18-half', seed: 3 })
    : undefined;
  const settings = SegmentSettings.parse({ mode: 'several', inputPx: 128 });
  const request = { collectionId, settings, ...(model && { modelId: model.id }) };
  const whole = await client.segmentations.start(request);
  await waitForState(client, whole.job.id, 'done');
  const expected = await found(client, whole.segmentation.id);
  const { segmentation, job } = await client.shards.plan(request);
  await waitForState(client, job.id, 'done');
  expect(bugs).toEqual([]);
  service[Symbol.dispose]();
  return { images, data, expected, id: segmentation.id };
}

const plans = new Map<boolean, Promise<Plan>>();

/** The plan of the scenes, made once; its files stay until the last test. */
function planOf({ isWithEncoder }: { isWithEncoder: boolean }): Promise<Plan> {
  const plan = plans.get(isWithEncoder) ?? makePlan(isWithEncoder);
  plans.set(isWithEncoder, plan);
  return plan;
}

/** A service on a copy of the plan's data folder. */
function startOn({ data }: Plan): RunningService {
  const dataFolder = join(tempFolder(), 'data');
  cpSync(data, dataFolder, { recursive: true });
  return startService({ dataFolder });
}

/** Freezes what was planned in `count` shards. */
async function frozen(client: Client, id: SegmentationId, count: number): Promise<string> {
  const path = join(tempFolder(), 'scenes.recipe');
  await client.shards.writeRecipe({ id, path, count });
  return path;
}

/** Segments one shard as another machine would, and returns its file. */
async function shardOf(recipe: string, index: number, count: number, images: string): Promise<string> {
  const { client, bugs } = startService();
  const { job } = await client.shards.open({ recipe, place: { index, count }, images });
  if (job) await waitForState(client, job.id, 'done');
  const path = join(tempFolder(), `shard-${index}.sqlite`);
  await client.shards.write({ path });
  expect(bugs).toEqual([]);
  return path;
}

/**
 * Gives what a collection taught a head of random weights: learning one that is trusted takes dozens of photos and an encoder
 * that has seen some.
 */
async function teachHead(path: string): Promise<void> {
  const model = (await readCollectionModel(path)) ?? expect.fail('nothing was learned');
  const draw = drawsFor({ seed: 1, step: 0, stream: 'head' });
  // As many as any encoder has features.
  const weights = Float32Array.from({ length: 4_096 }, () => 20 * (draw() - 0.5));
  const foreground = {
    head: { weights, bias: 0 },
    things: { axes: weights.slice(0, 1_024), count: 1, minDistance: 1e-4 },
    weights: { ...model.foreground.weights, prior: 1 },
    note: {
      way: 'head' as const,
      agreement: 0.8,
      imageCount: 40,
      from: null,
      taughtBy: [],
      hasThingMetric: false,
    },
  };
  await writeCollectionModel(path, { ...model, isEvenGround: false, foreground });
}

const hashOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Everything in a folder with its times, to see that nothing was written. */
const stateOf = (folder: string) =>
  readdirSync(folder)
    .toSorted()
    .map((name) => [name, statSync(join(folder, name)).mtimeMs, readFileSync(join(folder, name)).length]);

describe('shards', () => {
  test.each([
    ['without an encoder', [3]],
    ['with an encoder', [1, 2]],
  ])('one shard, several shards and no shards find the same masks: %s, in %j', async (which, counts) => {
    const plan = await planOf({ isWithEncoder: which === 'with an encoder' });
    const { images, expected, id } = plan;
    expect(Object.values(expected).flat().length).toBeGreaterThan(SCENES);
    const before = stateOf(images);
    for (const count of counts) {
      const { client, bugs } = startOn(plan);
      const path = await frozen(client, id, count);
      // The order in which they come back does not matter.
      for (const index of Array.from({ length: count }, (_, at) => count - 1 - at)) {
        const file = await shardOf(path, index, count, images);
        const { missing, isComplete } = await client.shards.merge({ path: file });
        expect(isComplete).toBe(index === 0);
        expect(missing.shards.map((shard) => shard.index)).toEqual([...Array(index).keys()]);
      }
      expect(await found(client, id)).toEqual(expected);
      const { finishedAtMs, imageCount, preliminaryCount } = await client.segmentations.get({ id });
      expect({ isFinished: finishedAtMs !== null, imageCount, preliminaryCount }).toEqual({
        isFinished: true,
        imageCount: SCENES,
        preliminaryCount: 0,
      });
      expect(bugs).toEqual([]);
    }
    expect(stateOf(images)).toEqual(before);
  });

  test('a head that was learned finds the same foregrounds in shards as without', async () => {
    const plan = await planOf({ isWithEncoder: true });
    const { id, images } = plan;
    const startTaught = async () => {
      const running = startOn(plan);
      await teachHead(segmentationFiles(running.service.layout, id).model);
      return running;
    };
    const here = await startTaught();
    const { job } = await here.client.segmentations.resume({ id });
    await waitForState(here.client, job.id, 'done');
    const expected = await found(here.client, id);
    // Otherwise, the head would not have been asked.
    expect(plan.expected).not.toEqual(expected);

    const { client, bugs } = await startTaught();
    const path = await frozen(client, id, 2);
    for (const index of [0, 1]) await client.shards.merge({ path: await shardOf(path, index, 2, images) });
    expect(await found(client, id)).toEqual(expected);
    expect([...bugs, ...here.bugs]).toEqual([]);
  });

  test('merging again, in part or after edits, changes nothing', async () => {
    const plan = await planOf({ isWithEncoder: false });
    const { images, id } = plan;
    const { client } = startOn(plan);
    const path = await frozen(client, id, 2);
    const [first, second] = [await shardOf(path, 0, 2, images), await shardOf(path, 1, 2, images)];
    expect(await client.shards.merge({ path: first })).toMatchObject({ addedCount: 2, presentCount: 0 });
    const [tile] = await galleryOf(client, { id });
    const masks = tile ? await client.masks.ofImage({ id, imageId: tile.imageId }) : [];
    await client.masks.remove({ ids: masks.slice(0, 1).map((mask) => mask.id) });
    const edited = await found(client, id);
    expect(await client.shards.merge({ path: first })).toMatchObject({ addedCount: 0, presentCount: 2 });
    expect(await found(client, id)).toEqual(edited);
    expect(await client.shards.merge({ path: second })).toMatchObject({ addedCount: 2, isComplete: true });
    expect(await client.shards.merge({ path: second })).toMatchObject({ addedCount: 0, isComplete: true });
  });

  test('images are found by content, copies get the same masks, and what is missing can be finished here', async () => {
    const { client } = startService();
    const images = await scenes();
    const [copied = ''] = readdirSync(images).toSorted();
    cpSync(join(images, copied), join(images, `zz-${copied}`));
    const collectionId = await scanned(client, images);
    const settings = SegmentSettings.parse({ mode: 'several' });
    const { segmentation, job: planning } = await client.shards.plan({ collectionId, settings });
    await waitForState(client, planning.id, 'done');
    const { id } = segmentation;
    const path = join(tempFolder(), 'scenes.recipe');
    const recipe = await client.shards.writeRecipe({ id, path, count: 3 });
    expect(recipe.imageCount).toBe(SCENES);
    const elsewhere = join(tempFolder(), 'deep/under');
    mkdirSync(elsewhere, { recursive: true });
    for (const [at, name] of readdirSync(images).toSorted().entries()) {
      cpSync(join(images, name), join(elsewhere, `photo ${9 - at}${name.slice(name.lastIndexOf('.'))}`));
    }
    const merged = await client.shards.merge({ path: await shardOf(path, 0, 3, join(elsewhere, '..')) });
    expect(merged).toMatchObject({ addedCount: 3, missing: { count: 2 } });
    const { job } = await client.segmentations.resume({ id });
    await waitForState(client, job.id, 'done');
    const masks = await found(client, id);
    expect(Object.keys(masks)).toHaveLength(SCENES + 1);
    expect(masks[`zz-${copied}`]).toEqual(masks[copied]);
  });
});

describe('on the command line', () => {
  const shared: { data: string; images: string; recipe: string } = { data: '', images: '', recipe: '' };

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'r2o-shards-'));
    await writeScenes(folder, { count: 4, seed: 22 });
    Object.assign(shared, {
      data: join(folder, 'data'),
      images: join(folder, 'images'),
      recipe: join(folder, 'recipes', 'scenes.recipe'),
    });
    mkdirSync(join(folder, 'recipes'));
    const args = ['segment', shared.images, '--mode', 'several', '--plan', shared.recipe, '--shards', '4'];
    execFileSync(process.execPath, [launcher, '--data', shared.data, ...args], { stdio: 'ignore' });
    return () => rmSync(folder, { recursive: true });
  });

  const segmentShard = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    resultOf(spawnCli('ignored', ['segment', '--recipe', shared.recipe, ...args], env));

  test('four processes take their number from their environment, and leave only their files', async () => {
    const out = tempFolder();
    const script = join(import.meta.dirname, '../../resources/cluster/slurm-array.sh');
    cpSync(shared.recipe, join(out, 'all.recipe'));
    const shards = Array.from({ length: 4 }, (_, index) => join(out, `shard-${index}.sqlite`));
    const env = {
      ...process.env,
      IMAGES: shared.images,
      SHARDS: out,
      R2O: `${process.execPath} ${launcher}`,
    };
    const results = await Promise.all(
      shards.map((file, index) =>
        index % 2 === 0
          ? segmentShard(['--out', file], { JOB_COMPLETION_INDEX: String(index) })
          : resultOf(spawn('bash', [script], { env: { ...env, SLURM_ARRAY_TASK_ID: String(index) } })),
      ),
    );
    rmSync(join(out, 'all.recipe'));
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(readdirSync(out).toSorted()).toEqual(shards.map((file) => file.slice(out.length + 1)));
    const [first = '', second = '', ...others] = shards;
    // One that starts over has nothing to do.
    const again = await segmentShard(['--out', first, '--shard', '0/4']);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain('already written');
    const part = await runCli(shared.data, 'segmentations', 'merge', second);
    expect(part).toMatchObject({ code: 1 });
    expect(part.stdout).toContain('3 images missing');
    expect(part.stdout).toContain('missing shards, of 4: 0,2-3');
    const all = await runCli(shared.data, 'segmentations', 'merge', first, second, ...others);
    expect(all).toMatchObject({ code: 0 });
    expect(all.stdout).toContain('4 images, complete');
  });

  test('a shard that was killed continues, and the folder of the images stays untouched', async () => {
    const out = join(tempFolder(), 'shard.sqlite');
    const before = stateOf(shared.images);
    const { env, halted } = haltingCommand({ kind: 'segment/save', after: 2 });
    const killed = spawnCli(
      'ignored',
      ['segment', '--recipe', shared.recipe, '--shard', '0/1', '--out', out],
      env,
    );
    await halted();
    killed.kill('SIGKILL');
    await new Promise((resolve) => killed.once('close', resolve));
    expect(existsSync(out)).toBe(false);
    const other = await segmentShard(['--shard', '1/2', '--out', out]);
    expect(other).toMatchObject({ code: 1 });
    expect(other.stderr).toContain('belongs to another shard');
    const resumed = await segmentShard(['--shard', '0/1', '--out', out]);
    expect(resumed).toMatchObject({ code: 0 });
    expect(resumed.stdout).toContain('shard 0/1, 4 images');
    expect(existsSync(`${out}.work`)).toBe(false);
    expect(stateOf(shared.images)).toEqual(before);
  });

  test('what is wrong is said before hours of work, and nothing is written among the images', async () => {
    const out = join(tempFolder(), 'shard.sqlite');
    const failing = async (args: readonly string[], message: string) => {
      const { code, stderr } = await segmentShard(args);
      expect(stderr).toContain(message);
      expect(code).toBe(1);
      rmSync(`${out}.work`, { recursive: true, force: true });
    };
    await failing(['--shard', '4', '--out', out], 'shards are counted from 0: 0/4 to 3/4');
    await failing(['--out', out], 'It is not known which shard to segment');
    await failing(['--shard', '0'], 'A shard needs the file to write');
    await failing(['--shard', '0', '--out', join(shared.images, 'x.sqlite')], 'is inside the collection');
    await failing(
      ['--shard', '0', '--out', out, '--work', join(shared.images, 'w')],
      'is inside the collection',
    );
    const damaged = join(tempFolder(), 'damaged.recipe');
    writeFileSync(damaged, 'no recipe');
    await failing(['--recipe', damaged, '--shard', '0', '--out', out], 'is not a recipe of a segmentation');
    await failing(['--recipe', `${damaged}.no`, '--shard', '0', '--out', out], 'There is no file or folder');
    await failing(['--mode', 'one', '--shard', '0', '--out', out], '--mode cannot be combined with --recipe');
    expect(readdirSync(shared.images)).toHaveLength(4);
  });

  test('writes over nothing that belongs to a person, and removes only what it has made', async () => {
    const [mine, photos, data] = [tempFolder(), tempFolder(), join(tempFolder(), 'data')];
    const database = join(data, 'studio.sqlite');
    cpSync(shared.images, photos, { recursive: true });
    expect(await runCli(data, 'collections', 'add', photos)).toMatchObject({ code: 0 });
    mkdirSync(join(mine, 'models'));
    writeFileSync(join(mine, 'models/thesis.txt'), 'years of work');
    const kept = [database, join(photos, readdirSync(photos)[0] ?? '')].map((path) => [path, hashOf(path)] as const); // prettier-ignore
    const out = join(tempFolder(), 'shard.sqlite');
    const refused = async (args: readonly string[], message: string, dataFolder = data) => {
      const { code, stderr } = await runCli(
        dataFolder,
        ...['segment', '--recipe', shared.recipe, '--shard', '0/4', '--force', ...args],
      );
      expect(stderr).toContain(message);
      expect(code).toBe(1);
    };
    for (const [path] of kept) await refused(['--out', path], 'is inside');
    // Of another installation, too.
    await refused(['--out', database], 'data folder', 'ignored');
    await refused(['--out', out, '--work', data], 'data folder');
    await refused(['--out', out, '--work', mine], 'is not an empty folder');
    expect(kept.map(([path]) => [path, hashOf(path)])).toEqual(kept);
    expect(readFileSync(join(mine, 'models/thesis.txt'), 'utf8')).toBe('years of work');
    expect(readdirSync(mine)).toEqual(['models']);
  });

  test('images that are nowhere are named, or left out and named when shards are merged', async () => {
    const some = join(tempFolder(), 'some');
    cpSync(shared.images, some, { recursive: true });
    const [gone = '', swapped = '', swappedWith = ''] = readdirSync(some).toSorted();
    rmSync(join(some, gone));
    // Under each other's names, one of them is found where the other was.
    renameSync(join(some, swapped), join(some, 'third'));
    renameSync(join(some, swappedWith), join(some, swapped));
    renameSync(join(some, 'third'), join(some, swappedWith));
    chmodSync(some, 0o555);
    const out = join(tempFolder(), 'shard.sqlite');
    const refused = await segmentShard([some, '--shard', '0/1', '--out', out]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`1 of the 4 images of this shard are not in ${some}`);
    expect(refused.stderr).toContain(gone);
    const skipped = await segmentShard([some, '--shard', '0/1', '--out', out, '--skip-missing']);
    expect(skipped).toMatchObject({ code: 0 });
    expect(skipped.stdout).toContain(`not segmented: ${gone}`);
    chmodSync(some, 0o755);
    const other = tempFolder();
    const unknown = await runCli(join(other, 'data'), 'segmentations', 'merge', out);
    expect(unknown.stderr).toContain('belongs to a recipe that no segmentation here was frozen as');
  });
});
