import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A server that answers everything with one text, until the test ends. @returns its port on 127.0.0.1 */
export async function listeningHttp(text: string): Promise<number> {
  const server = createServer((_request, response) => void response.end(text));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
