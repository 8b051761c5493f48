import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createRouterClient } from '@orpc/server';
import { onTestFinished } from 'vitest';
import type { Client } from '../../src-main/contract/contract.ts';
import type { Job } from '../../src-main/contract/job.ts';
import { isEnded } from '../../src-main/contract/job-state.ts';
import type { JobId } from '../../src-main/contract/ids.ts';
import type { GalleryTile } from '../../src-main/contract/mask.ts';
import type { ForkWorker } from '../../src-main/jobs/worker-channel.ts';
import { forkNodeWorker } from '../../src-main/host/shared/fork-node-worker.ts';
import { createRouter } from '../../src-main/service/router.ts';
import { dataLayout } from '../../src-main/domain/data-layout.ts';
import { Service, type ServiceOptions } from '../../src-main/service/service.ts';
import { keepKnownDevices, takeKnownDevices } from './known-devices.ts';
import { startFromNewestSchema } from './newest-schema.ts';
import { tempFolder } from './temp-folder.ts';

/** The worker as `npm run build` makes it; `npm test` builds before it tests. */
export const builtWorker = join(import.meta.dirname, '../../out/main/worker.js');
export const forkBuiltWorker: ForkWorker = forkNodeWorker(builtWorker, () => undefined);

export type RunningService = { service: Service; client: Client; bugs: unknown[] };

/** A service on a data folder of its own, with real workers; it ends with the test. */
export function startService(
  options: { dataFolder?: string } & Partial<
    Pick<ServiceOptions, 'fork' | 'limits' | 'nowMs' | 'published' | 'proxies' | 'startsLeftJobs'>
  > = {},
): RunningService {
  const dataFolder = options.dataFolder ?? join(tempFolder(), 'data');
  mkdirSync(dataFolder, { recursive: true });
  startFromNewestSchema(dataLayout(dataFolder).database);
  takeKnownDevices(dataFolder);
  const bugs: unknown[] = [];
  const service = new Service({
    dataFolder,
    fork: options.fork ?? forkBuiltWorker,
    logger: {
      file: join(dataFolder, 'r2o.log'),
      info: () => undefined,
      error: (error) => void bugs.push(error),
    },
    version: '0.0.0-test',
    startsLeftJobs: options.startsLeftJobs ?? true,
    sampleFolder: join(import.meta.dirname, '../../resources/sample'),
    ...(options.limits ? { limits: options.limits } : {}),
    ...(options.nowMs ? { nowMs: options.nowMs } : {}),
    ...(options.published ? { published: options.published } : {}),
    ...(options.proxies ? { proxies: options.proxies } : {}),
  });
  onTestFinished(() => {
    service[Symbol.dispose]();
    keepKnownDevices(dataFolder);
  });
  return { service, client: createRouterClient(createRouter(service)), bugs };
}

/** The tiles of a segmentation as the grid of the page reads them, of the first 500 images. */
export async function galleryOf(
  client: Client,
  filter: Parameters<Client['segmentations']['galleryIds']>[0],
): Promise<GalleryTile[]> {
  const { items } = await client.segmentations.galleryIds({ ...filter, limit: 500 });
  return client.segmentations.galleryTiles({ id: filter.id, imageIds: items });
}

/** Reads a job until it is in one of `states`. */
export async function waitForState(client: Client, id: JobId, ...states: Job['state'][]): Promise<Job> {
  for (;;) {
    const job = await client.jobs.get({ id });
    if (states.includes(job.state)) return job;
    if (isEnded(job.state)) {
      throw new Error(`job ${id} is ${job.state}, not ${states.join(' or ')}: ${job.error?.message ?? ''}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
