import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import sax from 'sax';
import { unreadable } from './read-file.ts';

/** A tag of an XML file, in the order of the file. */
export type XmlTag =
  | {
      kind: 'open';
      name: string;
      attributes: Readonly<Record<string, string>>;
      /** 1 for the root. */ depth: number;
    }
  | { kind: 'close'; name: string; depth: number };

/** Why the rest of a file cannot be read. */
export type XmlProblem = { kind: 'problem'; detail: string };

/** The run lengths of a mask are far below it. While sax reads a text, each character takes 32 bytes of memory. */
const MAX_TEXT_LENGTH = 4_000_000;
/** Real files stay below six levels, and below twenty attributes. */
const MAX_DEPTH = 64;
const MAX_ATTRIBUTES = 256;

/**
 * The tags of an XML file without its texts, part by part: a file of any size takes no more memory than its largest
 * tag. Document types are refused, as they can define entities without bound.
 * @yields the tags of the next part; a problem ends the file
 */
export async function* readXml(path: string): AsyncGenerator<(XmlTag | XmlProblem)[]> {
  const reader = new TagReader();
  try {
    // Opening a named pipe would wait for a writer.
    if (!(await stat(path)).isFile()) {
      yield [{ kind: 'problem', detail: 'It is not a regular file.' }];
      return;
    }
    for await (const text of createReadStream(path, 'utf8')) {
      // With an encoding, a read stream gives strings.
      yield reader.read(text as string);
      if (reader.hasEnded) return;
    }
  } catch (error) {
    yield [{ kind: 'problem', detail: unreadable(error) }];
    return;
  }
  yield reader.end();
}

class TagReader {
  readonly #parser = new sax.SAXParser(true);
  #found: (XmlTag | XmlProblem)[] = [];
  #attributes = 0;
  #hasRoot = false;
  #hasEnded = false;

  constructor() {
    sax.MAX_BUFFER_LENGTH = MAX_TEXT_LENGTH;
    const parser = this.#parser;
    parser.onattribute = () => {
      if (++this.#attributes > MAX_ATTRIBUTES)
        this.#refuse(`A tag has more than ${MAX_ATTRIBUTES} attributes`);
    };
    parser.onopentag = ({ name, attributes }) => {
      this.#attributes = 0;
      this.#hasRoot = true;
      const depth = parser.tags.length;
      if (depth > MAX_DEPTH) this.#refuse(`It is nested deeper than ${MAX_DEPTH} levels`);
      this.#add({ kind: 'open', name, attributes, depth });
    };
    parser.onclosetag = (name) => this.#add({ kind: 'close', name, depth: parser.tags.length + 1 });
    parser.ondoctype = () => this.#refuse('It has a document type, which can define entities');
    parser.onerror = ({ message }) => this.#refuse(`It is not valid XML (${message.split('\n')[0] ?? ''})`);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  read(text: string): (XmlTag | XmlProblem)[] {
    // Once refused, the parser is left alone.
    if (!this.#hasEnded) this.#parser.write(text);
    const found = this.#found;
    this.#found = [];
    return found;
  }

  end(): (XmlTag | XmlProblem)[] {
    if (!this.#hasEnded) this.#parser.close();
    if (!this.#hasRoot) this.#refuse('It has no tag');
    return this.read('');
  }

  #add(tag: XmlTag): void {
    if (!this.#hasEnded) this.#found.push(tag);
  }

  #refuse(why: string): void {
    if (this.#hasEnded) return;
    this.#found.push({ kind: 'problem', detail: `${why}, in line ${this.#parser.line + 1}.` });
    this.#hasEnded = true;
  }
}
