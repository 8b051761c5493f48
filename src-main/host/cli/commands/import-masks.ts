import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { Client } from '../../../contract/contract.ts';
import { UserError } from '../../../contract/errors.ts';
import type { ImportId, JobId } from '../../../contract/ids.ts';
import { importedNothing, MaskFileFormat, type MaskImport } from '../../../contract/mask-import.ts';
import { followJob } from '../follow-job.ts';
import type { Output } from '../output.ts';
import { contextOf } from '../context.ts';
import { importLines, readImport, unusedText } from './import-lines.ts';
import { findSegmentation } from './segmentations.ts';

type Options = { format: MaskFileFormat; rejectMissing?: boolean; dryRun?: boolean };

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
        await followImport(client, { importId: started.import.id, jobId: started.job.id, output });
        const made = await readImport(client, started.import.id);
        output.result(made, importLines);
        refuseNothing(made);
      });
    });
}

/** Follows the job of an import. If it does not end well, notes what of it is done, and how that is undone or continued. */
async function followImport(
  client: Client,
  { importId, jobId, output }: { importId: ImportId; jobId: JobId; output: Output },
): Promise<void> {
  try {
    await followJob(client, jobId);
  } catch (error) {
    // Whatever is wrong with the connection, the error says.
    const made = await readImport(client, importId).catch(() => undefined);
    if (made && made.batch !== null)
      for (const line of [...importLines(made), `To continue it: r2o jobs resume ${jobId}`])
        output.note(line);
    throw error;
  }
}

/** @throws UserError BAD_INPUT if the files hold no mask that could be used */
function refuseNothing({ options: { path, format }, result }: MaskImport): void {
  if (!result || !importedNothing(result)) return;
  const { skipped } = result;
  throw new UserError(
    'BAD_INPUT',
    skipped > 0
      ? `No mask of ${path} could be imported: ${unusedText(skipped)}.`
      : `${path} holds no masks in the format ${format}.`,
    {
      hint: 'Check the format, the names of the images, and that the segmentation is the one of these images.',
    },
  );
}
