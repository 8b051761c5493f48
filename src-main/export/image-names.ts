import { createHash } from 'node:crypto';

/** File systems allow 255 bytes; tools add their own endings. */
const MAX_BYTES = 120;
const RESERVED = /^(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³])$/i;
const MARK_LENGTH = 8;

/** An image of which an export makes a name. */
export type NamedImage = {
  /** Path below its collection. */
  relPath: string;
  /** SHA-256 of its file. */
  contentHash: string;
};

/**
 * The name that an image gets in an export: its path in one piece, without its extension, with letters and digits of
 * any script, `-` and `_`. Dots break the import of VOC into CVAT, spaces the lists of VOC, the rest Windows.
 */
export function exportName(relPath: string): string {
  const stem = relPath.normalize('NFC').replace(/(?<=[^/])\.[^./]*$/, '');
  const parts = stem.split('/').map((part) => part.replaceAll(/[^\p{L}\p{M}\p{N}_-]/gu, '_'));
  const name = parts.join('__').replace(/^-/, '_') || '_';
  const safe = RESERVED.test(name) ? `_${name}` : name;
  return Buffer.byteLength(safe) <= MAX_BYTES ? safe : withMark(safe, markOf(relPath));
}

/**
 * The name of an image whose `exportName` another image of its collection has, too. It follows from the image alone, so
 * an import finds the image again, also without the list of an export.
 */
export function markedName({ relPath, contentHash }: NamedImage): string {
  return withMark(exportName(relPath), markOf(`${relPath.normalize('NFC')}\n${contentHash}`));
}

/** Names that several images would get, compared without case and in composed form. */
export class NameCollisions {
  readonly #owners = new Map<string, string>();
  readonly #shared = new Set<string>();

  /** @param rootPath the folder of its collection */
  note(rootPath: string, relPath: string): void {
    const name = fold(exportName(relPath));
    const owner = `${rootPath}\n${relPath}`;
    const first = this.#owners.get(name);
    if (first === undefined) this.#owners.set(name, owner);
    else if (first !== owner) this.#shared.add(name);
  }

  has(relPath: string): boolean {
    return this.#shared.has(fold(exportName(relPath)));
  }
}

/** Gives each image of an export a unique name, compared without case. */
export class ImageNames {
  readonly #taken = new Set<string>();
  readonly #collisions: NameCollisions;

  constructor(collisions: NameCollisions) {
    this.#collisions = collisions;
  }

  /** The image's `exportName`, or its `markedName` where others would have the same; copies of a file are numbered. */
  take(image: NamedImage): string {
    const plain = exportName(image.relPath);
    const isFree = !this.#collisions.has(image.relPath) && !this.#taken.has(fold(plain));
    const wanted = isFree ? plain : markedName(image);
    for (let number = 1; ; number++) {
      const name = number === 1 ? wanted : `${wanted}-${number}`;
      if (this.#taken.has(fold(name))) continue;
      this.#taken.add(fold(name));
      return name;
    }
  }
}

const fold = (name: string) => name.toLowerCase();

const markOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, MARK_LENGTH);

/** Adds a mark; a name that is too long for it is cut between characters, never in one. */
function withMark(name: string, mark: string): string {
  let kept = '';
  for (const char of name) {
    if (Buffer.byteLength(kept + char) > MAX_BYTES - mark.length - 1) break;
    kept += char;
  }
  return `${kept}-${mark}`;
}
