import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { MaskFileFormat, type MaskImport } from '../../../contract/mask-import.ts';
import { followJob } from '../follow-job.ts';
import { printable } from '../output.ts';
import { contextOf } from '../context.ts';
import { findSegmentation } from './segmentations.ts';

/** Problems that are listed one by one; the rest is counted. */
const PROBLEMS_SHOWN = 20;

export function addImportMasksCommand(program: Command): void {
  program
    .command('import-masks')
    .argument('<segmentation>', 'number or name')
    .argument('<path>', 'file or folder written by a labeling tool')
    .addOption(
      new Option('--format <format>', 'format of the file or folder')
        .choices(MaskFileFormat.options)
        .makeOptionMandatory(),
    )
    .option(
      '--reject-missing',
      'reject masks of these images that are not in the file: they were deleted in the tool',
    )
    .description('import masks that were corrected in another tool')
    .action(
      async (
        which: string,
        path: string,
        options: { format: MaskFileFormat; rejectMissing?: boolean },
        command: Command,
      ) => {
        const { output, withSession } = contextOf(command);
        await withSession(async ({ client }) => {
          const started = await client.maskImports.start({
            segmentationId: (await findSegmentation(client, which)).id,
            path: resolve(path),
            format: options.format,
            rejectMissing: options.rejectMissing ?? false,
          });
          await followJob(client, started.job.id);
          output.result(await client.maskImports.get({ id: started.import.id }), importLines);
        });
      },
    );
}

function importLines({ result }: MaskImport): string[] {
  if (!result) return ['The import was paused.'];
  const { images, kept, changed, added, rejected, skipped, problems } = result;
  const shown = problems.slice(0, PROBLEMS_SHOWN);
  return [
    `${images} images: ${kept} masks unchanged, ${changed} changed, ${added} added, ${rejected} rejected`,
    ...(skipped > 0 ? [`${skipped} files or images could not be used:`] : []),
    ...shown.map(({ name, detail }) => `  ${printable(name)}: ${detail}`),
    ...(skipped > shown.length
      ? [`  ... and ${skipped - shown.length} more; use --json to list them all`]
      : []),
  ];
}
