import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Client } from '../../../contract/contract.ts';
import type { Job } from '../../../contract/job.ts';
import { isDividedByThings, type ForegroundNote, type Segmentation } from '../../../contract/segmentation.ts';
import { shownStateOfSegmentation } from '../../../contract/shown-state.ts';
import { confirmRemoval, findNamed } from '../find-named.ts';
import { Cancelled, followJob } from '../follow-job.ts';
import { countText, printable, table, type Output } from '../output.ts';
import { stateText } from '../state-text.ts';
import { contextOf } from '../context.ts';
import { conceptLines } from './concept-lines.ts';
import { addMergeCommand } from './merge-shards.ts';
import { addHeadCommands, headLines } from './segmentation-heads.ts';

export const SEGMENTATION_KIND = {
  one: 'segmentation',
  many: 'segmentations',
  listCommand: 'r2o segmentations list',
};

export function addSegmentationCommands(program: Command): void {
  const group = program
    .command('segmentations')
    .description('manage segmentations: list, show, resume, merge, sheet, heat, export-head, rename, remove');
  addReading(group);
  addHeadCommands(group, findSegmentation);
  addMergeCommand(group);
  addChanging(group);
}

function addReading(group: Command): void {
  group
    .command('list', { isDefault: true })
    .description('list the segmentations, newest first')
    .action(async (_options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      output.result(await withSession(({ client }) => client.segmentations.list({})), listLines);
    });

  group
    .command('show')
    .argument('<segmentation>', 'number or name')
    .description('show a segmentation with its concepts')
    .action(async (which: string, _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const segmentation = await findSegmentation(client, which);
        const concepts = await client.concepts.list({ id: segmentation.id });
        const teachers = await client.segmentations.headTeachers({ id: segmentation.id });
        const head = await headLines(client, segmentation, teachers);
        output.result({ ...segmentation, teachers, concepts }, (shown) => [
          ...segmentationLines(shown),
          ...head.map((line) => `  ${line}`),
          '',
          ...conceptLines(shown.concepts),
        ]);
      });
    });

  group
    .command('sheet')
    .argument('<segmentation>', 'number or name')
    .requiredOption('--out <file>', 'PNG to write or, if the name ends in .html, page')
    .option('--images <n>', 'how many of the images with the best scores to show (default: 48, maximum: 120)')
    .option('--force', 'overwrite an existing file')
    .description('draw the best images with their objects as one picture or page')
    .action(
      async (which: string, options: { out: string; images?: string; force?: boolean }, command: Command) => {
        const { output, withSession } = contextOf(command);
        await withSession(async ({ client }) => {
          const { id } = await findSegmentation(client, which);
          const limit = options.images === undefined ? undefined : Number(options.images);
          const written = await client.segmentations.writeSheet({
            id,
            path: resolve(options.out),
            overwrite: options.force === true,
            ...(limit === undefined ? {} : { limit }),
          });
          output.result(written, ({ path }) => [`Wrote ${path}`]);
        });
      },
    );
}

function addChanging(group: Command): void {
  group
    .command('resume')
    .argument('<segmentation>', 'number or name')
    .description('resume a stopped segmentation, or add images that are new or have changed since')
    .action(async (which: string, _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id } = await findSegmentation(client, which);
        await followSegmentation(client, await client.segmentations.resume({ id }), output);
        output.result(await client.segmentations.get({ id }), segmentationLines);
      });
    });

  group
    .command('rename')
    .argument('<segmentation>', 'number or name')
    .argument('<name>', 'new name')
    .description('rename a segmentation')
    .action(async (which: string, name: string, _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id } = await findSegmentation(client, which);
        output.result(await client.segmentations.rename({ id, name }), segmentationLines);
      });
    });

  group
    .command('remove')
    .argument('<segmentation>', 'number or name')
    .option('--yes', 'do not ask for confirmation')
    .description('delete a segmentation with its concepts and masks; datasets made from it stay')
    .action(async (which: string, options: { yes?: boolean }, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id, name, imageCount } = await findSegmentation(client, which);
        const question = `Delete '${name}' and the masks of its ${countText(imageCount, 'image')}?`;
        if (!options.yes) await confirmRemoval(name, question);
        await client.segmentations.remove({ id });
        output.result({ id }, () => [`Removed '${printable(name)}'.`]);
      });
    });
}

