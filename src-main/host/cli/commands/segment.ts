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
import { planShards, recipeLines, runShard, shardLines, type ShardOptions } from './segment-shards.ts';
import { followSegmentation, SEGMENTATION_KIND, segmentationLines } from './segmentations.ts';

type Options = ShardOptions & {
  mode: string;
  concepts?: string;
  regions?: string;
  set?: string[];
  name?: string;
  newOnly?: boolean;
  sheet?: string;
};

export function addSegmentCommand(program: Command): void {
  program
    .command('segment')
    .argument('[collection]', `${COLLECTION_OR_FOLDER}; with --recipe, the folder of the images`)
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
    .option(
      '--plan <file>',
      'only learn from the collection, and write the recipe by which machines segment it',
    )
    .option('--shards <n>', 'with --plan, number of machines or parts (default: 1)')
    .option('--recipe <file>', 'segment one shard of the collection that this recipe was made from')
    .option(
      '--shard <i/n>',
      'which shard, from 0/N on (default: JOB_COMPLETION_INDEX or SLURM_ARRAY_TASK_ID of as many as were planned)',
    )
    .option('--out <file>', 'with --recipe, the file to write; what it needs meanwhile is in FILE.work')
    .option('--work <folder>', 'with --recipe, a folder for that, for example on a faster drive')
    .option('--skip-missing', 'with --recipe, leave out images that are not in the folder under any name')
    .option('--force', 'overwrite existing files')
    .description(
      'segment every image of a collection into objects; Ctrl-C stops the job and keeps the finished images',
    )
    .action(async (which: string | undefined, options: Options, command: Command) => {
      const context = contextOf(command);
      const { output, withSession } = context;
      refuseMixed(command);
      if (options.recipe !== undefined) {
        output.result(await runShard(which, options, context), shardLines);
        return;
      }
      if (which === undefined) command.error("error: missing required argument 'collection'");
      if (options.newOnly) refuseSettings(command);
      const settings = settingsOf(options);
      await withSession(async ({ client }) => {
        // Known before hours of work rather than after them.
        await checkModel(client, options.model);
        const { sheet, plan } = options;
        if (sheet !== undefined)
          await client.system.checkOutput({ ...writtenFile(sheet, options), isSheet: true });
        if (plan !== undefined) await client.system.checkOutput(writtenFile(plan, options));
        if (options.newOnly) {
          output.result(await addNewImages({ client, output }, which, options), addedLines);
          return;
        }
        const request = {
          collectionId: (await openCollection(client, which)).id,
          settings,
          ...(await modelOf(client, options.model, output)),
          ...(options.name === undefined ? {} : { name: options.name }),
          ...(options.device === undefined ? {} : { device: options.device }),
        };
        if (options.plan !== undefined) {
          output.result(await planShards(client, request, { ...options, output }), recipeLines);
          return;
        }
        const started = await client.segmentations.start(request);
        await followSegmentation(client, started, output);
        const { id } = started.segmentation;
        if (options.sheet !== undefined) {
          await client.segmentations.writeSheet({ id, ...writtenFile(options.sheet, options) });
        }
        output.result(await client.segmentations.get({ id }), segmentationLines);
      });
    });
}

/** Which options go with which; the others are for a whole collection on this machine. */
const OF_RECIPE = ['shard', 'out', 'work', 'skipMissing'];
const NOT_OF_RECIPE = ['plan', 'shards', 'mode', 'concepts', 'regions', 'set', 'name', 'newOnly', 'sheet'];

/** @throws UserError BAD_INPUT for options that cannot be combined */
function refuseMixed(command: Command): void {
  const isGiven = (name: string) => command.getOptionValueSource(name) === 'cli';
  const flagOf = (name: string) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  const refuse = (name: string | undefined, message: string, hint: string) => {
    if (name === undefined) return;
    throw new UserError('BAD_INPUT', `${flagOf(name)} ${message}.`, { hint });
  };
  if (isGiven('recipe')) {
    const hint = 'A shard is segmented as its recipe says.';
    refuse(NOT_OF_RECIPE.find(isGiven), 'cannot be combined with --recipe', hint);
    return;
  }
  refuse(OF_RECIPE.find(isGiven), 'needs --recipe', 'See: r2o segment --help');
  if (!isGiven('plan'))
    refuse(isGiven('shards') ? 'shards' : undefined, 'needs --plan', 'See: r2o segment --help');
  else
    refuse(
      ['newOnly', 'sheet'].find(isGiven),
      'cannot be combined with --plan',
      'A plan segments no images.',
    );
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

const writtenFile = (file: string, { force }: Pick<Options, 'force'>) => ({
  path: resolve(file),
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
  if (sheet !== undefined) await client.segmentations.writeSheet({ id, ...writtenFile(sheet, options) });
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
