import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DatasetRecipe, DatasetVersionDetail } from '../../src-main/contract/dataset.ts';
import { ErrorInfo } from '../../src-main/contract/errors.ts';
import { Export, type ExportOptions } from '../../src-main/contract/export.ts';
import type { ExportFormat } from '../../src-main/contract/export.ts';
import { runCli } from '../support/cli.ts';
import { drawnImage, type DrawnImage } from '../support/drawn-images.ts';
import { haltingFork } from '../support/halting.ts';
import { bitmapOf } from '../support/masks.ts';
import { forkBuiltWorker, startService, waitForState } from '../support/running-service.ts';
import { startSegmented, type SegmentedService } from '../support/segmented-service.ts';
import { tempFolder } from '../support/temp-folder.ts';

const mask = bitmapOf('####....', '####....', '........', '........', '........', '........');
const pets = (count: number): Promise<DrawnImage[]> =>
  Promise.all(
    Array.from({ length: count }, (_, index) =>
      drawnImage(`photo-${index}.png`, [{ bitmap: mask, className: index % 2 === 0 ? 'cat' : 'dog' }]),
    ),
  );

let drawnOnce: Promise<DrawnImage[]> | undefined;
/** More than the service hands out at once, so that an export of them has copied some when it asks for more. */
const MANY = 80;
const manyPets = () => (drawnOnce ??= pets(MANY));

const parse = <T extends z.ZodType>(schema: T, text: string) => schema.parse(JSON.parse(text));

/** A data folder with a segmentation that no process holds open any more. */
async function segmentedData(count: number): Promise<string> {
  const running = startSegmented(await pets(count));
  running.service[Symbol.dispose]();
  return running.dataFolder;
}

