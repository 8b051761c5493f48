import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { Client } from '../../../contract/contract.ts';
import { UserError } from '../../../contract/errors.ts';
import type { ImportId } from '../../../contract/ids.ts';
import {
  importedNothing,
  MaskFileFormat,
  type ImportCounts,
  type ImportedImage,
  type MaskImport,
} from '../../../contract/mask-import.ts';
import { followJob } from '../follow-job.ts';
import { printable } from '../output.ts';
import { contextOf } from '../context.ts';
import { findSegmentation } from './segmentations.ts';

/** Problems and images that are listed one by one; the rest is counted. */
const ROWS_SHOWN = 20;

type Options = { format: MaskFileFormat; rejectMissing?: boolean; dryRun?: boolean };
/** An import, with the first of the images on which it changes something. */
type ShownImport = MaskImport & { differentImages: ImportedImage[] };

export function addImportMasksCommand(program: Command): void {
  program
    .command('import-masks')
    .argument('<segmentation>', 'number or name')
    .argument('<path>', 'file or folder written by a labeling tool')
    .addOption(
      new Option('--format <format>', 'format of the file or folder')
        .choices(MaskFileFormat.options)
        .default('auto'),
    )
    .option(
      '--reject-missing',
      'reject masks of these images that are not in the file: they were deleted in the tool',
    )
    .option('--dry-run', 'only show what would be added, changed, rejected and not understood')
    .description('import masks that were corrected in another tool, as one step that can be undone')
    .action(async (which: string, path: string, options: Options, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const started = await client.maskImports.start({
          segmentationId: (await findSegmentation(client, which)).id,
          path: resolve(path),
          format: options.format,
          rejectMissing: options.rejectMissing ?? false,
          isDryRun: options.dryRun ?? false,
        });
        await followJob(client, started.job.id);
        const made = await readImport(client, started.import.id);
        output.result(made, importLines);
        refuseNothing(made);
      });
    });
}

async function readImport(client: Client, id: ImportId): Promise<ShownImport> {
  const made = await client.maskImports.get({ id });
  const { items } = await client.maskImports.images({ id, onlyDifferent: true, limit: 500 });
  return { ...made, differentImages: items };
}

function importLines({ id, options, result, batch, differentImages }: ShownImport): string[] {
  if (!result) return ['The import was paused.'];
  const { images, problems, skipped, notes, noteCount } = result;
  const { segmentationId, isDryRun } = options;
  return [
    `${images} images: ${countsText(result)}`,
    ...(isDryRun ? listed(differentImages, differentImages.length, imageLine) : []),
    ...(skipped > 0 ? [`${skipped} entries, files or images could not be used:`] : []),
    ...listed(problems, skipped, problemLine),
    ...(noteCount > 0 ? [`${noteCount} notes:`] : []),
    ...listed(notes, noteCount, problemLine),
    ...(isDryRun ? ['Nothing was changed: this was a preview.'] : []),
    ...(batch === null ? [] : [`To undo it: r2o review ${segmentationId} --undo ${batch} (import ${id})`]),
  ];
}

const countsText = ({ kept, changed, added, rejected }: ImportCounts) =>
  `${kept} masks unchanged, ${changed} changed, ${added} added, ${rejected} rejected`;

function imageLine({ relPath, skipped, ...counts }: ImportedImage): string {
  const unused = skipped > 0 ? `, ${skipped} not used` : '';
  return `  ${printable(relPath)}: ${countsText({ ...counts, skipped })}${unused}`;
}

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

/** @throws UserError BAD_INPUT if the files hold no mask that could be used */
function refuseNothing({ options: { path, format }, result }: MaskImport): void {
  if (!result || !importedNothing(result)) return;
  const { skipped } = result;
  throw new UserError(
    'BAD_INPUT',
    skipped > 0
      ? `No mask of ${path} could be imported: ${skipped} entries, files or images could not be used.`
      : `${path} holds no masks in the format ${format}.`,
    {
      hint: 'Check the format, the names of the images, and that the segmentation is the one of these images.',
    },
  );
}
