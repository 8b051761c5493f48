import { basename, extname } from 'node:path/posix';
import type { ImportableImage } from '../../domain/mask-import-rows.ts';
import { exportName, markedName } from '../../export/image-names.ts';
import { looseName } from './image-name-forms.ts';

/** Kinds of images that exports copy as they are. */
const COPIED = ['.jpg', '.png', '.webp', '.bmp'];

type Names = Map<string, ImportableImage[]>;

/** The images of a segmentation by all that files may call them. Names are in composed form. */
export class ImageIndex {
  readonly #byExactPath = new Map<string, ImportableImage>();
  readonly #byPath: Names = new Map();
  readonly #byStemPath: Names = new Map();
  readonly #byFile: Names = new Map();
  readonly #byStem: Names = new Map();
  readonly #byExportName: Names = new Map();
  readonly #byLooseName: Names = new Map();
  readonly #byFoldedName: Names = new Map();
  readonly #byContent: Names = new Map();

  add(image: ImportableImage): void {
    const path = image.relPath.normalize();
    const file = basename(path);
    this.#byExactPath.set(image.relPath, image);
    note(this.#byPath, path, image);
    note(this.#byStemPath, withoutExtension(path), image);
    note(this.#byFile, file, image);
    note(this.#byStem, withoutExtension(file), image);
    const exported = [exportName(path), markedName(image)];
    for (const name of exported) note(this.#byExportName, name, image);
    for (const name of [path, file, ...exported])
      for (const one of [name, withoutExtension(name)]) note(this.#byFoldedName, one.toLowerCase(), image);
    note(this.#byContent, image.contentHash, image);
    for (const name of new Set([file, ...exported].map(looseName))) note(this.#byLooseName, name, image);
  }

  /** By its path below the collection; without an extension, the path of an image may have any. */
  atPath(path: string): ImportableImage[] {
    const exact = this.#byExactPath.get(path);
    return exact ? [exact] : (this.#byPath.get(path.normalize()) ?? []);
  }

  atStemPath(path: string): ImportableImage[] {
    return this.#byStemPath.get(path) ?? [];
  }

  /** By the name that an export gives it. */
  exportedAs(file: string): ImportableImage[] {
    return this.#byExportName.get(withoutExtension(file)) ?? this.#byExportName.get(file) ?? [];
  }

  /**
   * By the number that earlier versions put behind a name that another image had, too; eight digits are a mark. Copies
   * have the extension of their image, if that is one of these.
   */
  numberedAs(file: string): ImportableImage[] {
    const numbered = /^(.+)-\d{1,7}$/.exec(withoutExtension(file))?.[1];
    const same = numbered === undefined ? [] : (this.#byExportName.get(numbered) ?? []);
    if (same.length < 2) return [];
    const wanted = extensionOf(file);
    return same.filter((image) =>
      [wanted, undefined].includes(COPIED.find((one) => one === extensionOf(image.relPath))),
    );
  }

  /** By the name of its file in whatever folder, else without the extension. */
  called(file: string): ImportableImage[] {
    return this.#byFile.get(file) ?? this.#byStem.get(withoutExtension(file)) ?? this.#byStem.get(file) ?? [];
  }

  /** By its path, its file name or the name that an export gives it, in capitals or not, with the extension or without. */
  calledInAnyCase(name: string): ImportableImage[] {
    const folded = name.normalize().toLowerCase();
    return this.#byFoldedName.get(folded) ?? this.#byFoldedName.get(withoutExtension(folded)) ?? [];
  }

  withContent(contentHash: string): ImportableImage[] {
    return this.#byContent.get(contentHash) ?? [];
  }

  /** By what upload tools leave of its name; of several, the one whose extension is the same. */
  looselyCalled(file: string): ImportableImage[] {
    const found = this.#byLooseName.get(looseName(file)) ?? [];
    if (found.length < 2) return found;
    const same = found.filter(({ relPath }) => extensionOf(relPath) === extensionOf(file));
    return same.length === 1 ? same : found;
  }
}

function note(names: Names, name: string, image: ImportableImage): void {
  const others = names.get(name);
  if (!others) names.set(name, [image]);
  else if (!others.includes(image)) others.push(image);
}

const withoutExtension = (path: string) => path.slice(0, path.length - extname(path).length);

const extensionOf = (path: string) => extname(path).toLowerCase().replace('.jpeg', '.jpg');
