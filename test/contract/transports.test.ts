import { MessageChannel } from 'node:worker_threads';
import { createORPCClient } from '@orpc/client';
import { RPCLink as PortLink } from '@orpc/client/message-port';
import { RPCHandler as PortHandler } from '@orpc/server/message-port';
import { onTestFinished } from 'vitest';
import type { Client } from '../../src-main/contract/contract.ts';
import { connectTo } from '../../src-main/host/cli/owner-connection.ts';
import { startServer } from '../../src-main/host/server/server.ts';
import { createRouter } from '../../src-main/service/router.ts';
import { inProcessWorker } from '../support/in-process-worker.ts';
import { startService, type RunningService } from '../support/running-service.ts';
import { describeContract } from './conformance.ts';

describeContract('in process', () => {
  const running = startService({ fork: inProcessWorker });
  return Promise.resolve({ ...running, reconnect: () => Promise.resolve(running.client) });
});

describeContract('over a WebSocket', async () => {
  const running = startService({ fork: inProcessWorker });
  const server = await startServer({ service: running.service, port: 0, pageFolder: import.meta.dirname });
  onTestFinished(() => server.close());
  const connect = async (): Promise<Client> => {
    const connection = await connectTo({ url: server.url, token: server.token, pid: process.pid });
    if (!connection) throw new Error('the server does not answer');
    onTestFinished(() => connection.close());
    return connection.client;
  };
  return { ...running, client: await connect(), reconnect: connect };
});

describeContract('over a message port', () => {
  const running: RunningService = startService({ fork: inProcessWorker });
  const handler = new PortHandler(createRouter(running.service));
  const connect = (): Promise<Client> => {
    const { port1, port2 } = new MessageChannel();
    onTestFinished(() => port1.close());
    // Node's ports are those of the browser, declared apart.
    handler.upgrade(port2, { context: {} });
    port1.start();
    port2.start();
    return Promise.resolve(createORPCClient(new PortLink({ port: port1 })));
  };
  return connect().then((client) => ({ ...running, client, reconnect: connect }));
});
