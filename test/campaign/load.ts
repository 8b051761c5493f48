import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import type { Client } from '../../src-main/contract/contract.ts';
import { connectTo } from '../../src-main/host/cli/owner-connection.ts';
import type { Chance } from './campaign.ts';
import type { Sample } from './growth.ts';
import { WORKS } from './load-works.ts';
import { look } from './page-look.ts';
import { visitPage } from './page-visit.ts';
import { canReadProcesses, stateOf } from './process-state.ts';
import { serve, type Served, type ServeOptions } from './served.ts';

/** Folders of photos, of which collections are made and removed. */
const FOLDERS = 3;
const SCENES_PER_FOLDER = 8;
/** Pages that are open at a time. */
const MAX_VISITS = 3;

/** A server with mixed work on it, and what it holds after each piece. */
export class Load implements AsyncDisposable {
  readonly samples: Sample[] = [];
  readonly folders: readonly string[];
  readonly client: Client;
  readonly served: Served;
  readonly #connection: Connection;
  readonly #recordTo: string | undefined;

  private constructor(served: Served, connection: Connection, recordTo?: string) {
    this.served = served;
    this.client = connection.client;
    this.folders = Array.from({ length: FOLDERS }, (_, index) => join(served.folder, `photos-${index}`));
    this.#connection = connection;
    this.#recordTo = recordTo;
  }

  /** @param recordTo the file to which each sample is appended, one JSON object per line */
  static async open({
    recordTo,
    ...options
  }: ServeOptions & { recordTo?: string | undefined } = {}): Promise<Load> {
    const served = await serve(options);
    const connection = await connectTo(served.endpoint);
    if (!connection) throw new Error('r2o serve does not answer.');
    const load = new Load(served, connection, recordTo);
    for (const [index, folder] of load.folders.entries())
      await writeScenes(folder, { count: SCENES_PER_FOLDER, seed: 100 * index });
    return load;
  }

  /** Does one piece of work, while pages come and go. @returns its name */
  async work(chance: Chance): Promise<string> {
    const work = chance.pick(WORKS);
    const least = work.name === 'pages' ? 1 : 0;
    const visits = Array.from({ length: chance.whole(least, MAX_VISITS + 1) }, async () =>
      visitPage(await this.#connection.newPageUrl(), (page) => look(page, chance)),
    );
    await allOf([work.run(this, chance), ...visits]);
    if (canReadProcesses) await this.#measure(work.name);
    return work.name;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close();
    await this.served.stop();
  }

  async #measure(work: string): Promise<void> {
    const sample = await stateOf(this.served);
    this.samples.push(sample);
    if (this.#recordTo !== undefined)
      appendFileSync(this.#recordTo, `${JSON.stringify({ atMs: Date.now(), work, ...sample })}\n`);
  }
}

type Connection = NonNullable<Awaited<ReturnType<typeof connectTo>>>;

/** Waits for all, so that nothing goes on into the next case. @throws what the first that failed has thrown */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(works);
  await Promise.all(works);
}
