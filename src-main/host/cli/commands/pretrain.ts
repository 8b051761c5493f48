import { resolve } from 'node:path';
import type { Command } from 'commander';
import { UserError } from '../../../contract/errors.ts';
import type { Model } from '../../../contract/model.ts';
import { EncoderName, PresetName, PretrainOverrides, type PretrainPlan } from '../../../contract/pretrain.ts';
import { roundedEstimateMs } from '../../../contract/rounded-estimate.ts';
import { countText, formatDuration } from '../output.ts';
import { contextOf } from '../context.ts';
import { COLLECTION_OR_FOLDER, openCollection } from './collection-argument.ts';
import { checkModel, MODEL_OR_FILE, openModel } from './model-argument.ts';
import { followRun } from './runs.ts';
import { planRun } from './plan-run.ts';

const GIB = 2 ** 30;

type Options = {
  preset: string;
  set?: string[];
  epochs?: string;
  parity?: string;
  seed?: string;
  device?: string;
  from?: string;
  name?: string;
  plan?: boolean;
  planTo?: string;
};

export function addPretrainCommand(program: Command): void {
  program
    .command('pretrain')
    .argument('<collection>', COLLECTION_OR_FOLDER)
    .option('--preset <name>', `what the run aims for: ${PresetName.options.join(', ')}`, 'quick')
    .option('--epochs <n>', 'how often each image is seen')
    .option('--set <key=value...>', 'change settings of the preset; --plan lists all of them')
    .option('--parity <rule>', "recommended, or official to reproduce the mistakes in the paper's code")
    .option('--seed <n>', 'seed for all random numbers')
    .option('--device <id>', 'device to compute on (default: the fastest; see r2o devices)')
    .option('--from <model>', `encoder to start from: ${MODEL_OR_FILE}`)
    .option('--name <name>', 'name for the run and its model')
    .option('--plan', 'only show the settings, the number of steps, and estimates of time and memory')
    .option(
      '--plan-to <folder>',
      'train nothing, and write into a new folder all that PyTorch needs to train the run',
    )
    .description(
      'pretrain an encoder on a collection with R2O, or on its own masks; Ctrl-C stops the run and keeps what it has learned',
    )
    .action(async (which: string, options: Options, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        // Known before the folder is scanned rather than after it.
        const known = await checkModel(client, options.from);
        const { id: collectionId } = await openCollection(client, which);
        const { from, plan: isPlan = false } = options;
        // A plan imports nothing: of a file, it does not know the network.
        const parent = from === undefined || isPlan ? known : await openModel(client, from, output);
        const request = {
          collectionId,
          preset: presetOf(options.preset),
          overrides: { ...encoderOf(parent), ...overridesOf(options) },
          ...(options.device === undefined ? {} : { device: options.device }),
        };
        const plan = await client.runs.plan(request);
        if (isPlan) {
          output.result(plan, planLines);
          return;
        }
        for (const line of summaryLines(plan)) output.note(line);
        const start = {
          ...request,
          ...(options.name === undefined ? {} : { name: options.name }),
          ...(parent === undefined ? {} : { fromModelId: parent.id }),
        };
        const { planTo } = options;
        if (planTo !== undefined) {
          await planRun(client, () => client.runs.start({ ...start, planTo: resolve(planTo) }), {
            output,
            planTo,
          });
          return;
        }
        await followRun(client, await client.runs.start(start), output);
      });
    });
}

/** A run that starts from a model has its network, unless another is asked for. */
function encoderOf(parent: Model | undefined): PretrainOverrides {
  const encoder = EncoderName.safeParse(parent?.architecture);
  return encoder.success ? { encoder: encoder.data } : {};
}

function presetOf(name: string): PresetName {
  const preset = PresetName.safeParse(name);
  if (preset.success) return preset.data;
  throw new UserError('BAD_INPUT', `There is no preset '${name}'.`, {
    hint: `Choose one of: ${PresetName.options.join(', ')}.`,
  });
}

/** @throws UserError BAD_INPUT naming the setting that is unknown or out of bounds */
function overridesOf({ set = [], epochs, parity, seed }: Options): PretrainOverrides {
  const entries = [
    ...set.map(parseSetting),
    ...Object.entries({ epochs, parity, seed }).filter(([, value]) => value !== undefined),
  ].map(([key, value]) => [key, parseValue(value)] as const);
  const parsed = PretrainOverrides.safeParse(Object.fromEntries(entries));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const keys = issue?.code === 'unrecognized_keys' ? issue.keys : issue?.path.map(String);
  const problem = issue?.code === 'unrecognized_keys' ? 'no such setting exists' : issue?.message;
  throw new UserError(
    'BAD_INPUT',
    `The setting '${keys?.join('.') ?? ''}' is not valid: ${problem ?? 'unknown problem'}.`,
    {
      hint: `The settings are: ${Object.keys(PretrainOverrides.shape).join(', ')}.`,
    },
  );
}

function parseSetting(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new UserError('BAD_INPUT', `'${text}' is not a setting.`, {
    hint: 'Write key=value, for example batchSize=8.',
  });
}

/** Numbers, true and false, and JSON for schedules; everything else is text. */
function parseValue(text: unknown): unknown {
  try {
    return JSON.parse(String(text)) as unknown;
  } catch {
    return text;
  }
}

function summaryLines({
  config,
  imageCount,
  totalSteps,
  device,
  estimatedMs,
  warnings,
}: PretrainPlan): string[] {
  const time = estimatedMs === null ? '' : `, about ${formatDuration(roundedEstimateMs(estimatedMs))}`;
  const { encoder, viewPx, epochs, epochImages, batchSize } = config;
  const drawn = epochImages !== null && epochImages < imageCount ? ` ${epochImages} images each,` : '';
  return [
    `${countText(imageCount, 'image')}, ${encoder} at ${viewPx} px, ${epochs} epochs of${drawn} ${batchSize} per step (${countText(totalSteps, 'step')}) on ${device}${time}`,
    ...warnings.map(({ message, hint }) => `  note: ${[message, hint].filter(Boolean).join(' ')}`),
  ];
}

function planLines(plan: PretrainPlan): string[] {
  return [
    plan.purpose,
    ...summaryLines(plan),
    `Memory: about ${(plan.memoryBytes / GIB).toFixed(1)} GiB`,
    '',
    ...Object.entries(plan.config).map(([key, value]) => `  ${key} = ${JSON.stringify(value)}`),
  ];
}
