import { basename, extname } from 'node:path/posix';
import type { ImportableImage } from '../../domain/mask-import-rows.ts';
import { exportName } from '../../export/image-names.ts';

/** Finds the image that a mask file belongs to, by as much of its name as the file contains. */
export class ImportNames {
  readonly #byPath = new Map<string, ImportableImage>();
  readonly #byName = new Map<string, ImportableImage | null>();

  add(image: ImportableImage): void {
    const { relPath } = image;
    this.#byPath.set(relPath, image);
    const file = basename(relPath);
    const stem = basename(file, extname(file));
    // What several images are called names none of them.
    for (const name of new Set([file, stem, exportName(relPath)])) {
      this.#byName.set(name, this.#byName.has(name) ? null : image);
    }
  }

  /**
   * The image of a name: its path below the collection, else its file name, else that without an extension, which
   * may also be the name that an export gave it.
   * @returns null where several images are called so, undefined where none is
   */
  find(imageName: string): ImportableImage | null | undefined {
    const path = imageName.replace(/^(\.{0,2}\/)+/, '');
    const file = basename(path);
    const stem = basename(file, extname(file));
    return this.#byPath.get(path) ?? this.#byName.get(file) ?? this.#byName.get(stem);
  }
}
