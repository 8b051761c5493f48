import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createRouterClient } from '@orpc/server';
import type { Client } from '../../src-main/contract/contract.ts';
import type { JobId } from '../../src-main/contract/ids.ts';
import { forkNodeWorker } from '../../src-main/host/shared/fork-node-worker.ts';
import { createRouter } from '../../src-main/service/router.ts';
import { Service } from '../../src-main/service/service.ts';

/** A service on a data folder of its own, with the built worker; the caller disposes it. */
export function openService(dataFolder: string): { service: Service; client: Client } {
  mkdirSync(dataFolder, { recursive: true });
  const service = new Service({
    dataFolder,
    fork: forkNodeWorker(join(import.meta.dirname, '../../out/main/worker.js'), (text) =>
      console.error(text),
    ),
    logger: { file: 'none', info: () => undefined, error: (error) => console.error(error) },
    version: '0.0.0-bench',
  });
  return { service, client: createRouterClient(createRouter(service)) };
}

/** @throws Error with its message when the job fails */
export async function untilDone(client: Client, id: JobId): Promise<void> {
  for (;;) {
    const { state, error } = await client.jobs.get({ id });
    if (state === 'done') return;
    if (error) throw new Error(error.message);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
