import { createRouterClient } from '@orpc/server';
import type { Client } from '../../contract/contract.ts';
import { createRouter } from '../../service/router.ts';
import { Service } from '../../service/service.ts';
import type { DataFolderLock } from '../../store/lock.ts';
import { startServer, type LocalServer, type ServerOptions } from '../server/server.ts';
import { removeEndpoint, writeEndpoint } from '../shared/endpoint.ts';
import { forkNodeWorker } from '../shared/fork-node-worker.ts';
import { openLogFile } from '../shared/log-file.ts';
import { appVersion, rendererFolder, workerEntry } from '../shared/paths.ts';
import { publishedEncoders } from '../shared/published.ts';
import { beforeSignalEnds, onNextSignal } from './signals.ts';

type OwnerOptions = { folder: string; lock: DataFolderLock } & Pick<ServerOptions, 'port' | 'onOpened'>;

/** This process as the owner of a data folder; see [Note: One owner] in session.ts. */
export class Owner {
  readonly folder: string;
  readonly client: Client;
  readonly server: LocalServer;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    folder: string,
    parts: { client: Client; server: LocalServer; stack: AsyncDisposableStack },
  ) {
    this.folder = folder;
    this.client = parts.client;
    this.server = parts.server;
    this.#stack = parts.stack;
  }

  /** Takes over the lock. @throws UserError PORT_IN_USE, or as Service */
  static async open({ folder, lock, ...options }: OwnerOptions): Promise<Owner> {
    const stack = new AsyncDisposableStack();
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
        }),
      );
      const server = await startServer({ service, pageFolder: rendererFolder, ...options });
      stack.defer(() => server.close());
      announce(folder, server, stack);
      const client: Client = createRouterClient(createRouter(service));
      const owner = new Owner(folder, { client, server, stack });
      stack.use(beforeSignalEnds(() => owner.close()));
      return owner;
    } catch (error) {
      await stack.disposeAsync();
      throw error;
    }
  }

  /** Waits until the commands that are clients of this process are done, or until Ctrl-C. @param note says so */
  async serveOthers(note: (line: string) => void): Promise<void> {
    if (this.server.commandCount() === 0) return;
    note(
      'Other r2o commands use the data folder through this one, which stays until they are done. Press Ctrl-C to stop them too; their jobs can be resumed.',
    );
    const interrupted = Promise.withResolvers<undefined>();
    using _waiting = onNextSignal(['SIGINT'], () => interrupted.resolve(undefined));
    await Promise.race([this.server.whenNoCommands(), interrupted.promise]);
  }

  /** Lets go of the data folder. Jobs under way are left to be resumed. */
  close(): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** Writes down how to reach this process, until it ends: by whatever but a kill. */
function announce(folder: string, server: LocalServer, stack: AsyncDisposableStack): void {
  const remove = () => removeEndpoint(folder);
  process.once('exit', remove);
  stack.defer(() => {
    process.removeListener('exit', remove);
    remove();
  });
  writeEndpoint(folder, { url: server.url, token: server.token, pid: process.pid });
}