describe('r2o dataset and r2o export', () => {
  test('make, list, show, compare, export and delete', async () => {
    const data = await segmentedData(5);
    const create = ['dataset', 'create', 'pets', '--segmentation', '1'];
    const one = await runCli(data, ...create, '--class', 'cat=feline', '--split', '60/20/20', '--json');
    expect(parse(DatasetVersionDetail, one.stdout)).toMatchObject({
      number: 1,
      counts: { images: 5, masks: 5, splits: { train: { images: 3 }, val: { images: 1 } } },
    });
    const byName = ['dataset', 'create', 'pets', '--collection', 'photos'];
    const two = await runCli(data, ...byName, '--concept', 'dog', '--split-by', 'folder', '--seed', '7');
    expect(two.stdout).toContain('pets@2: 2 images, 2 masks, frozen');
    expect(two.stdout).toContain('  no images in val: images of a folder stay together');
    expect((await runCli(data, 'dataset', 'list')).stdout).toMatch(/pets@2 .*\npets@1 /);
    expect((await runCli(data, 'dataset', 'diff', 'pets@1', 'pets')).stdout).toMatch(/images +0 +3 /);

    const out = join(tempFolder(), 'pets');
    const written = await runCli(data, 'export', 'pets@1', '--format', 'coco', '--out', out, '--json');
    expect(written.code).toBe(0);
    expect(parse(Export, written.stdout).result).toMatchObject({ images: 5, masks: 5, leftOut: 0 });
    expect(readdirSync(join(out, 'annotations')).sort()).toEqual([
      ...['instances_test.json', 'instances_train.json', 'instances_val.json'],
    ]);
    expect(readdirSync(dirname(out))).toEqual(['pets']);
    const shown = (await runCli(data, 'dataset', 'show', 'pets@1')).stdout;
    expect(shown).toContain(`exported as coco to ${out}`);
    expect(shown).toContain(
      '  recipe: --segmentation 1 --review pending,accepted,edited --class cat=feline --split 60/20/20 --split-by image --seed 1\n',
    );

    const again = await runCli(data, 'export', 'pets', '--format', 'yolo', '--out', out, '--json');
    expect(again.code).toBe(1);
    expect(parse(z.object({ error: ErrorInfo }), again.stdout).error.code).toBe('TARGET_NOT_EMPTY');

    expect((await runCli(data, 'dataset', 'delete', 'pets')).stderr).toContain('--all-versions');
    expect((await runCli(data, 'dataset', 'delete', 'pets', '--all-versions')).code).toBe(0);
    expect(parse(z.array(z.unknown()), (await runCli(data, 'dataset', 'list', '--json')).stdout)).toEqual([]);
    expect(existsSync(join(out, 'images.csv'))).toBe(true);
  });

  test('say what is background before they freeze, and leave out nothing that only probably is', async () => {
    const running = startSegmented(await pets(5));
    const { store } = running.service;
    const [cat, dog] = store.concepts.of(running.segmentationId);
    if (!cat || !dog) expect.fail('no concepts');
    store.concepts.update({ ...cat, isLikelyBackground: true });
    store.concepts.update({ ...dog, isBackground: true });
    running.service[Symbol.dispose]();
    const create = ['dataset', 'create', 'pets', '--segmentation', '1'];
    const planned = await runCli(running.dataFolder, ...create, '--dry-run');
    expect(planned.stdout).toMatch(/^3 images, 3 masks; nothing is frozen yet\n/);
    expect(planned.stdout).toMatch(/cat +3 +cat +probably background\ndog +2 +left out +background\n/);
    expect((await runCli(running.dataFolder, 'dataset', 'list')).stdout).toContain('No datasets yet');
    const made = await runCli(running.dataFolder, ...create);
    expect(made.stdout).toContain('pets@1: 3 images, 3 masks, frozen');
    expect(made.stderr).toContain('left out as background: 2 masks of dog\n');
    expect(made.stderr).toContain('probably background, included: 3 masks of cat (leave out: --ignore cat)');
    const shown = await runCli(running.dataFolder, 'segmentations', 'show', '1');
    expect(shown.stdout).toMatch(/probably background +#[0-9a-f]{6} +cat\n/);
  });

  test('concepts are made, named, merged, put in order and deleted by r2o concepts', async () => {
    const data = await segmentedData(4);
    const run = async (...args: string[]) => {
      const { stdout, stderr } = await runCli(data, 'concepts', ...args);
      return stdout + stderr;
    };
    const names = async () =>
      [...(await run('list', '1')).matchAll(/#[0-9a-f]{6} +(\S+)/g)].map(([, name]) => name);
    expect(await run('create', '1', 'bird', '--colour', '#0000ff')).toMatch(/ 0 +0 +object +#0000ff +bird\n/);
    expect(await run('create', '1', 'bird')).toContain("There is already a concept 'bird'");
    expect(await run('rename', '1', 'bird', 'cat')).toContain('merge the two concepts');
    expect(await run('rename', '1', 'bird', 'wren')).toContain('wren');
    expect(await run('order', '1', 'wren', 'dog')).toMatch(/wren\n.*dog\n.*cat\n$/);
    expect(await run('merge', '1', 'dog', 'cat')).toMatch(/ 4 +4 +object .* cat\n/);
    expect(await run('list', '1')).toMatch(/merged into 1 .* dog\n/);
    expect(await run('unmerge', '1', '2')).toMatch(/ 2 +2 +object .* dog\n/);
    expect(await run('background', '1', 'dog')).toMatch(/ background /);
    expect(await run('object', '1', 'dog')).toMatch(/ object /);
    expect(await run('recolour', '1', 'dog', 'red')).toContain('#rrggbb');
    expect(await run('delete', '1', 'dog')).toContain('--yes');
    expect(await run('delete', '1', 'dog', '--yes')).toContain("Deleted 'dog'.");
    expect(await run('delete', '1', 'eel', '--yes')).toContain("no concept 'eel'");
    expect(await names()).toEqual(['wren', 'cat']);
  });

  test('say what is wrong, and what to do', async () => {
    const data = await segmentedData(1);
    const run = async (...args: string[]) => {
      const { code, stderr } = await runCli(data, ...args);
      return `${code ?? ''} ${stderr}`;
    };
    expect(await run('dataset', 'create', 'x', '--segmentation', '9')).toMatch(
      /^1 error: There is no segmentation '9'/,
    );
    for (const split of ['50/20', '80,20', '80/20/0/0', '-20/120']) {
      expect(await run('dataset', 'create', 'x', '--segmentation', '1', `--split=${split}`)).toContain(
        'adding up to 100: --split 70/20/10',
      );
    }
    expect(await run('dataset', 'create', 'x', '--segmentation', '1', '--min-score', '7')).toContain(
      '(--min-score: Too big',
    );
    expect(await run('dataset', 'create', 'x', '--segmentation', '1', '--class', 'cat')).toContain(
      '--class CONCEPT=CLASS',
    );
    expect(await run('dataset', 'create', 'x')).toMatch(
      /name a segmentation or a collection[^]*1 \(objects\)/,
    );
    expect(await run('dataset', 'create', 'x', '--collection', 'cars')).toContain("no collection 'cars'");
    expect(await run('export', 'x', '--format', 'coco', '--out', 'y')).toMatch(
      /^1 error: There is no dataset 'x'/,
    );
    expect(await run('export', 'x', '--format', 'nonsense', '--out', 'y')).toMatch(/^2 /);
  });
});

async function datasetOf(running: SegmentedService) {
  const recipe = DatasetRecipe.parse({ segmentationIds: [running.segmentationId] });
  return running.client.datasets.create({ name: 'pets', recipe });
}

async function startExport(running: SegmentedService, format: ExportFormat, outPath: string) {
  const { id: versionId } = await datasetOf(running);
  const options: ExportOptions = {
    format,
    outPath,
    images: 'copy',
    labelmeShapes: 'mask',
    polygons: 'exact',
  };
  return running.client.exports.start({ versionId, options });
}

/** A service whose first export halts when it has written the first images. */
async function exportable() {
  const { fork, halted } = haltingFork(forkBuiltWorker, { kind: 'export/page', after: 1 });
  return { running: startSegmented(await manyPets(), fork), halted };
}

describe('an export job', () => {
  test('that is cancelled leaves nothing, neither in its place nor beside it', async () => {
    const { running, halted } = await exportable();
    const out = join(tempFolder(), 'out');
    const { job } = await startExport(running, 'coco', out);
    await halted();
    await running.client.jobs.cancel({ id: job.id });
    await waitForState(running.client, job.id, 'cancelled');
    expect(readdirSync(dirname(out))).toEqual([]);
  });

  test('that is paused goes on with the images that it had copied', async () => {
    const { running, halted } = await exportable();
    const out = join(tempFolder(), 'out');
    const started = await startExport(running, 'coco', out);
    const { id } = started.job;
    await halted();
    await running.client.jobs.pause({ id });
    await waitForState(running.client, id, 'paused');
    expect(existsSync(out)).toBe(false);
    await running.client.jobs.resume({ id });
    await waitForState(running.client, id, 'done');
    expect((await running.client.exports.get({ id: started.export.id })).result).toMatchObject({
      images: MANY,
      masks: MANY,
    });
    expect(readdirSync(dirname(out))).toEqual(['out']);
  });

  test('that is paused, and then given up, leaves nothing either', async () => {
    const { running, halted } = await exportable();
    const out = join(tempFolder(), 'out');
    const { id } = (await startExport(running, 'coco', out)).job;
    await halted();
    await running.client.jobs.pause({ id });
    await waitForState(running.client, id, 'paused');
    expect(readdirSync(dirname(out))).toHaveLength(1);
    await running.client.jobs.cancel({ id });
    await waitUntil(() => Promise.resolve(readdirSync(dirname(out)).length === 0));
  });

  test('whose worker is killed is interrupted, and resumes to a whole export', async () => {
    const { running, halted } = await exportable();
    const out = join(tempFolder(), 'out');
    const { id } = (await startExport(running, 'huggingface', out)).job;
    await halted();
    process.kill(running.service.queue.workerPid ?? 0, 'SIGKILL');
    await waitForState(running.client, id, 'interrupted');
    expect(existsSync(out)).toBe(false);
    await running.client.jobs.resume({ id });
    await waitForState(running.client, id, 'done');
    const rows = ['train', 'validation'].flatMap((split) =>
      readFileSync(join(out, split, 'metadata.jsonl'), 'utf8')
        .trim()
        .split('\n'),
    );
    expect(rows).toHaveLength(MANY);
    expect(running.bugs).toEqual([]);
  });

  test.each(['coco', 'sqlite'] as const)(
    'of %s that was in its place already, and killed before it could say so, resumes to what it was',
    async (format) => {
      const running = startSegmented(await pets(3), forkBuiltWorker);
      const out = join(tempFolder(), 'out');
      const started = await startExport(running, format, out);
      await waitForState(running.client, started.job.id, 'done');
      const { result } = await running.client.exports.get({ id: started.export.id });
      running.service[Symbol.dispose]();
      const db = new Database(join(running.dataFolder, 'studio.sqlite'));
      db.exec(
        `UPDATE jobs SET state = 'interrupted'; UPDATE exports SET result = NULL, finished_at_ms = NULL`,
      );
      db.close();

      const { client } = startService({ dataFolder: running.dataFolder });
      await client.jobs.resume({ id: started.job.id });
      await waitForState(client, started.job.id, 'done');
      expect((await client.exports.get({ id: started.export.id })).result).toEqual(result);
      expect(readdirSync(dirname(out))).toEqual(['out']);
    },
  );

  test('is refused inside a collection and inside the data folder', async () => {
    const running = startSegmented(await pets(1), forkBuiltWorker);
    for (const outPath of [join(running.folder, 'out'), join(running.dataFolder, 'out')]) {
      await expect(startExport(running, 'coco', outPath)).rejects.toMatchObject({ code: 'FOLDER_OVERLAPS' });
    }
  });

  test('of a version that was removed meanwhile fails with the reason', async () => {
    const running = startSegmented(await pets(1), forkBuiltWorker);
    const { id: versionId } = await datasetOf(running);
    const options: ExportOptions = {
      format: 'csv',
      outPath: join(tempFolder(), 'out'),
      images: 'copy',
      labelmeShapes: 'mask',
      polygons: 'exact',
    };
    const { job } = await running.client.exports.start({ versionId, options });
    await running.client.jobs.cancel({ id: job.id });
    await waitForState(running.client, job.id, 'cancelled');
    await running.client.datasets.remove({ id: versionId });
    await running.client.jobs.resume({ id: job.id });
    await expect(waitForState(running.client, job.id, 'done')).rejects.toThrow('has been removed');
  });

  test('a process that ended while a dataset was built leaves no trace of it', async () => {
    const running = startSegmented(await pets(1), forkBuiltWorker);
    const recipe = DatasetRecipe.parse({ segmentationIds: [running.segmentationId] });
    running.service.store.datasets.begin({ name: 'half', recipe, nowMs: 0 });
    running.service[Symbol.dispose]();
    const { client, service } = startService({ dataFolder: running.dataFolder });
    expect(await client.datasets.list()).toEqual([]);
    await client.datasets.create({ name: 'half', recipe });
    expect((await client.datasets.list())[0]?.versions).toHaveLength(1);
    expect(service.store.datasets.removeChunk()).toBe(true);
  });
});

async function waitUntil(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}
