import type { Client } from '../../../contract/contract.ts';
import type { ImportId } from '../../../contract/ids.ts';
import type { ImportCounts, ImportedImage, MaskImport } from '../../../contract/mask-import.ts';
import { countText, printable } from '../output.ts';

/** Problems and images that are listed one by one; the rest is counted. */
const ROWS_SHOWN = 20;

/** An import, with the first of the images on which it changes something. */
export type ShownImport = MaskImport & { differentImages: ImportedImage[] };

/** An import as it is, whether it has ended or not. */
export async function readImport(client: Client, id: ImportId): Promise<ShownImport> {
  const made = await client.maskImports.get({ id });
  const { items } = await client.maskImports.images({ id, onlyDifferent: true, limit: 500 });
  return { ...made, differentImages: items };
}

/** What came of an import, and how it is undone; of one that stopped before its end, what it has done until then. */
export function importLines({ id, options, result, batch, differentImages }: ShownImport): string[] {
  const { segmentationId, isDryRun } = options;
  const undo =
    batch === null ? [] : [`To undo it: r2o review ${segmentationId} --undo ${batch} (import ${id})`];
  if (!result) return [isDryRun ? UNFINISHED_PREVIEW : batch === null ? NOTHING_YET : UNFINISHED, ...undo];
  const { images, problems, skipped, notes, noteCount } = result;
  return [
    `${countText(images, 'image')}: ${countsText(result)}`,
    ...(isDryRun ? listed(differentImages, differentImages.length, imageLine) : []),
    ...(skipped > 0 ? [`${unusedText(skipped)}:`] : []),
    ...listed(problems, skipped, problemLine),
    ...(noteCount > 0 ? [`${countText(noteCount, 'note')}:`] : []),
    ...listed(notes, noteCount, problemLine),
    ...(isDryRun ? ['Nothing was changed: this was a preview.'] : []),
    ...undo,
  ];
}

const UNFINISHED = 'The import has not ended: the masks of some images are imported.';
const UNFINISHED_PREVIEW = 'The preview has not ended.';
const NOTHING_YET = 'The import has not ended: no mask is imported yet.';

const countsText = ({ kept, changed, added, rejected }: ImportCounts) =>
  `${countText(kept, 'mask')} unchanged, ${changed} changed, ${added} added, ${rejected} rejected`;

function imageLine({ relPath, skipped, ...counts }: ImportedImage): string {
  const unused = skipped > 0 ? `, ${skipped} not used` : '';
  return `  ${printable(relPath)}: ${countsText({ ...counts, skipped })}${unused}`;
}

/** How much of the files is not in the masks. */
export const unusedText = (count: number) =>
  count === 1
    ? 'one entry, file or image could not be used'
    : `${count} entries, files or images could not be used`;

const problemLine = ({ name, detail }: { name: string; detail: string }) =>
  `  ${printable(name)}: ${printable(detail)}`;

function listed<T>(rows: readonly T[], count: number, lineOf: (row: T) => string): string[] {
  const shown = rows.slice(0, ROWS_SHOWN);
  const more = count - shown.length;
  return [
    ...shown.map(lineOf),
    ...(more > 0 ? [`  ... and ${more} more; --json lists the first of them`] : []),
  ];
}