/** @throws UserError NOT_FOUND, or BAD_INPUT for a name that several have */
export async function findSegmentation(client: Client, which: string): Promise<Segmentation> {
  return findNamed(await client.segmentations.list({}), which, SEGMENTATION_KIND);
}

/** Shows a segmentation until its job ends; if Ctrl-C stopped it, also how to resume it. @throws as `followJob` */
export async function followSegmentation(
  client: Client,
  { segmentation: { id }, job }: { segmentation: Segmentation; job: Job },
  output: Output,
): Promise<void> {
  try {
    await followJob(client, job.id);
  } catch (error) {
    if (error instanceof Cancelled) {
      const { imageCount } = await client.segmentations.get({ id });
      output.note(`Stopped after ${countText(imageCount, 'image')}.`);
      output.note(`Resume with: r2o segmentations resume ${id}`);
    }
    throw error;
  }
}

/** One segmentation as lines of text. */
export function segmentationLines(segmentation: Segmentation): string[] {
  const { id, name, imageCount, settings, modelId, foreground, preliminaryCount, ...others } = segmentation;
  const state = stateText(shownStateOfSegmentation(segmentation), 'no job');
  const encoder = modelId === null ? 'colour and texture only, no encoder' : `model ${modelId}`;
  return [
    `Segmentation ${id} '${printable(name)}': ${state}, ${countText(imageCount, 'image')}`,
    ...(preliminaryCount > 0
      ? [`  ${countText(preliminaryCount, 'more image')} with preliminary masks`]
      : []),
    `  mode ${settings.mode}, ${countText(settings.conceptCount, 'concept')}, ${encoder}`,
    ...(foreground ? [`  foreground: ${foregroundText(foreground)}`] : []),
    ...(isDividedByThings(segmentation)
      ? ['  foreground divided by what distinguishes objects, as learned from the same images']
      : []),
    ...unreadLines({ id, ...others }),
  ];
}

/** The images that are still to be done because they could not be read. */
function unreadLines({
  id,
  unreadCount,
  unreadImages,
}: Pick<Segmentation, 'id' | 'unreadCount' | 'unreadImages'>): string[] {
  if (unreadCount === 0) return [];
  const others = unreadCount - unreadImages.length;
  return [
    `  ${countText(unreadCount, 'image')} could not be read and ${unreadCount === 1 ? 'has' : 'have'} no final masks:`,
    ...unreadImages.map(({ relPath, detail }) => `    ${printable(relPath)}: ${detail}`),
    ...(others > 0 ? [`    and ${countText(others, 'other')}`] : []),
    `  Once they can be read: r2o segmentations resume ${id}`,
  ];
}

/** How foregrounds were found, and why so. */
function foregroundText({ way, agreement, imageCount, from, taughtBy }: ForegroundNote): string {
  const agreed = `agreement ${(agreement ?? 0).toFixed(2)} on images it was not learned from`;
  switch (way) {
    case 'not-needed':
      return 'not looked for, because the mode turns every region into a mask';
    case 'even-ground':
      return 'by the colour of the even ground';
    case 'no-encoder':
      return "by each image's own colours and contrasts; a model can teach more (see r2o segment --model)";
    case 'few-images':
      return "by each image's own colours and contrasts; there are too few images to learn from";
    case 'head':
      return from === null
        ? `learned from ${countText(imageCount, 'image')}${togetherText(taughtBy)} (${agreed})`
        : `with what segmentation ${from} learned from another collection (${agreed})`;
    case 'disagreement':
      return `by each image's own colours and contrasts; on ${countText(imageCount, 'image')}, the model's features added too little to these`;
  }
}

function togetherText(teachers: ForegroundNote['taughtBy']): string {
  if (teachers.length === 0) return '';
  const names = teachers.map(({ collection }) => `'${printable(collection)}'`);
  return `, together with the images of ${names.join(', ')}`;
}

function listLines(all: Segmentation[]): string[] {
  if (all.length === 0) return ['No segmentations yet. Create one with: r2o segment <collection>'];
  return table([
    ['ID', 'STATE', 'IMAGES', 'MODE', 'NAME'],
    ...all.map((segmentation) => [
      String(segmentation.id),
      stateText(shownStateOfSegmentation(segmentation), '-'),
      String(segmentation.imageCount),
      segmentation.settings.mode,
      printable(segmentation.name),
    ]),
  ]);
}
