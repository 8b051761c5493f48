import { basename, relative } from 'node:path';
import type { ImageId } from '../../contract/ids.ts';
import type { FileGridOf } from '../../core/mask-files/image-grid.ts';
import { readOpened, type MaskFiles } from '../../core/mask-files/mask-folder.ts';
import type { FileMask, ImageMasks } from '../../core/mask-files/mask-record.ts';
import type { ExportKey, ImportableImage } from '../../domain/mask-import-rows.ts';
import { cleanClassName } from './class-names.ts';
import type { ReadMask } from './compare-masks.ts';
import type { ImageNames } from './image-names.ts';
import type { ImportReport } from './import-report.ts';

/** All that the files say about one image. */
export type ReadImage = {
  image: ImportableImage;
  masks: ReadMask[];
  /** Entries about the image that are no masks. */
  skipped: number;
  /** The exports that the files are in; null for files that are in none, or in one without a manifest. */
  exports: (ExportKey | null)[];
};

/** One record about an image, under the name that the file has for it. */
type NamedRecord = { name: string; isCertain: boolean; file: string; record: ImageMasks };
type Claims = { image: ImportableImage; records: NamedRecord[] };

export type Reading = {
  files: MaskFiles;
  names: ImageNames;
  report: ImportReport;
  signal: AbortSignal;
  /** @param done images so far */
  onImage: (done: number) => void;
};

/**
 * Reads all files of an import, and puts together what they say about each image: several files can be about the same.
 * @returns images in the order of their ids
 * @throws as `readOpened` does
 */
export async function readImported(reading: Reading): Promise<ReadImage[]> {
  const { names, report, files } = reading;
  const claims = await collectRecords(reading);
  return [...claims.values()]
    .map(({ image, records }) => {
      const certain = withoutRivals(records, image, report);
      return {
        image,
        masks: certain.flatMap(({ record, file }) =>
          record.masks.map((mask) => ({ mask: cleaned(mask, nameOf(file, files.path), report), file })),
        ),
        skipped: certain.reduce((sum, { record }) => sum + record.skipped, 0),
        exports: certain.map(({ file }) => names.exportOf(file)?.manifest ?? null),
      };
    })
    .sort((a, b) => a.image.imageId - b.image.imageId);
}

async function collectRecords({
  files,
  names,
  report,
  signal,
  onImage,
}: Reading): Promise<Map<ImageId, Claims>> {
  const claims = new Map<ImageId, Claims>();
  const gridOf: FileGridOf = (imageName, claimed, { file }) => {
    const found = names.find(imageName, file);
    if (typeof found === 'string') return found;
    const { widthPx, heightPx } = found.image;
    if (!claimed || (widthPx === claimed.widthPx && heightPx === claimed.heightPx))
      return { widthPx, heightPx };
    return `Its masks are ${claimed.widthPx} x ${claimed.heightPx}, but the upright image is ${widthPx} x ${heightPx}: correct masks on upright copies.`;
  };
  for await (const { file, ...record } of readOpened(files, { signal, gridOf, crowds: 'masks' })) {
    signal.throwIfAborted();
    if (record.kind !== 'masks') {
      report[record.kind](record.name, record.detail);
      continue;
    }
    const found = names.find(record.imageName, file);
    if (typeof found === 'string') throw new Error(`masks of ${record.imageName} were read, but: ${found}`);
    const { image, isCertain } = found;
    const known = claims.get(image.imageId) ?? { image, records: [] };
    claims.set(image.imageId, known);
    known.records.push({ name: record.imageName.normalize(), isCertain, file, record });
    onImage(claims.size);
  }
  return claims;
}

/**
 * The records about an image, without those that two names claim it for: only a name that says for certain that it
 * means this image counts then.
 */
function withoutRivals(records: NamedRecord[], image: ImportableImage, report: ImportReport): NamedRecord[] {
  const names = new Set(records.map(({ name }) => name));
  if (names.size < 2) return records;
  const certain = records.filter(({ isCertain }) => isCertain);
  const others = [...names].map((name) => `"${name}"`).slice(0, 3);
  for (const { name, record, isCertain } of records) {
    if (isCertain) continue;
    const detail = `The files have several images whose names could stand for ${image.relPath}: ${others.join(', ')}.`;
    for (const index of record.masks.keys()) report.problem(`${name}: mask ${index + 1}`, detail);
  }
  return certain;
}

/** A file as messages call it. */
const nameOf = (file: string, importPath: string) => relative(importPath, file) || basename(file);

function cleaned(mask: FileMask, file: string, report: ImportReport): FileMask {
  if (mask.className === null) return mask;
  const { name, note } = cleanClassName(mask.className);
  if (note !== undefined) report.note(file, note);
  return { ...mask, className: name };
}
