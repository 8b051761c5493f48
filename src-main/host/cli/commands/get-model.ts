import type { Command } from 'commander';
import type { Client } from '../../../contract/contract.ts';
import { UserError } from '../../../contract/errors.ts';
import { DINOV3_FORM, PublishedName, type AvailableEncoder } from '../../../contract/published-encoder.ts';
import { TERMS } from '../../../contract/terms.ts';
import { contextOf } from '../context.ts';
import { confirm } from '../find-named.ts';
import { Cancelled } from '../follow-job.ts';
import { followDownload } from '../follow-download.ts';
import { printable, type Output } from '../output.ts';
import { modelLines } from './model-lines.ts';

/** What to expect of each, in addition to the numbers of its authors. */
const EXPECT: Readonly<Record<PublishedName, string>> = {
  'dino-vits16': 'The usual choice for finding objects without labels; the fastest of the three.',
  'dino-vits8': 'The same network with smaller patches: finer maps, at several times the time and memory.',
  'dinov2-registers-vits14': 'Trained on 142 million images; the highest published accuracy of the three.',
};

/** `models get`: encoders that their authors publish. */
export function addGetCommand(models: Command): void {
  models
    .command('get')
    .argument('[name]', `one of: ${PublishedName.options.join(', ')} (default: list them)`)
    .option('--yes', 'download without asking for confirmation')
    .description('list encoders that their authors publish, or download and import one of them')
    .action(async (name: string | undefined, options: { yes?: boolean }, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const encoders = await client.models.published();
        if (name === undefined) output.result(encoders, listLines);
        else
          await getEncoder(client, output, { encoder: find(encoders, name), isSure: options.yes === true });
      });
    });
}

function find(encoders: readonly AvailableEncoder[], name: string): AvailableEncoder {
  const found = encoders.find((encoder) => encoder.name === name);
  if (found) return found;
  const isForm = name.startsWith('dinov3');
  throw new UserError('NOT_FOUND', `There is no encoder '${name}' to download.`, {
    hint: isForm
      ? `DINOv3 is given out by a form: ${DINOV3_FORM}`
      : `Use one of: ${encoders.map((encoder) => encoder.name).join(', ')}.`,
  });
}

async function getEncoder(
  client: Client,
  output: Output,
  { encoder, isSure }: { encoder: AvailableEncoder; isSure: boolean },
): Promise<void> {
  const { name, modelId } = encoder;
  if (modelId !== null) {
    output.note(`'${name}' has been downloaded already.`);
    output.result(await client.models.get({ id: modelId }), modelLines);
    return;
  }
  for (const line of encoderLines(encoder)) output.note(line);
  if (!isSure) {
    await confirm('Download it?', {
      refusal: `Downloading '${name}' needs confirmation, and there is no terminal to ask on.`,
      hint: 'Add --yes to contact this address and download the file.',
    });
  }
  const model = await followDownload(client, name);
  if (!model) {
    output.note(`Stopped. What has arrived is kept; to continue, run: r2o models get ${name}`);
    throw new Cancelled();
  }
  output.result(model, modelLines);
}

function listLines(encoders: readonly AvailableEncoder[]): string[] {
  return [
    ...encoders.flatMap((encoder) => [...encoderLines(encoder), '']),
    ...dinov3Lines(),
    '',
    'No server is contacted until you run: r2o models get <name>',
  ];
}

function encoderLines(encoder: AvailableEncoder): string[] {
  const { name, title, address, weightsBytes, licence, knnPercent, modelId, download } = encoder;
  return [
    `${name}: ${title}`,
    `  ${EXPECT[name]}`,
    `  published nearest-neighbour accuracy on ImageNet: ${knnPercent} %; not measured by us`,
    `  ${sizeText(weightsBytes)}, licence ${licence}`,
    `  ${printable(address)}`,
    ...(modelId === null ? partLines(download) : [`  downloaded already: model ${modelId}`]),
  ];
}

function partLines({ state, doneBytes, totalBytes }: AvailableEncoder['download']): string[] {
  if (state !== 'idle') return ['  is being downloaded'];
  if (doneBytes === 0) return [];
  const total = totalBytes === null ? '' : ` of ${sizeText(totalBytes)}`;
  return [`  ${sizeText(doneBytes)}${total} are on the disk; the download continues from there`];
}

function dinov3Lines(): string[] {
  return [
    'DINOv3: cannot be downloaded here, because its authors ask for a form',
    `  ${DINOV3_FORM}`,
    '  Download the plain S, B or L size (such as ViT-S/16 distilled), then run: r2o models import <file>',
    `  ${TERMS.dinov3.title}: ${TERMS.dinov3.address}`,
  ];
}

const sizeText = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
