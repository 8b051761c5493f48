import { createReadStream } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../domain/make-folder.ts';

const BUFFER_BYTES = 256 * 1024;

/** A text file that grows in large steps: what is not written yet stays below a quarter of a megabyte. */
export class TextFile {
  readonly #handle: FileHandle;
  #pending: string[] = [];
  #pendingLength = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Creates the file, and its folder where that is missing. */
  static async create(path: string): Promise<TextFile> {
    await makeFolder(dirname(path));
    return new TextFile(await open(path, 'w'));
  }

  async write(text: string): Promise<void> {
    this.#pending.push(text);
    this.#pendingLength += text.length;
    if (this.#pendingLength >= BUFFER_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#pending.join('');
    this.#pending = [];
    this.#pendingLength = 0;
    if (text !== '') await this.#handle.appendFile(text);
  }

  /** Adds the content of another file. */
  async append(path: string): Promise<void> {
    await this.flush();
    for await (const chunk of createReadStream(path)) {
      // Without an encoding, a read stream gives buffers.
      await this.#handle.appendFile(chunk as Buffer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}

/**
 * A JSON file of one object whose members are long lists, written side by side: the first goes to the file itself,
 * the others wait in separate files until `finish`.
 */
export class JsonLists {
  readonly #path: string;
  readonly #names: readonly string[];
  readonly #files: TextFile[] = [];
  readonly #counts: number[];

  private constructor(path: string, names: readonly string[]) {
    this.#path = path;
    this.#names = names;
    this.#counts = names.map(() => 0);
  }

  /** @param head members that come first, whole */
  static async create(path: string, head: object, names: readonly string[]): Promise<JsonLists> {
    const lists = new JsonLists(path, names);
    for (const index of names.keys()) lists.#files.push(await TextFile.create(lists.#pathOf(index)));
    const members = Object.entries(head).map(([name, value]) => `${asciiJson(name)}:${asciiJson(value)},\n`);
    await lists.#files[0]?.write(`{${members.join('')}${asciiJson(names[0])}:[`);
    return lists;
  }

  async add(name: string, value: unknown): Promise<void> {
    const index = this.#names.indexOf(name);
    const isFirst = this.#counts[index] === 0;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    await this.#files[index]?.write(`${isFirst ? '\n' : ',\n'}${asciiJson(value)}`);
  }

  async finish(): Promise<void> {
    const [first, ...others] = this.#files;
    for (const [index, file] of others.entries()) {
      await file.flush();
      await first?.write(`\n],\n${asciiJson(this.#names[index + 1])}:[`);
      await first?.append(this.#pathOf(index + 1));
    }
    await first?.write('\n]}\n');
    await first?.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [index, file] of this.#files.entries()) {
      await file[Symbol.asyncDispose]();
      if (index > 0) await rm(this.#pathOf(index), { force: true });
    }
  }

  #pathOf(index: number): string {
    return index === 0 ? this.#path : `${this.#path}.${this.#names[index] ?? ''}.part`;
  }
}

/** JSON without any character beyond ASCII: some tools read files in the encoding of their system. */
export function asciiJson(value: unknown, space?: number): string {
  return JSON.stringify(value, null, space).replaceAll(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Text as it may stand between and in the tags of XML: special characters as entities, forbidden ones left out. */
export function escapeXml(text: string): string {
  return (
    text
      .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&apos;')
      // Readers turn these into spaces in attributes, unless they are written as numbers.
      .replaceAll(/[\t\n\r]/g, (char) => `&#${char.charCodeAt(0)};`)
  );
}

/** A field of CSV (RFC 4180). */
export function csvField(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
