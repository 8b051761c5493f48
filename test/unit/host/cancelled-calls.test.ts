import { expect, onTestFinished, test } from 'vitest';
import { connectTo, type OwnerConnection } from '../../../src-main/host/cli/owner-connection.ts';
import { startServer } from '../../../src-main/host/server/server.ts';
import { drawnImage } from '../../support/drawn-images.ts';
import { inProcessWorker } from '../../support/in-process-worker.ts';
import { bitmapOf } from '../../support/masks.ts';
import { waitForState } from '../../support/running-service.ts';
import { workerOf } from '../../support/scripted-worker.ts';
import { startSegmented } from '../../support/segmented-service.ts';

/** A server whose checks never end, and a connection to it. */
async function checking() {
  const image = await drawnImage('0.png', [{ bitmap: bitmapOf('##..', '##..'), className: 'cat', score: 1 }]);
  const scene = startSegmented([image], (options) => fork(options));
  let fork = inProcessWorker;
  const { client, segmentationId: id, service, bugs } = scene;
  await waitForState(client, (await client.similar.describe({ id })).id, 'done');
  fork = workerOf('lingering');
  const server = await startServer({ service, port: 0, pageFolder: import.meta.dirname });
  onTestFinished(() => server.close());
  const connection = await connectTo({ url: server.url, token: server.token, pid: process.pid });
  if (!connection) return expect.fail('the server does not answer');
  onTestFinished(() => connection.close());
  return { id, service: client, connection, bugs };
}

test.each([
  ['the page that asked for it leaves it', (_: OwnerConnection, left: AbortController) => left.abort()],
  ['the connection that asked for it ends', (connection: OwnerConnection) => connection.close()],
])('a check stops when %s', async (_, leave) => {
  const { id, service, connection, bugs } = await checking();
  const left = new AbortController();
  const check = connection.client.health
    .check({ id }, { signal: left.signal })
    .catch((error: unknown) => error);
  await expect.poll(() => service.health.progress({ id })).toEqual({ done: 1, total: 3 });
  leave(connection, left);
  expect(await check).toBeInstanceOf(Error);
  await expect.poll(() => service.health.progress({ id })).toBeNull();
  expect(bugs).toEqual([]);
});
