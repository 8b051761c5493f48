import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Client } from '../../../contract/contract.ts';
import { UserError } from '../../../contract/errors.ts';
import {
  SegmentMode,
  SegmentSettings,
  type CollectionChanges,
  type Segmentation,
} from '../../../contract/segmentation.ts';
import { findNamed } from '../find-named.ts';
import { countText, type Output } from '../output.ts';
import { contextOf } from '../context.ts';
import { COLLECTION_OR_FOLDER, openCollection } from './collection-argument.ts';
import { checkModel, MODEL_OR_FILE, openModel } from './model-argument.ts';
import { followSegmentation, SEGMENTATION_KIND, segmentationLines } from './segmentations.ts';

type Options = {
  model?: string;
  mode: string;
  concepts?: string;
  regions?: string;
  set?: string[];
  name?: string;
  device?: string;
  newOnly?: boolean;
  sheet?: string;
  force?: boolean;
};

export function addSegmentCommand(program: Command): void {
  program
    .command('segment')
    .argument('<collection>', COLLECTION_OR_FOLDER)
    .option(
      '--model <model>',
      `encoder whose features define concepts and help to find foregrounds: ${MODEL_OR_FILE} (default: colour and texture alone)`,
    )
    .option('--mode <mode>', `what becomes a mask: ${SegmentMode.options.join(', ')}`, 'auto')
    .option('--concepts <n>', 'number of concepts in the collection')
    .option('--regions <n>', 'regions per image in mode fixed-k')
    .option('--set <key=value...>', `any setting: ${Object.keys(SegmentSettings.shape).join(', ')}`)
    .option('--name <name>', 'name of the segmentation')
    .option('--device <id>', 'device to run the encoder on (default: the fastest; see r2o devices)')
    .option(
      '--new-only',
      'add the images that have no masks yet to the newest finished segmentation, or to the one that --name names',
    )
    .option(
      '--sheet <file>',
      'also draw the best images with their objects, as one PNG or, if the name ends in .html, as one page',
    )
    .option('--force', 'overwrite an existing file with --sheet')
    .description(
      'segment every image of a collection into objects; Ctrl-C stops the job and keeps the finished images',
    )
    .action(async (which: string, options: Options, command: Command) => {
      const { output, withSession } = contextOf(command);
      if (options.newOnly) refuseSettings(command);
      const settings = settingsOf(options);
      await withSession(async ({ client }) => {
        // Known before hours of work rather than after them.
        await checkModel(client, options.model);
        if (options.sheet !== undefined) await client.system.checkOutput(sheetFile(options.sheet, options));
        if (options.newOnly) {
          output.result(await addNewImages({ client, output }, which, options), addedLines);
          return;
        }
        const started = await client.segmentations.start({
          collectionId: (await openCollection(client, which)).id,
          settings,
          ...(await modelOf(client, options.model, output)),
          ...(options.name === undefined ? {} : { name: options.name }),
          ...(options.device === undefined ? {} : { device: options.device }),
        });
        await followSegmentation(client, started, output);
        const { id } = started.segmentation;
        if (options.sheet !== undefined) {
          await client.segmentations.writeSheet({ id, ...sheetFile(options.sheet, options) });
        }
        output.result(await client.segmentations.get({ id }), segmentationLines);
      });
    });
}

/** @throws UserError BAD_INPUT for an option that the existing segmentation has decided already */
function refuseSettings(command: Command): void {
  const decided = ['model', 'mode', 'concepts', 'regions', 'set', 'device'];
  const given = decided.find((name) => command.getOptionValueSource(name) === 'cli');
  if (given === undefined) return;
  throw new UserError('BAD_INPUT', `--${given} cannot be combined with --new-only.`, {
    hint: 'New images are segmented with the settings and the model that the segmentation already has.',
  });
}

const sheetFile = (sheet: string, { force }: Pick<Options, 'force'>) => ({
  path: resolve(sheet),
  overwrite: force === true,
});

type Added = { segmentation: Segmentation; addedCount: number } & Omit<CollectionChanges, 'newCount'>;

/** Segments the new images of a collection into a segmentation that it has. */
async function addNewImages(
  { client, output }: { client: Client; output: Output },
  which: string,
  options: Options,
): Promise<Added> {
  const { name, sheet } = options;
  const collection = await openCollection(client, which);
  const all = await client.segmentations.list({ collectionId: collection.id });
  const newest = all.find(({ finishedAtMs }) => finishedAtMs !== null);
  if (!newest) {
    throw new UserError('NOT_FOUND', `'${collection.name}' has no finished segmentation.`, {
      hint: `Segment it: r2o segment ${collection.id}`,
    });
  }
  const { id } = name === undefined ? newest : findNamed(all, name, SEGMENTATION_KIND);
  const { newCount, ...others } = await client.segmentations.changes({ id });
  if (newCount > 0) {
    await followSegmentation(client, await client.segmentations.resume({ id, isNewOnly: true }), output);
  }
  if (sheet !== undefined) await client.segmentations.writeSheet({ id, ...sheetFile(sheet, options) });
  return { segmentation: await client.segmentations.get({ id }), addedCount: newCount, ...others };
}

function addedLines({ segmentation, addedCount, changedCount, missingCount }: Added): string[] {
  const { id, collectionId } = segmentation;
  return [
    ...segmentationLines(segmentation),
    addedCount > 0
      ? `  added ${countText(addedCount, 'new image')}`
      : `  no new images; after adding files, run: r2o collections rescan ${collectionId}`,
    ...(changedCount > 0
      ? [
          `  ${countText(changedCount, 'changed image')} ${changedCount === 1 ? 'keeps its' : 'keep their'} masks; to replace them: r2o segmentations resume ${id}`,
        ]
      : []),
    ...(missingCount > 0
      ? [
          `  ${countText(missingCount, 'missing image')} ${missingCount === 1 ? 'keeps its' : 'keep their'} masks`,
        ]
      : []),
  ];
}

async function modelOf(client: Client, which: string | undefined, output: Output) {
  if (which === undefined) return {};
  return { modelId: (await openModel(client, which, output)).id };
}

/** @throws UserError BAD_INPUT naming the setting that is unknown or out of bounds */
function settingsOf({ mode, concepts, regions, set = [] }: Options): SegmentSettings {
  const given = [
    ['mode', mode],
    ...(concepts === undefined ? [] : [['conceptCount', concepts]]),
    ...(regions === undefined ? [] : [['regionCount', regions]]),
    ...set.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
  ];
  const values = given.map(([key = '', value = '']) => [key, parseValue(value)] as const);
  const parsed = SegmentSettings.strict().safeParse(Object.fromEntries(values));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const key = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : issue?.path.map(String).join('.');
  throw new UserError(
    'BAD_INPUT',
    `The setting '${key ?? ''}' is not valid: ${issue?.message ?? 'unknown problem'}.`,
    {
      hint: `The settings are: ${Object.keys(SegmentSettings.shape).join(', ')}.`,
    },
  );
}

/** Numbers and truth values as themselves, all else as text. */
function parseValue(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}
