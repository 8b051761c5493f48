import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { userError } from '../../contract/errors.ts';
import { Remote } from '../../contract/remote.ts';
import { dataLayout } from '../../domain/data-layout.ts';
import { errnoOf } from '../../domain/system-errors.ts';
import { parsedJson } from '../../domain/parsed-json.ts';

const Entry = Remote.extend({ token: z.object({ isSealed: z.boolean(), text: z.string() }) });
type Entry = z.infer<typeof Entry>;

/** What keeps a token from others who can read the disk, where the system offers that. */
export type Sealer = {
  /** Undefined where the system cannot. */
  seal: (text: string) => Promise<string | undefined>;
  /** @throws Error if it was sealed by another account or machine */
  open: (sealed: string) => Promise<string>;
};
/** Leaves tokens as they are, in a file that only its owner can read. */
const NO_SEALER: Sealer = {
  seal: () => Promise.resolve(undefined),
  open: () => Promise.reject(new Error('There is no key store.')),
};

/** The machines that this one is paired with, in one file of the data folder that only its owner can read. */
export class RemoteBook {
  readonly #file: string;
  readonly #sealer: Sealer;

  constructor(dataFolder: string, sealer: Sealer = NO_SEALER) {
    this.#file = dataLayout(dataFolder).remotes;
    this.#sealer = sealer;
  }

  /** By name. */
  list(): Remote[] {
    return this.#read().map((entry) => Remote.parse(entry));
  }

  /** @throws UserError NOT_FOUND */
  get(name: string): Remote {
    return Remote.parse(this.#entry(name));
  }

  /** Adds a machine, in place of one of the same name. */
  async add(remote: Remote, token: string): Promise<void> {
    const sealed = await this.#sealer.seal(token);
    const kept = sealed === undefined ? { isSealed: false, text: token } : { isSealed: true, text: sealed };
    this.#write([...this.#others(remote.name), { ...remote, token: kept }]);
  }

  /** Changes what is known of a machine. @throws UserError NOT_FOUND */
  change(name: string, changes: Partial<Pick<Remote, 'ssh' | 'localPort' | 'paths'>>): Remote {
    const entry = { ...this.#entry(name), ...changes };
    this.#write([...this.#others(name), entry]);
    return Remote.parse(entry);
  }

  /** @throws UserError NOT_FOUND */
  remove(name: string): void {
    this.#entry(name);
    this.#write(this.#others(name));
  }

  /** What shows the other machine who we are. @throws UserError NOT_FOUND, WRONG_STATE if its seal cannot be opened here */
  async token(name: string): Promise<string> {
    const { token } = this.#entry(name);
    if (!token.isSealed) return token.text;
    try {
      return await this.#sealer.open(token.text);
    } catch (cause) {
      throw userError('remote-sealed', { name }, { cause });
    }
  }

  #entry(name: string): Entry {
    const entry = this.#read().find((one) => one.name === name);
    if (!entry) throw userError('no-remote', { name });
    return entry;
  }

  #others(name: string): Entry[] {
    return this.#read().filter((one) => one.name !== name);
  }

  #read(): Entry[] {
    let text: string;
    try {
      text = readFileSync(this.#file, 'utf8');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    }
    const read = z.array(Entry).safeParse(parsedJson(text));
    if (!read.success) throw userError('remotes-damaged', { path: this.#file }, { cause: read.error });
    return read.data;
  }

  #write(entries: Entry[]): void {
    const sorted = entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const partial = `${this.#file}.partial`;
    writeFileSync(partial, JSON.stringify(sorted, null, 2), { mode: 0o600 });
    renameSync(partial, this.#file);
  }
}
