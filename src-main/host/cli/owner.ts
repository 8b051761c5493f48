import { createRouterClient } from '@orpc/server';
import type { Client } from '../../contract/contract.ts';
import type { JobId } from '../../contract/ids.ts';
import { createRouter } from '../../service/router.ts';
import { Service } from '../../service/service.ts';
import type { DataFolderLock } from '../../store/lock.ts';
import { startServer, type LocalServer, type ServerOptions } from '../server/server.ts';
import { removeEndpoint, writeEndpoint } from '../shared/endpoint.ts';
import { forkNodeWorker } from '../shared/fork-node-worker.ts';
import { openLogFile } from '../shared/log-file.ts';
import { appVersion, rendererFolder, sampleFolder, workerEntry } from '../shared/paths.ts';
import { publishedEncoders } from '../shared/published.ts';
import { ClosingStack } from './closing-stack.ts';
import { beforeSignalEnds, onNextSignal } from './signals.ts';

type OwnerOptions = {
  folder: string;
  lock: DataFolderLock;
  /** Whether it is there for others and for as long as they like, or for one command. */
  isStaying: boolean;
  /** Undefined for the one of the last time, if it is free. */
  port?: number | undefined;
} & Pick<ServerOptions, 'onOpened'>;

/** This process as the owner of a data folder; see [Note: One owner] in session.ts. */
export class Owner {
  readonly folder: string;
  readonly client: Client;
  readonly server: LocalServer;
  /** Jobs that a former process left queued, and that this one does not start. */
  readonly leftJobs: readonly JobId[];
  readonly #stack: ClosingStack;

  private constructor(
    folder: string,
    parts: { client: Client; server: LocalServer; leftJobs: readonly JobId[]; stack: ClosingStack },
  ) {
    this.folder = folder;
    this.client = parts.client;
    this.server = parts.server;
    this.leftJobs = parts.leftJobs;
    this.#stack = parts.stack;
  }

  /** Takes over the lock. @throws UserError PORT_IN_USE, or as Service */
  static async open({ folder, lock, isStaying, port, ...options }: OwnerOptions): Promise<Owner> {
    const stack = new ClosingStack();
    stack.use(lock);
    try {
      const logger = openLogFile(folder);
      const service = stack.use(
        new Service({
          dataFolder: folder,
          fork: forkNodeWorker(workerEntry, (output) => logger.info('worker output', { output })),
          logger,
          version: appVersion(),
          published: publishedEncoders(),
          proxies: process.env,
          startsLeftJobs: isStaying,
          sampleFolder,
        }),
      );
      const server = await startServer({
        service,
        pageFolder: rendererFolder,
        ...(port === undefined ? { port: service.lastPort() ?? 0, fallbackPort: 0 } : { port }),
        ...options,
      });
      stack.defer(() => server.close());
      if (isStaying) service.rememberPort(Number(new URL(server.url).port));
      announce(folder, server, stack);
      const client: Client = createRouterClient(createRouter(service));
      const owner = new Owner(folder, { client, server, leftJobs: service.queue.leftJobs, stack });
      stack.use(beforeSignalEnds(() => owner.close()));
      return owner;
    } catch (error) {
      await stack.close();
      throw error;
    }
  }

  /**
   * Waits until the commands that are clients of this process are done, or until Ctrl-C; not once it is closed.
   * @param note says so
   */
  async serveOthers(note: (line: string) => void): Promise<void> {
    if (this.#stack.isClosed || this.server.commandCount() === 0) return;
    note(
      'Other r2o commands use the data folder through this one, which stays until they are done. Press Ctrl-C to stop them too; their jobs can be resumed.',
    );
    const interrupted = Promise.withResolvers<undefined>();
    using _waiting = onNextSignal(['SIGINT'], () => interrupted.resolve(undefined));
    await Promise.race([this.server.whenNoCommands(), interrupted.promise]);
  }

  /** Lets go of the data folder. Jobs under way are left to be resumed. */
  close(): Promise<void> {
    return this.#stack.close();
  }
}

/** Writes down how to reach this process, until it ends: by whatever but a kill. */
function announce(folder: string, server: LocalServer, stack: ClosingStack): void {
  const remove = () => removeEndpoint(folder);
  process.once('exit', remove);
  stack.defer(() => {
    process.removeListener('exit', remove);
    remove();
  });
  writeEndpoint(folder, { url: server.url, token: server.token, pid: process.pid });
}
