import { expect, onTestFinished, test } from 'vitest';
import { connectTo, type OwnerConnection } from '../../../src-main/host/cli/owner-connection.ts';
import { startServer } from '../../../src-main/host/server/server.ts';
import { startEndlessChecks } from '../../support/endless-checks.ts';

test.each([
  ['the page that asked for it leaves it', (_: OwnerConnection, left: AbortController) => left.abort()],
  ['the connection that asked for it ends', (connection: OwnerConnection) => connection.close()],
])('a check stops when %s', async (_, leave) => {
  const { client, service, segmentationId: id, bugs } = await startEndlessChecks();
  const server = await startServer({ service, port: 0, pageFolder: import.meta.dirname });
  onTestFinished(() => server.close());
  const connection = await connectTo({ url: server.url, token: server.token, pid: process.pid });
  if (!connection) return expect.fail('the server does not answer');
  onTestFinished(() => connection.close());
  const left = new AbortController();
  const check = connection.client.health
    .check({ id }, { signal: left.signal })
    .catch((error: unknown) => error);
  await expect.poll(() => client.health.progress({ id })).toEqual({ done: 1, total: 3 });
  leave(connection, left);
  expect(await check).toBeInstanceOf(Error);
  await expect.poll(() => client.health.progress({ id })).toBeNull();
  expect(bugs).toEqual([]);
});
