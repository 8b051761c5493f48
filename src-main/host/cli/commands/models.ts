import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Client } from '../../../contract/contract.ts';
import { UserError } from '../../../contract/errors.ts';
import { Architecture, WeightsFormat, type Model } from '../../../contract/model.ts';
import { confirmRemoval, findNamed } from '../find-named.ts';
import { printable, table } from '../output.ts';
import { contextOf } from '../context.ts';

export const MODEL_KIND = { one: 'model', many: 'models', listCommand: 'r2o models list' };
const MIB = 2 ** 20;

export function addModelCommands(program: Command): void {
  const models = program
    .command('models')
    .description('manage models, which are encoders: list, show, import, export, rename, remove');
  addReading(models);
  addAdding(models);
  addExport(models);
  addChanging(models);
}

function addReading(models: Command): void {
  models
    .command('list', { isDefault: true })
    .description('list the models, newest first')
    .action(async (_options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      output.result(await withSession(({ client }) => client.models.list()), listLines);
    });

  models
    .command('show')
    .argument('<model>', 'number or name')
    .description('show a model with its card')
    .action(async (which: string, _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      output.result(await withSession(({ client }) => findModel(client, which)), showLines);
    });
}

function addAdding(models: Command): void {
  models
    .command('import')
    .argument('<file>', 'weights of a ResNet; the file is only read, and nothing in it is executed')
    .option('--name <name>', "display name (default: the file's name)")
    .option(
      '--prefix <prefix>',
      'prefix of the tensor names of the encoder to import, if the file contains several',
    )
    .option('--licence <text>', 'terms under which the weights may be used')
    .description('keep a copy of an encoder that was trained elsewhere')
    .action(async (file: string, options: ImportOptions, command: Command) => {
      const { output, withSession } = contextOf(command);
      const path = resolve(file);
      const model = await withSession(({ client }) => client.models.import({ path, ...options }));
      output.result(model, showLines);
    });

  models
    .command('untrained')
    .argument('<architecture>', `one of: ${Architecture.options.join(', ')}`)
    .option('--seed <number>', 'seed for its weights', '0')
    .option('--name <name>', 'display name')
    .description('add an untrained network, as a baseline for comparison')
    .action(async (architecture: string, options: { seed: string; name?: string }, command: Command) => {
      const { output, withSession } = contextOf(command);
      const input = {
        architecture: oneOf(Architecture.options, architecture, 'architecture'),
        seed: Number(options.seed),
        ...(options.name === undefined ? {} : { name: options.name }),
      };
      output.result(await withSession(({ client }) => client.models.addUntrained(input)), showLines);
    });
}

type ImportOptions = { name?: string; prefix?: string; licence?: string };

function addExport(models: Command): void {
  models
    .command('export')
    .argument('<model>', 'number or name')
    .requiredOption('--out <file>', 'file to write; the model card is written next to it')
    .option('--format <format>', `one of: ${WeightsFormat.options.join(', ')}`, 'safetensors')
    .option('--licence <text>', "terms under which the weights may be used (default: the model's)")
    .option('--force', 'overwrite existing files')
    .description('write the weights for other tools, with a model card')
    .action(async (which: string, options: ExportOptions, command: Command) => {
      const { output, withSession } = contextOf(command);
      const format = oneOf(WeightsFormat.options, options.format, 'format');
      await withSession(async ({ client }) => {
        const { id } = await findModel(client, which);
        const exported = await client.models.export({
          id,
          format,
          path: resolve(options.out),
          overwrite: options.force === true,
          ...(options.licence === undefined ? {} : { licence: options.licence }),
        });
        output.result(exported, ({ files }) =>
          files.map(({ path, sizeBytes }) => `${path}  (${sizeText(sizeBytes)})`),
        );
      });
    });
}

const sizeText = (bytes: number) =>
  bytes < MIB ? `${(bytes / 1_024).toFixed(1)} KiB` : `${(bytes / MIB).toFixed(1)} MiB`;

type ExportOptions = { out: string; format: string; licence?: string; force?: boolean };

function addChanging(models: Command): void {
  models
    .command('rename')
    .argument('<model>', 'number or name')
    .argument('<name>', 'new name')
    .description('rename a model')
    .action(async (which: string, name: string, _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id } = await findModel(client, which);
        output.result(await client.models.rename({ id, name }), (model) => listLines([model]));
      });
    });

  models
    .command('remove')
    .argument('<model>', 'number or name')
    .option('--yes', 'do not ask for confirmation')
    .description('delete a model and its weights; what was made with it stays')
    .action(async (which: string, options: { yes?: boolean }, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id, name } = await findModel(client, which);
        if (!options.yes)
          await confirmRemoval(name, `Delete the weights of '${name}'? They cannot be restored.`);
        await client.models.remove({ id });
        output.result({ id, name }, () => [`Removed '${printable(name)}'.`]);
      });
    });
}

async function findModel(client: Client, which: string): Promise<Model> {
  return findNamed(await client.models.list(), which, MODEL_KIND);
}

function oneOf<T extends string>(options: readonly T[], text: string, what: string): T {
  const found = options.find((option) => option === text);
  if (found !== undefined) return found;
  throw new UserError('BAD_INPUT', `There is no ${what} '${text}'.`, {
    hint: `Use one of: ${options.join(', ')}.`,
  });
}

function listLines(models: readonly Model[]): string[] {
  if (models.length === 0) return ['No models yet. Import one with: r2o models import <file>'];
  return table([
    ['ID', 'ORIGIN', 'NETWORK', 'CREATED', 'NAME'],
    ...models.map(({ id, origin, architecture, createdAtMs, name }) => [
      String(id),
      origin,
      architecture,
      dateOf(createdAtMs),
      printable(name),
    ]),
  ]);
}

function showLines(model: Model): string[] {
  const { id, name, architecture, origin, file, sha256, card, createdAtMs } = model;
  const { imported, training } = card;
  const prefix = imported && imported.prefix !== '' ? `, under '${printable(imported.prefix)}'` : '';
  return [
    `Model ${id} '${printable(name)}': ${architecture}, ${origin}, ${dateOf(createdAtMs)}`,
    `  licence: ${card.licence === null ? 'not stated' : printable(card.licence)}`,
    ...(card.viewPx === null ? [] : [`  trained on views of ${card.viewPx} px`]),
    ...(card.seed === null ? [] : [`  initialised with seed ${card.seed}`]),
    ...(imported
      ? [`  from ${printable(imported.fileName)} (${imported.fileFormat}, ${imported.layout} names${prefix})`]
      : []),
    ...(training
      ? [
          `  ${training.steps} steps on ${training.imageCount} images of '${printable(training.collectionName)}'`,
        ]
      : []),
    ...(file === null || sha256 === null ? [] : [`  models/${file}`, `  sha256 ${sha256}`]),
  ];
}

const dateOf = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
