import { relative, resolve } from 'node:path';
import { basename, dirname, extname } from 'node:path/posix';
import type { KnownFormat } from '../../core/mask-files/file-context.ts';
import type { ImportableImage } from '../../domain/mask-import-rows.ts';
import { ExportLists, type ExportList } from './export-list.ts';
import { formsOf, hasToolFoldersOnly, nameBeforeUpload, withoutDots } from './image-name-forms.ts';
import { ImageIndex } from './image-index.ts';

/** An image that a name stands for. */
export type FoundImage = {
  image: ImportableImage;
  /** Whether the name says so itself, as a path or by the list of an export; else it was only the one that fits. */
  isCertain: boolean;
};

export type NamesOptions = {
  /** The folder of the collection. */
  rootPath: string;
  /** What is imported. */
  importPath: string;
  format: KnownFormat;
};

/** What is said of a name that fits nothing. */
export const NO_SUCH_IMAGE = 'No image of the segmentation has this name and an unchanged file.';

/** Formats with one file for many images; in others, a file is about one image, and has its name and folder. */
const OF_MANY_IMAGES: readonly KnownFormat[] = ['coco', 'cvat', 'label-studio', 'datumaro'];

/**
 * Finds the image that a mask file is about, by as much of its name as the file has. A name that fits several images,
 * or fits one only if its folder is ignored, finds none.
 */
export class ImageNames {
  readonly #index = new ImageIndex();
  readonly #exports = new ExportLists();
  readonly #root: string;
  readonly #options: NamesOptions;
  readonly #isOfOneImage: boolean;

  constructor(options: NamesOptions) {
    this.#options = options;
    this.#root = slashed(options.rootPath).replace(/\/$/, '');
    this.#isOfOneImage = !OF_MANY_IMAGES.includes(options.format);
  }

  add(image: ImportableImage): void {
    this.#index.add(image);
  }

  /** The export of the app that a file is in; undefined if it is in none. */
  exportOf(file: string): ExportList | undefined {
    return this.#exports.of(file);
  }

  /**
   * @param imageName as the file writes it
   * @param file path of the file
   * @returns one sentence if no image, or more than one, has this name
   */
  find(imageName: string, file: string): FoundImage | string {
    let refusal: string | undefined;
    for (const form of formsOf(imageName)) {
      const found = this.#findForm(form, file);
      if (typeof found === 'object') return found;
      refusal ??= found;
    }
    return refusal ?? NO_SUCH_IMAGE;
  }

  /** @returns why the form fits no image although it seems to; undefined where it fits nothing */
  #findForm(form: string, file: string): FoundImage | string | undefined {
    const list = this.#exports.of(file);
    const path = withoutDots(form);
    const name = basename(path);
    const isOfExport = hasToolFoldersOnly(path);
    return (
      this.#listed(list, path) ??
      (isOfExport ? this.#listed(list, name) : undefined) ??
      this.#byPath(form, file) ??
      (isOfExport ? this.#listed(list, withoutExtension(name)) : undefined) ??
      this.#byName(path, list)
    );
  }

  /** By the list of the export that the file is in. */
  #listed(list: ExportList | undefined, name: string): FoundImage | string | undefined {
    const entry = list?.byName.get(name);
    if (!list || !entry) return undefined;
    const images = this.#index.atPath(entry.relPath);
    const same = images.filter(({ contentHash }) => contentHash === entry.contentHash);
    if (same.length > 0) return oneOf(same, true);
    // Renamed or moved since.
    const moved = this.#index.withContent(entry.contentHash);
    if (moved.length > 0) return oneOf(moved, true);
    return `${list.path} says that it is ${entry.relPath}, but the segmentation has no such image with the same content.`;
  }

