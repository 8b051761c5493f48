import { resolve } from 'node:path';
import type { Command } from 'commander';
import { UserError } from '../../../contract/errors.ts';
import {
  Architecture,
  encoderKindOf,
  FORMATS_OF_KIND,
  WeightsFormat,
  type Model,
} from '../../../contract/model.ts';
import { confirmRemoval } from '../find-named.ts';
import { dateText, fileSizeText, printable, table } from '../output.ts';
import { contextOf } from '../context.ts';
import { addGetCommand } from './get-model.ts';
import { addImportCommand } from './import-model.ts';
import { findModel } from './model-argument.ts';
import { modelLines } from './model-lines.ts';

export function addModelCommands(program: Command): void {
  const models = program
    .command('models')
    .description('manage models, which are encoders: list, show, get, import, export, rename, remove');
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
      output.result(await withSession(({ client }) => findModel(client, which)), modelLines);
    });
}

function addAdding(models: Command): void {
  addImportCommand(models);
  addGetCommand(models);

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
      output.result(await withSession(({ client }) => client.models.addUntrained(input)), modelLines);
    });
}

function addExport(models: Command): void {
  models
    .command('export')
    .argument('<model>', 'number or name')
    .requiredOption('--out <file>', 'file to write; the model card is written next to it')
    .option(
      '--format <format>',
      `one of: ${WeightsFormat.options.join(', ')} (default: safetensors, or onnx for imported ONNX files)`,
    )
    .option('--licence <text>', "terms under which the weights may be used (default: the model's)")
    .option('--force', 'overwrite existing files')
    .description('write the weights for other tools, with a model card')
    .action(async (which: string, options: ExportOptions, command: Command) => {
      const { output, withSession } = contextOf(command);
      const chosen =
        options.format === undefined ? undefined : oneOf(WeightsFormat.options, options.format, 'format');
      await withSession(async ({ client }) => {
        const model = await findModel(client, which);
        const format = chosen ?? FORMATS_OF_KIND[encoderKindOf(model)][0] ?? 'safetensors';
        const exported = await client.models.export({
          id: model.id,
          format,
          path: resolve(options.out),
          overwrite: options.force === true,
          ...(options.licence === undefined ? {} : { licence: options.licence }),
        });
        output.result(exported, ({ files }) =>
          files.map(({ path, sizeBytes }) => `${path}  (${fileSizeText(sizeBytes)})`),
        );
      });
    });
}

type ExportOptions = { out: string; format?: string; licence?: string; force?: boolean };

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

function oneOf<T extends string>(options: readonly T[], text: string, what: string): T {
  const found = options.find((option) => option === text);
  if (found !== undefined) return found;
  throw new UserError('BAD_INPUT', `There is no ${what} '${text}'.`, {
    hint: `Use one of: ${options.join(', ')}.`,
  });
}

function listLines(models: readonly Model[]): string[] {
  if (models.length === 0)
    return [
      'No models yet. Import one with: r2o models import <file>',
      '  Or list those that can be downloaded: r2o models get',
    ];
  return table([
    ['ID', 'ORIGIN', 'NETWORK', 'CREATED', 'NAME'],
    ...models.map(({ id, origin, architecture, createdAtMs, name }) => [
      String(id),
      origin,
      architecture,
      dateText(createdAtMs),
      printable(name),
    ]),
  ]);
}
