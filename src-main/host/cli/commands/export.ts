import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { ExportFormat, ExportImages, ExportOptions, type Export } from '../../../contract/export.ts';
import { followJob } from '../follow-job.ts';
import { countText, printable } from '../output.ts';
import { contextOf } from '../context.ts';
import { findVersion } from './datasets.ts';

/** Images left out that are listed one by one; the rest is counted. */
const PROBLEMS_SHOWN = 20;

type Options = Pick<ExportOptions, 'format' | 'images' | 'labelmeShapes' | 'polygons'> & { out: string };

export function addExportCommand(program: Command): void {
  program
    .command('export')
    .argument('<dataset>', 'name or name@version (default: the newest version)')
    .addOption(
      new Option('--format <format>', 'format to write').choices(ExportFormat.options).makeOptionMandatory(),
    )
    .requiredOption('--out <path>', 'folder to write (for sqlite: a file); it must be empty or not exist yet')
    .addOption(
      new Option(
        '--images <how>',
        'copy the images upright, hard-link them (editing one then edits the original), or only name the originals',
      )
        .choices(ExportImages.options)
        .default('copy'),
    )
    .addOption(
      new Option('--labelme-shapes <shapes>', 'how masks are stored for LabelMe')
        .choices(ExportOptions.shape.labelmeShapes.unwrap().options)
        .default('mask'),
    )
    .addOption(
      new Option('--polygons <how>', 'every corner of the masks, or as few as preserve 98 % of each mask')
        .choices(ExportOptions.shape.polygons.unwrap().options)
        .default('exact'),
    )
    .description('write a dataset for a labeling or training tool; the originals are only read')
    .action(async (which: string, options: Options, command: Command) => {
      const { output, withSession } = contextOf(command);
      const { out, ...others } = options;
      await withSession(async ({ client }) => {
        const { id: versionId } = await findVersion(client, which);
        const started = await client.exports.start({
          versionId,
          options: { ...others, outPath: resolve(out) },
        });
        await followJob(client, started.job.id);
        output.result(await client.exports.get({ id: started.export.id }), exportLines);
      });
    });
}

function exportLines({ options, result }: Export): string[] {
  if (!result) return [`The export to ${printable(options.outPath)} was paused.`];
  const shown = result.problems.slice(0, PROBLEMS_SHOWN);
  const more = result.problems.length - shown.length;
  return [
    `Wrote ${countText(result.images, 'image')} with ${countText(result.masks, 'mask')} as ${options.format} to ${printable(options.outPath)}`,
    ...(result.leftOut > 0 ? [`${result.leftOut} images could not be exported:`] : []),
    ...shown.map(({ relPath, detail }) => `  ${printable(relPath)}: ${detail}`),
    ...(more > 0 ? [`  ... and ${more} more; use --json to list them all`] : []),
    ...result.notes.map((note) => `note: ${note}`),
  ];
}
