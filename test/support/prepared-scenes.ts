import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import type { Client } from '../../src-main/contract/contract.ts';
import type { CollectionId } from '../../src-main/contract/ids.ts';
import { SegmentSettings, type Segmentation } from '../../src-main/contract/segmentation.ts';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import { dataLayout } from '../../src-main/domain/data-layout.ts';
import type { ForkWorker } from '../../src-main/jobs/worker-channel.ts';
import { builtWorker, startService, waitForState, type RunningService } from './running-service.ts';
import { tempFolder } from './temp-folder.ts';

/** Scenes as `writeScenes` makes them. */
export type SceneSet = { count: number; seed: number };
export type PreparedService = RunningService & {
  segmentation: Segmentation;
  /** Contains `images` and, as ground truth, `masks`. */
  folder: string;
};

const cache = join(import.meta.dirname, '../../node_modules/.cache/prepared-scenes');

/** A folder of its own: pictures in `images`, and a data folder whose one collection they are. */
export type PreparedFolder = { folder: string; images: string; dataFolder: string };

/**
 * A folder with synthetic scenes in `images` and, as ground truth, `masks`, and a data folder whose one collection they are:
 * the built app has really scanned and segmented them, without an encoder.
 */
export function copyPrepared(
  scenes: SceneSet,
  settings: Partial<SegmentSettings> = {},
): Promise<PreparedFolder> {
  return copyOfSegmented({
    key: [scenes, settings],
    write: (folder) => writeScenes(folder, scenes),
    segment: async (client, collectionId) => {
      const { job } = await client.segmentations.start({
        collectionId,
        settings: SegmentSettings.parse(settings),
        name: 'scenes',
      });
      await waitForState(client, job.id, 'done');
    },
  });
}

/** What is prepared. */
type Preparation = {
  /** Names it among all that is prepared. */
  key: unknown;
  /** Writes pictures to `images` inside a folder. */
  write: (folder: string) => Promise<void>;
  /** Segments the collection of these pictures. */
  segment: (client: Client, collectionId: CollectionId) => Promise<void>;
};

/**
 * A copy of pictures and of the data folder in which the built app has scanned and segmented them. What it made is kept
 * for each build: segmenting takes far longer than most of what tests do with the masks.
 */
export async function copyOfSegmented(preparation: Preparation): Promise<PreparedFolder> {
  const prepared = await prepare(preparation);
  const folder = tempFolder();
  // With their times, by which a scan knows files again.
  cpSync(prepared, folder, { recursive: true, preserveTimestamps: true });
  const [images, dataFolder] = [join(folder, 'images'), join(folder, 'data')];
  const database = new Database(dataLayout(dataFolder).database);
  database.prepare('UPDATE collections SET root_path = ?').run(images);
  database.close();
  return { folder, images, dataFolder };
}

/** A service on what `copyPrepared` gives. */
export async function startPrepared(
  scenes: SceneSet,
  { fork, ...settings }: Partial<SegmentSettings> & { fork?: ForkWorker } = {},
): Promise<PreparedService> {
  const { folder, dataFolder } = await copyPrepared(scenes, settings);
  const running = startService({ dataFolder, ...(fork && { fork }) });
  const [segmentation] = await running.client.segmentations.list({});
  if (!segmentation) throw new Error('nothing was prepared');
  return { ...running, segmentation, folder };
}

/** @returns the folder with images and data, which must not be changed */
async function prepare({ key, write, segment }: Preparation): Promise<string> {
  // Entries name all that they load by its content.
  const entries = ['worker.js', 'cli.js'].map((name) => readFileSync(join(dirname(builtWorker), name)));
  const build = createHash('sha256').update(Buffer.concat(entries)).digest('hex').slice(0, 16);
  const wanted = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 16);
  const target = join(cache, `${build}-${wanted}`);
  if (existsSync(target)) return target;
  mkdirSync(cache, { recursive: true });
  for (const name of readdirSync(cache))
    if (!name.startsWith(build)) rmSync(join(cache, name), { recursive: true, force: true });
  const folder = mkdtempSync(join(cache, `${build}-making-`));
  await write(folder);
  const { client, service } = startService({ dataFolder: join(folder, 'data') });
  const added = await client.collections.add({ path: join(folder, 'images') });
  await waitForState(client, added.job.id, 'done');
  await segment(client, added.collection.id);
  service[Symbol.dispose]();
  try {
    renameSync(folder, target);
  } catch {
    // Another process was faster: what it made is the same.
    rmSync(folder, { recursive: true, force: true });
  }
  return target;
}
