import type { Command } from 'commander';
import type { Client } from '../../../contract/contract.ts';
import { UserError } from '../../../contract/errors.ts';
import { SegmentMode, SegmentSettings } from '../../../contract/segmentation.ts';
import { findNamed } from '../find-named.ts';
import { followJob } from '../follow-job.ts';
import { contextOf } from '../context.ts';
import { findCollection } from './collections.ts';
import { MODEL_KIND } from './models.ts';
import { segmentationLines, writeSheet } from './segmentations.ts';

type Options = {
  model?: string;
  mode: string;
  concepts?: string;
  regions?: string;
  set?: string[];
  name?: string;
  device?: string;
  sheet?: string;
};

export function addSegmentCommand(program: Command): void {
  program
    .command('segment')
    .argument('<collection>', 'number or name')
    .option(
      '--model <model>',
      'encoder whose features define concepts and help to find foregrounds (default: colour and texture alone)',
    )
    .option('--mode <mode>', `what becomes a mask: ${SegmentMode.options.join(', ')}`, 'auto')
    .option('--concepts <n>', 'number of concepts in the collection')
    .option('--regions <n>', 'regions per image in mode fixed-k')
    .option('--set <key=value...>', `any setting: ${Object.keys(SegmentSettings.shape).join(', ')}`)
    .option('--name <name>', 'name of the segmentation')
    .option('--device <id>', 'device to run the encoder on (default: the fastest; see r2o devices)')
    .option(
      '--sheet <file>',
      'also draw the best images with their objects, as one PNG or, if the name ends in .html, as one page',
    )
    .description(
      'segment every image of a collection into objects; Ctrl-C stops the job and keeps the finished images',
    )
    .action(async (which: string, options: Options, command: Command) => {
      const { output, withSession } = contextOf(command);
      const settings = settingsOf(options);
      await withSession(async ({ client }) => {
        const { segmentation, job } = await client.segmentations.start({
          collectionId: (await findCollection(client, which)).id,
          settings,
          ...(await modelOf(client, options.model)),
          ...(options.name === undefined ? {} : { name: options.name }),
          ...(options.device === undefined ? {} : { device: options.device }),
        });
        await followJob(client, job.id);
        if (options.sheet !== undefined) {
          await writeSheet(client, segmentation.id, { out: options.sheet });
        }
        output.result(await client.segmentations.get({ id: segmentation.id }), segmentationLines);
      });
    });
}

async function modelOf(client: Client, which: string | undefined) {
  if (which === undefined) return {};
  return { modelId: findNamed(await client.models.list(), which, MODEL_KIND).id };
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
