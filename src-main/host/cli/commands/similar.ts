import { InvalidArgumentError, type Command } from 'commander';
import type { Client } from '../../../contract/contract.ts';
import { UserError } from '../../../contract/errors.ts';
import { MaskId } from '../../../contract/ids.ts';
import type { Segmentation } from '../../../contract/segmentation.ts';
import type { Description, SimilarImage, SimilarObject } from '../../../contract/similar.ts';
import { contextOf } from '../context.ts';
import { followJob } from '../follow-job.ts';
import { countText, printable, table } from '../output.ts';
import { findImage } from './segmentation-heads.ts';
import { findSegmentation } from './segmentations.ts';

const MAX_LIMIT = 1_000;

type Options = { image?: string; object?: number; limit: number };
type Found = { description: Description; images?: SimilarImage[]; objects?: SimilarObject[] };

export function addSimilarCommand(program: Command): void {
  program
    .command('similar')
    .argument('<segmentation>', 'number or name')
    .option('--image <path>', 'image to compare the others with')
    .option(
      '--object <number>',
      'object to compare the others with, by its number in --json output',
      wholeNumber,
    )
    .option('--limit <count>', `maximum number of results, up to ${MAX_LIMIT}`, wholeNumber, 20)
    .description(
      'list the images or objects most similar to one; without either, only describe what is to be compared',
    )
    .action(async (which: string, options: Options, command: Command) => {
      const { output, withSession } = contextOf(command);
      refuseBadOptions(options);
      await withSession(async ({ client }) => {
        const segmentation = await findSegmentation(client, which);
        const found = await find(client, segmentation, options);
        output.result(found, foundLines);
      });
    });
}

async function find(client: Client, segmentation: Segmentation, options: Options): Promise<Found> {
  const { image, object, limit } = options;
  // An image that does not exist is reported before minutes of work.
  const imageId = image === undefined ? undefined : (await findImage(client, segmentation, image)).imageId;
  const description = await described(client, segmentation);
  const { id } = segmentation;
  if (imageId !== undefined)
    return { description, images: await client.similar.images({ id, imageId, limit }) };
  if (object === undefined) return { description };
  const { found } = await client.similar.objects({ maskId: MaskId.parse(object), limit });
  return { description, objects: found };
}

/** Describes what is new or has changed. @throws UserError WRONG_STATE after a pause */
export async function described(client: Client, { id, name }: Segmentation): Promise<Description> {
  const before = await client.similar.state({ id });
  if (before.description?.changedCount === 0 && !before.job) return before.description;
  await followJob(client, (await client.similar.describe({ id })).id);
  const { description } = await client.similar.state({ id });
  if (description) return description;
  throw new UserError('WRONG_STATE', `'${name}' has not been described to the end.`, {
    hint: 'Resume its job: r2o jobs list names it.',
  });
}

function foundLines({ description, images, objects }: Found): string[] {
  const { imageCount, maskCount, skippedCount, hasFeatures } = description;
  const skipped = skippedCount > 0 ? `; ${countText(skippedCount, 'image')} could not be read` : '';
  const by = hasFeatures ? "the encoder's features, colour and outline" : 'colour and outline only';
  const described = `Compared by ${by}: ${countText(imageCount, 'image')}, ${countText(maskCount, 'mask')}${skipped}`;
  if (images)
    return [
      described,
      ...table([
        ['similarity', 'image'],
        ...images.map(({ similarity, relPath }) => [similarity.toFixed(3), printable(relPath)]),
      ]),
    ];
  if (objects)
    return [
      described,
      ...table([
        ['similarity', 'object', 'score', 'review', 'image'],
        ...objects.map(({ similarity, id, score, review, relPath }) => [
          similarity.toFixed(3),
          String(id),
          score.toFixed(2),
          review,
          printable(relPath),
        ]),
      ]),
    ];
  return [described];
}

/** @throws UserError BAD_INPUT */
function refuseBadOptions({ image, object, limit }: Options): void {
  if (image !== undefined && object !== undefined) {
    throw new UserError('BAD_INPUT', 'Only one of --image and --object can be compared with.', {
      hint: 'Leave one of them out.',
    });
  }
  if (limit > MAX_LIMIT) {
    throw new UserError('BAD_INPUT', `--limit ${limit} is more than ${MAX_LIMIT}.`, {
      hint: `Use at most --limit ${MAX_LIMIT}.`,
    });
  }
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}
