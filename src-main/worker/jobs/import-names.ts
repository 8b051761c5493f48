import { basename, dirname, extname } from 'node:path/posix';
import type { ImportableImage } from '../../domain/mask-import-rows.ts';
import { exportName } from '../../export/image-names.ts';

/** Finds the image that a mask file belongs to, by as much of its name as the file contains. */
export class ImportNames {
  readonly #byPath = new Map<string, ImportableImage>();
  readonly #byName = new Map<string, ImportableImage | null>();
  readonly #byExportName = new Map<string, ImportableImage | null>();

  add(image: ImportableImage): void {
    const path = image.relPath.normalize();
    this.#byPath.set(path, image);
    const file = basename(path);
    const exported = exportName(path);
    const names = new Set([file, stemOf(file)]);
    for (const name of names) addUnique(this.#byName, name, image);
    if (!names.has(exported)) addUnique(this.#byExportName, exported, image);
  }

  /**
   * The image of a name: its path below the collection, also behind other folders; else the name that an export gave it;
   * else its file name, with or without extension, unless the name gives another folder. Composed and decomposed
   * characters are the same.
   * @returns one sentence where no image, or more than one, is called so
   */
  find(imageName: string): ImportableImage | string {
    const path = imageName.normalize().replace(/^(\.{0,2}\/)+/, '');
    const file = basename(path);
    const stem = stemOf(file);
    const found =
      this.#byPath.get(path) ??
      this.#byTail(path) ??
      this.#byExportName.get(stem) ??
      this.#byExportName.get(file);
    if (found) return found;
    const named = this.#byName.get(file) ?? this.#byName.get(stem);
    if (named === null || found === null) {
      return 'Several images of the segmentation have this name: include the folders in the name.';
    }
    if (!named) return 'No image of the segmentation has this name and an unchanged file.';
    const isElsewhere = path.includes('/') && named.relPath.includes('/');
    if (!isElsewhere) return named;
    return `No image of the segmentation has this path: there is ${named.relPath}, but in another folder.`;
  }

  /** The image at the longest end of a path that is the path of an image in a folder of the collection. */
  #byTail(path: string): ImportableImage | undefined {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      const tail = path.slice(at + 1);
      const image = dirname(tail) === '.' ? undefined : this.#byPath.get(tail);
      if (image) return image;
    }
    return undefined;
  }
}

const stemOf = (file: string) => basename(file, extname(file));

/** What several images are called names none of them. */
function addUnique(names: Map<string, ImportableImage | null>, name: string, image: ImportableImage): void {
  names.set(name, names.has(name) ? null : image);
}
