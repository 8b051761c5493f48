import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { createRouterClient } from '@orpc/server';
import { SegmentSettings } from '../../src-main/contract/segmentation.ts';
import type { Client } from '../../src-main/contract/contract.ts';
import type { JobId } from '../../src-main/contract/ids.ts';
import { forkNodeWorker } from '../../src-main/host/shared/fork-node-worker.ts';
import { createRouter } from '../../src-main/service/router.ts';
import { Service } from '../../src-main/service/service.ts';
import { sharp } from '../../src-main/core/image/sharp-setup.ts';
import { sharedPath } from '../support/shared.ts';
import { describeMachine, type BenchReport } from './bench-report.ts';
import { residentMiB } from './resident.ts';

const PHOTO_PX = 640;
const YARDSTICK = '--infer --arch resnet18 --batch 1 --size 640 --steps 8 --json';

/** Enough that the start of a worker, its threads and its sessions is no large part: 96 take some 20 s. */
const PHOTOS = 96;
const QUICK_PHOTOS = 12;

/**
 * Segmentation from files to stored masks, 640 px photos (enlarged from `shared/data`), ResNet-18 features: a first run,
 * which computes embeddings, and a second one with other settings, which finds them in the cache; and once without an
 * encoder. All count from the start of the job, so learning from the sample is part of it. Against PyTorch's forward
 * pass alone, measured before and after. Needs `npm run build`.
 * @param args `--quick` for fewer photos
 */
export async function run(args: string[]): Promise<BenchReport> {
  const folder = mkdtempSync(join(tmpdir(), 'r2o-bench-'));
  try {
    const photos = await makePhotos(join(folder, 'photos'), args.includes('--quick') ? QUICK_PHOTOS : PHOTOS);
    const before = torchRate();
    const runs = await measure(folder, photos);
    const torch = Math.max(before, torchRate());
    return {
      benchmark: 'segment',
      machine: describeMachine(),
      tables: [
        {
          title: `Segmenting ${photos} photos of ${PHOTO_PX} px, ResNet-18`,
          rows: [
            ...runs.map(({ what, imagesPerS, peakMiB }) => ({
              what,
              'images/s': round(imagesPerS),
              'worker peak MiB': Math.round(peakMiB),
            })),
            { what: 'PyTorch, forward pass alone', 'images/s': round(torch), 'worker peak MiB': '-' },
          ],
        },
      ],
      ratios: Object.fromEntries(
        runs.map(({ ratio, imagesPerS }) => [`${ratio}VsTorchForward`, round(imagesPerS / torch)]),
      ),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function makePhotos(folder: string, count: number): Promise<number> {
  mkdirSync(folder, { recursive: true });
  const sources = ['coco', 'pets'].flatMap((set) => {
    const source = sharedPath('data', set, 'images');
    return readdirSync(source)
      .sort()
      .map((name) => join(source, name));
  });
  const chosen = sources.slice(0, count);
  for (const path of chosen) {
    await sharp(path)
      .resize({ width: PHOTO_PX, height: PHOTO_PX, fit: 'inside' })
      .jpeg({ quality: 90 })
      .toFile(join(folder, basename(path)));
  }
  return chosen.length;
}

type Run = { what: string; ratio: string; imagesPerS: number; peakMiB: number };

async function measure(folder: string, count: number): Promise<Run[]> {
  const dataFolder = join(folder, 'data');
  mkdirSync(dataFolder);
  using service = new Service({
    dataFolder,
    fork: forkNodeWorker(resolve(import.meta.dirname, '../../out/main/worker.js'), () => undefined),
    logger: { file: '', info: () => undefined, error: (error) => console.error(error) },
    version: 'bench',
  });
  const client: Client = createRouterClient(createRouter(service));
  const added = await client.collections.add({ path: join(folder, 'photos') });
  await finish(client, added.job.id);
  const model = await client.models.addUntrained({ architecture: 'resnet18', seed: 1 });
  const results: Run[] = [];
  for (const { what, ratio, settings, modelId } of [
    { what: 'first run', ratio: 'first', settings: {}, modelId: model.id },
    {
      what: 'again, other settings',
      ratio: 'again',
      settings: { conceptCount: 8, mode: 'one' },
      modelId: model.id,
    },
    { what: 'without an encoder', ratio: 'withoutEncoder', settings: {}, modelId: undefined },
  ]) {
    const { job } = await client.segmentations.start({
      collectionId: added.collection.id,
      ...(modelId === undefined ? {} : { modelId }),
      settings: SegmentSettings.parse(settings),
      device: 'onnx:cpu',
    });
    const startMs = performance.now();
    let peakMiB = 0;
    const watch = setInterval(() => (peakMiB = Math.max(peakMiB, residentMiB(service.queue.workerPid))), 100);
    await finish(client, job.id);
    clearInterval(watch);
    results.push({ what, ratio, imagesPerS: (count / (performance.now() - startMs)) * 1_000, peakMiB });
  }
  return results;
}

async function finish(client: Client, id: JobId): Promise<void> {
  for (;;) {
    const { state, error } = await client.jobs.get({ id });
    if (state === 'done') return;
    if (error) throw new Error(error.message);
    await new Promise((done) => setTimeout(done, 20));
  }
}

function torchRate(): number {
  const script = sharedPath('tools', 'torch_r2o_step.py');
  const { stdout, stderr } = spawnSync('/usr/bin/python3', [script, ...YARDSTICK.split(' ')], {
    encoding: 'utf8',
  });
  const parsed: unknown = JSON.parse(stdout || '{}');
  if (typeof parsed === 'object' && parsed !== null && 'imagesPerS' in parsed)
    return Number(parsed.imagesPerS);
  throw new Error(`PyTorch could not be measured: ${stderr}`);
}

const round = (value: number) => Number(value.toPrecision(3));
