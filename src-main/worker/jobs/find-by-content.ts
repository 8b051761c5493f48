import { stat } from 'node:fs/promises';
import { ImageProblemError } from '../../core/image/image-problem.ts';
import { readOriginal } from '../../core/image/original-file.ts';
import { resolveFile, walkFolder } from '../../core/image/walk.ts';
import type { FileKey } from '../../domain/scan.ts';
import type { CutImage, CutResult } from '../threads/image-cutter.ts';
import type { WorkerJobOf } from '../protocol/job.ts';

/** An image that is known by its content, and where it was. */
export type WantedImage = CutImage & { sizeBytes: number };

type Folder = Pick<WorkerJobOf<'segment'>, 'rootPath' | 'limits'> & { signal: AbortSignal };

/** Files that are looked at together. */
const WINDOW = 64;

/**
 * Finds images in a folder by their content, whatever their names are there.
 *
 * A file of the right size under the name that the image had is taken for it without being read: whoever opens it
 * compares its content anyway, and asks again if that is another. The folder is listed only if an image is not there,
 * and only files of its size are read.
 */
export class ContentFinder {
  readonly #folder: Folder;
  readonly #hashes = new Map<string, Promise<string | null>>();
  #listed: Promise<Map<number, FileKey[]>> | undefined;

  constructor(folder: Folder) {
    this.#folder = folder;
  }

  /**
   * The images where they are, and those that are nowhere in the folder.
   * @throws UserError FOLDER_NOT_FOUND, NOT_A_FOLDER, FOLDER_UNREADABLE about the folder; the signal's reason
   */
  async locate<T extends WantedImage>(images: readonly T[]): Promise<{ found: T[]; absent: T[] }> {
    const [found, absent]: [T[], T[]] = [[], []];
    for (let at = 0; at < images.length; at += WINDOW) {
      this.#folder.signal.throwIfAborted();
      const some = images.slice(at, at + WINDOW);
      const places = await Promise.all(some.map((image) => this.#place(image)));
      for (const [index, image] of some.entries()) {
        const place = places[index] ?? null;
        if (place) found.push(place);
        else absent.push(image);
      }
    }
    return { found, absent };
  }

  /** Cuts an image again that was not what its name had promised, if its content is somewhere else. */
  async orElsewhere(
    image: WantedImage,
    result: CutResult,
    cut: (image: CutImage) => Promise<CutResult>,
  ): Promise<CutResult> {
    if (!('unread' in result)) return result;
    const place = await this.#search(image);
    return place && keyOf(place) !== keyOf(image) ? cut(place) : result;
  }

  async #place<T extends WantedImage>(image: T): Promise<T | null> {
    const stats = await stat(resolveFile(this.#folder.rootPath, image)).catch(() => undefined);
    if (stats?.isFile() === true && stats.size === image.sizeBytes) return image;
    return this.#search(image);
  }

  async #search<T extends WantedImage>(image: T): Promise<T | null> {
    this.#listed ??= this.#list();
    for (const file of (await this.#listed).get(image.sizeBytes) ?? []) {
      if ((await this.#hashOf(file)) === image.contentHash) return { ...image, ...file };
    }
    return null;
  }

  async #list(): Promise<Map<number, FileKey[]>> {
    const { rootPath, signal } = this.#folder;
    const bySize = new Map<number, FileKey[]>();
    for await (const files of walkFolder(rootPath, { signal })) {
      for (const { relPath, pathBytes, sizeBytes, problem } of files) {
        if (problem) continue;
        const same = bySize.get(sizeBytes);
        if (same) same.push({ relPath, pathBytes });
        else bySize.set(sizeBytes, [{ relPath, pathBytes }]);
      }
    }
    return bySize;
  }

  /** Null for a file that cannot be read. */
  #hashOf(file: FileKey): Promise<string | null> {
    const { rootPath, limits, signal } = this.#folder;
    const key = keyOf(file);
    const known = this.#hashes.get(key);
    if (known) return known;
    const path = resolveFile(rootPath, file);
    const hash = readOriginal(path, { limits, signal }, (original) => original.readHash()).catch(
      (error: unknown) => {
        if (error instanceof ImageProblemError) return null;
        throw error;
      },
    );
    this.#hashes.set(key, hash);
    return hash;
  }
}

const keyOf = ({ relPath, pathBytes }: FileKey) =>
  pathBytes === null ? relPath : Buffer.from(pathBytes).toString('hex');
