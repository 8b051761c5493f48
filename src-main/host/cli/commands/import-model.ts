import { resolve } from 'node:path';
import type { Command } from 'commander';
import { UserError } from '../../../contract/errors.ts';
import type { Client } from '../../../contract/contract.ts';
import type { ImportChoices, Model } from '../../../contract/model.ts';
import { TERMS, type TermsName } from '../../../contract/terms.ts';
import { contextOf } from '../context.ts';
import { confirm } from '../find-named.ts';
import type { Output } from '../output.ts';
import { modelLines } from './model-lines.ts';

type Options = {
  name?: string;
  prefix?: string;
  licence?: string;
  outputs?: string;
  mean?: string;
  std?: string;
  dropTokens?: string;
  heads?: string;
  yes?: boolean;
};

type ImportRequest = ImportChoices & { path: string; name?: string; licence?: string };

/** `models import`: an encoder that was trained elsewhere. */
export function addImportCommand(models: Command): void {
  models
    .command('import')
    .argument('<file>', 'weights of a ResNet or Vision Transformer, or an ONNX file that gives feature maps')
    .option('--name <name>', "display name (default: the file's name)")
    .option(
      '--prefix <prefix>',
      'prefix of the tensor names of the encoder to import, if the file contains several',
    )
    .option(
      '--outputs <names>',
      'outputs of an ONNX file to use, separated by commas (default: its feature maps)',
    )
    .option(
      '--mean <r,g,b>',
      "mean of the input of an ONNX file or Vision Transformer, in 0 to 1 (default: the network's, or ImageNet's)",
    )
    .option('--std <r,g,b>', 'standard deviation, likewise')
    .option(
      '--drop-tokens <count>',
      'tokens before those of the image in an output [B, N, C] of an ONNX file',
    )
    .option('--heads <count>', 'attention heads of a Vision Transformer (default: of 64 channels each)')
    .option('--licence <text>', 'terms under which the weights may be used')
    .option('--yes', 'accept the terms of weights that have their own, such as DINOv3, without being asked')
    .description('keep a copy of an encoder that was trained elsewhere')
    .action(async (file: string, options: Options, command: Command) => {
      const { output, withSession } = contextOf(command);
      const { name, licence } = options;
      const request = { path: resolve(file), ...choicesOf(options) };
      await withSession(async ({ client }) => {
        const facts = {
          ...(name === undefined ? {} : { name }),
          ...(licence === undefined ? {} : { licence }),
        };
        const acceptance = { output, isAccepted: options.yes === true };
        output.result(await importModel(client, { ...request, ...facts }, acceptance), modelLines);
      });
    });
}

/**
 * Imports an encoder. Where it comes with terms, they have to be accepted first.
 * @throws UserError BAD_INPUT where nobody can be asked, or what the import throws
 */
export async function importModel(
  client: Client,
  request: ImportRequest,
  { output, isAccepted }: { output: Output; isAccepted: boolean },
): Promise<Model> {
  const { terms } = await client.models.inspect(request);
  if (terms !== null) await acceptTerms(output, terms, isAccepted);
  return client.models.import({ ...request, acceptTerms: terms !== null });
}

/** Shows terms, and returns only if they are accepted. */
async function acceptTerms(output: Output, name: TermsName, isAccepted: boolean): Promise<void> {
  const { title, address, summary } = TERMS[name];
  output.note(`These weights are under the ${title}. ${summary}`);
  output.note(`  Only the terms themselves count: ${address}`);
  if (isAccepted) {
    output.note('  Accepted with --yes.');
    return;
  }
  await confirm('Do you accept them?', {
    refusal: `The ${title} has to be accepted, and there is no terminal to ask on.`,
    hint: 'Read the terms, then add --yes to accept them.',
  });
}

function choicesOf({ prefix, outputs, mean, std, dropTokens, heads }: Options): ImportChoices {
  return {
    ...(prefix === undefined ? {} : { prefix }),
    ...(outputs === undefined ? {} : { outputs: outputs.split(',').map((name) => name.trim()) }),
    ...(mean === undefined ? {} : { mean: threeNumbers('--mean', mean) }),
    ...(std === undefined ? {} : { std: threeNumbers('--std', std) }),
    ...(dropTokens === undefined ? {} : { leadingTokens: Number(dropTokens) }),
    ...(heads === undefined ? {} : { heads: Number(heads) }),
  };
}

function threeNumbers(option: string, text: string): [number, number, number] {
  const numbers = text.split(',').map(Number);
  const [red = NaN, green = red, blue = red] = numbers;
  if ((numbers.length === 1 || numbers.length === 3) && numbers.every(Number.isFinite))
    return [red, green, blue];
  throw new UserError(
    'BAD_INPUT',
    `${option} takes one number, or three separated by commas, not '${text}'.`,
    {
      hint: `For example: ${option} 0.485,0.456,0.406`,
    },
  );
}