  /** By the paths that a form can mean, the most certain first. */
  #byPath(form: string, file: string): FoundImage | string | undefined {
    const index = this.#index;
    const path = withoutDots(form);
    const below = this.#belowRoot(form);
    const beside = form.startsWith('/') ? undefined : this.#belowRoot(slashed(resolve(file, '..', form)));
    const mirrored = this.#isOfOneImage ? this.#mirrored(form, file) : undefined;
    const paths = [path, mirrored].filter((one) => one !== undefined);
    const besides = beside === undefined ? [] : [index.atPath(beside)];
    const exact = new Set(paths.flatMap((one) => index.atPath(one)));
    const candidates = [
      ...(this.#isOfOneImage ? [...besides, [...exact]] : [[...exact], ...besides]),
      ...(below === undefined ? [] : [index.atPath(below)]),
      ...this.#tailsOf(path).map((tail) => index.atPath(tail)),
    ];
    const found = candidates.find((images) => images.length > 0);
    if (found) return oneOf(found, true);
    const stems = new Set(paths.flatMap((one) => index.atStemPath(one)));
    return stems.size > 0 ? oneOf([...stems], false) : undefined;
  }

  /** The path of a name in the folder that its file has in the import; undefined at the top of it. */
  #mirrored(form: string, file: string): string | undefined {
    const folder = slashed(relative(this.#options.importPath, resolve(file, '..')));
    if (folder === '' || folder.startsWith('..') || form.startsWith('/')) return undefined;
    return slashed(relative('/', resolve('/', folder, form))).normalize();
  }

  /** The path below the collection of an absolute path; undefined for one that is elsewhere. */
  #belowRoot(path: string): string | undefined {
    const root = `${this.#root.normalize()}/`;
    const isWindows = /^[a-z]:/i.test(root);
    const start = path.slice(0, root.length);
    const isBelow = isWindows ? start.toLowerCase() === root.toLowerCase() : start === root;
    return isBelow ? path.slice(root.length) : undefined;
  }

  /** Ends of a path: behind the name of the collection's folder, then those with a folder, the longest first. */
  #tailsOf(path: string): string[] {
    const folders = path.split('/');
    const tails = folders.map((_, at) => folders.slice(at).join('/')).slice(1);
    const rootName = basename(this.#root).normalize();
    const behindRoot = tails.filter((_, at) => folders[at] === rootName);
    return [...behindRoot, ...tails.filter((tail) => dirname(tail) !== '.')];
  }

  #byName(path: string, list: ExportList | undefined): FoundImage | string | undefined {
    const index = this.#index;
    const file = basename(path);
    const isPlain = hasToolFoldersOnly(path);
    // An export's name has the folders in it, so that those of the path do not matter.
    const exported = index
      .exportedAs(file)
      .filter(({ relPath }) => isPlain || relPath.includes('/') || !index.called(file).length);
    const possible = new Set([...exported, ...index.numberedAs(file)]);
    if (possible.size > 0) return oneOf([...possible], false);
    const uploaded = nameBeforeUpload(path);
    if (uploaded !== undefined) {
      const listed = this.#listed(list, uploaded) ?? this.#listed(list, withoutExtension(uploaded));
      if (listed !== undefined) return listed;
      const loose = index.looselyCalled(uploaded);
      if (loose.length > 0) return oneOf(loose, false);
    }
    const called = index.called(file);
    const [only, ...others] = called;
    // On Windows and macOS, tools may write a name in another case than its file has.
    if (!only) {
      const folded = index.calledInAnyCase(isPlain ? file : path);
      return folded.length > 0 ? oneOf(folded, false) : undefined;
    }
    if (others.length > 0 || isPlain) return oneOf(called, false);
    return `No image of the segmentation has this path: there is ${only.relPath}, but in another folder.`;
  }
}

const withoutExtension = (name: string) => name.slice(0, name.length - extname(name).length);

const slashed = (path: string) => path.replaceAll('\\', '/');

function oneOf(images: readonly ImportableImage[], isCertain: boolean): FoundImage | string {
  const [image, ...others] = images;
  if (image && others.length === 0) return { image, isCertain };
  const shown = images.slice(0, 3).map(({ relPath }) => relPath);
  return `Several images of the segmentation have this name (${shown.join(', ')}): write their whole paths, including folders and extensions.`;
}
