import { link, rename, stat, writeFile } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import type { ExportImageRow } from '../domain/export-plan.ts';
import type { ExportImages } from '../contract/export.ts';
import { extensionOf } from '../core/image/file-names.ts';
import type { ImageLimits } from '../core/image/image-limits.ts';
import { ImageProblemError } from '../core/image/image-problem.ts';
import { errnoOf } from '../domain/system-errors.ts';
import { readOriginal } from '../core/image/original-file.ts';
import { readVerified } from '../core/image/render.ts';
import { sniff } from '../core/image/sniff.ts';
import { extensionOfFormat, uprightCopy } from '../core/image/upright-copy.ts';
import { resolveFile } from '../core/image/walk.ts';
import type { ExportedImage } from './format.ts';
import { makeFolder } from '../domain/make-folder.ts';

/** Those that `uprightCopy` gives. */
const COPY_EXTENSIONS = ['jpg', 'png', 'webp', 'bmp'];

export type Placing = {
  images: ExportImages;
  onlyJpeg: boolean;
  /** The export's folder, and the one for this image below it, forward slashes. */
  folder: string;
  imageFolder: string;
  name: string;
  /** Whether an earlier run of this export may have left copies there. */
  isResumed: boolean;
  rootPaths: readonly string[];
  limits: ImageLimits;
  signal: AbortSignal;
};

export type Placed = {
  file: ExportedImage['file'];
  /** What was done that the user did not ask for. */
  departure: 'copied-instead-of-linked' | 'copied-upright' | null;
};

/**
 * Brings an image into an export: a copy, a second name, or the place of the original, which is only ever read.
 * @throws ImageProblemError with the reason that this image cannot be exported: missing, changed, damaged
 */
export async function placeImage(image: ExportImageRow, placing: Placing): Promise<Placed> {
  const path = resolveFile(image.rootPath, image.file);
  switch (placing.images) {
    case 'reference':
      await verifyUnchanged(path, image, placing);
      return { file: referenceTo(path, image, placing.rootPaths), departure: null };
    case 'hardlink':
      return linkImage(path, image, placing);
    case 'copy':
      return { file: await copyImage(path, image, placing), departure: null };
  }
}

async function linkImage(path: string | Buffer, image: ExportImageRow, placing: Placing): Promise<Placed> {
  await verifyUnchanged(path, image, placing);
  const format = await readOriginal(path, placing, (original) =>
    Promise.resolve(sniff(original.head, extensionOf(image.file.relPath))),
  );
  const isJpeg = format.kind === 'image' && format.format === 'jpeg';
  if (format.kind !== 'image' || image.orientation !== 1 || (placing.onlyJpeg && !isJpeg)) {
    return { file: await copyImage(path, image, placing), departure: 'copied-upright' };
  }
  const inside = `${placing.imageFolder}/${placing.name}.${extensionOfFormat(format.format)}`;
  const target = join(placing.folder, inside);
  await makeFolder(join(placing.folder, placing.imageFolder));
  try {
    await link(path, target);
  } catch (error) {
    const errno = errnoOf(error);
    // There already: an export that is resumed.
    if (errno === 'EEXIST') return { file: { kind: 'inside', path: inside }, departure: null };
    // Another drive, or one that knows no links.
    if (!['EXDEV', 'EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK', 'EACCES'].includes(errno ?? '')) throw error;
    return { file: await copyImage(path, image, placing), departure: 'copied-instead-of-linked' };
  }
  return { file: { kind: 'inside', path: inside }, departure: null };
}

async function copyImage(
  path: string | Buffer,
  { contentHash }: ExportImageRow,
  placing: Placing,
): Promise<ExportedImage['file']> {
  const { limits, signal, onlyJpeg, folder, imageFolder, name } = placing;
  const copied = placing.isResumed ? await findCopy(placing) : undefined;
  if (copied) return copied;
  const bytes = await readVerified(path, contentHash, { limits, signal });
  const copy = await uprightCopy(bytes, { limits, onlyJpeg });
  const inside = `${imageFolder}/${name}.${copy.extension}`;
  const target = join(folder, inside);
  await makeFolder(join(folder, imageFolder));
  await writeFile(`${target}.part`, copy.bytes);
  await rename(`${target}.part`, target);
  return { kind: 'inside', path: inside };
}

/** A copy has its name only once it is whole. */
async function findCopy({ folder, imageFolder, name }: Placing): Promise<ExportedImage['file'] | undefined> {
  for (const extension of COPY_EXTENSIONS) {
    const inside = `${imageFolder}/${name}.${extension}`;
    const stats = await stat(join(folder, inside)).catch(() => undefined);
    if (stats?.isFile()) return { kind: 'inside', path: inside };
  }
  return undefined;
}

/** Size and time can be the same after a change; the content itself decides. */
async function verifyUnchanged(
  path: string | Buffer,
  image: ExportImageRow,
  { limits, signal }: Placing,
): Promise<void> {
  const hash = await readOriginal(path, { limits, signal }, (original) => original.readHash());
  if (hash === image.contentHash) return;
  throw new ImageProblemError('unreadable', 'The file has changed since the dataset was created: rescan, segment and create the dataset again.'); // prettier-ignore
}

function referenceTo(
  path: string | Buffer,
  { rootPath }: ExportImageRow,
  rootPaths: readonly string[],
): ExportedImage['file'] {
  if (typeof path !== 'string') {
    throw new ImageProblemError('unreadable', 'Its name is not valid UTF-8, so no label file can contain it: export with --images copy.'); // prettier-ignore
  }
  const slashed = (text: string) => text.split(sep).join('/');
  const shown = rootPaths.length === 1 ? relative(rootPath, path) : path;
  return { kind: 'outside', path, shownPath: slashed(shown) };
}

/** The path from a folder to a file, forward slashes, as label files in any folder write it. */
export function pathFrom(folder: string, path: string): string {
  const way = relative(folder, path);
  return (isAbsolute(way) ? path : way).split(sep).join('/');
}
