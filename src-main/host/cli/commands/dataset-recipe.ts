import type { z } from 'zod';
import type { Client } from '../../../contract/contract.ts';
import { DatasetRecipe, SplitRule } from '../../../contract/dataset.ts';
import { UserError } from '../../../contract/errors.ts';
import type { SegmentationId } from '../../../contract/ids.ts';
import type { ReviewState } from '../../../contract/mask.ts';
import type { Segmentation } from '../../../contract/segmentation.ts';
import { printable } from '../output.ts';
import { findCollection } from './collections.ts';
import { findSegmentation } from './segmentations.ts';

export type CreateOptions = {
  segmentation: string[];
  collection: string[];
  concept: string[];
  review?: ReviewState[];
  minScore?: number;
  minArea?: number;
  maxArea?: number;
  level?: number;
  class: string[];
  ignore: string[];
  oneClass?: string;
  keepEmpty?: boolean;
  split: string;
  splitBy: 'image' | 'folder';
  seed: number;
};

/**
 * The recipe that the options of `r2o dataset create` describe.
 * @throws UserError NOT_FOUND or BAD_INPUT naming what is wrong
 */
export async function recipeOf(client: Client, options: CreateOptions): Promise<DatasetRecipe> {
  const { concept, review, minScore, minArea, maxArea, level, oneClass, keepEmpty } = options;
  return parseOrRefuse(DatasetRecipe, {
    segmentationIds: await sourcesOf(client, options),
    concepts: concept.length === 0 ? null : concept,
    ...{ reviews: review, minScore, minAreaPx: minArea, maxAreaPx: maxArea, level },
    classes: {
      oneClass: oneClass ?? null,
      rename: Object.fromEntries(options.class.map(parseRename)),
      ignore: options.ignore,
    },
    keepEmptyImages: keepEmpty,
    split: parseSplit(options),
  });
}

async function sourcesOf(
  client: Client,
  { segmentation, collection }: CreateOptions,
): Promise<SegmentationId[]> {
  const ids: SegmentationId[] = [];
  for (const which of segmentation) ids.push((await findSegmentation(client, which)).id);
  for (const which of collection) ids.push((await newestOf(client, which)).id);
  if (ids.length > 0) return [...new Set(ids)];
  const all = await client.segmentations.list({});
  throw new UserError('BAD_INPUT', 'A dataset needs masks: name a segmentation or a collection.', {
    hint:
      all.length === 0
        ? 'There is no segmentation yet. Make one with: r2o segment <collection>'
        : `Add --segmentation with one of: ${all.map(({ id, name }) => `${id} (${printable(name)})`).join(', ')}.`,
  });
}

async function newestOf(client: Client, which: string): Promise<Segmentation> {
  const { id: collectionId, name } = await findCollection(client, which);
  const [newest] = await client.segmentations.list({ collectionId });
  if (newest) return newest;
  throw new UserError('BAD_INPUT', `The collection '${name}' has not been segmented.`, {
    hint: `Cut its images into objects first: r2o segment ${collectionId}`,
  });
}

function parseRename(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)];
  throw new UserError('BAD_INPUT', `--class ${text} names no class.`, {
    hint: 'Write --class CONCEPT=CLASS, such as --class concept-3=cat.',
  });
}

function parseSplit({ split, splitBy, seed }: CreateOptions): SplitRule {
  const shares = split.split('/').map(Number);
  const [train = NaN, val = 0, test = 0] = shares.map((share) => share / 100);
  return parseOrRefuse(SplitRule, { train, val, test, seed, by: splitBy });
}

function parseOrRefuse<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => [...path, message].join(': '));
  throw new UserError('BAD_INPUT', `These options do not make a dataset (${issues.join('; ')}).`, {
    hint: 'See: r2o dataset create --help',
  });
}
