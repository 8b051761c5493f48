import type { z } from 'zod';
import type { Client } from '../../../contract/contract.ts';
import { DatasetRecipe, Split, SplitRule } from '../../../contract/dataset.ts';
import { UserError } from '../../../contract/errors.ts';
import type { SegmentationId } from '../../../contract/ids.ts';
import type { ReviewState } from '../../../contract/mask.ts';
import type { Segmentation } from '../../../contract/segmentation.ts';
import { printable } from '../output.ts';
import { findCollection } from './collection-argument.ts';
import { findSegmentation } from './segmentations.ts';

export type CreateOptions = {
  segmentation?: string[];
  collection?: string[];
  concept?: string[];
  review?: ReviewState[];
  minScore?: number;
  minArea?: number;
  maxArea?: number;
  level?: number;
  class?: string[];
  ignore?: string[];
  oneClass?: string;
  keepEmpty?: boolean;
  split: string;
  splitBy: 'image' | 'folder';
  stratify?: true;
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
    concepts: concept ?? null,
    reviews: review,
    minScore,
    minAreaPx: minArea,
    maxAreaPx: maxArea,
    level,
    classes: {
      oneClass: oneClass ?? null,
      rename: Object.fromEntries((options.class ?? []).map(parseRename)),
      ignore: options.ignore ?? [],
    },
    keepEmptyImages: keepEmpty,
    split: parseSplit(options),
  });
}

async function sourcesOf(
  client: Client,
  { segmentation = [], collection = [] }: CreateOptions,
): Promise<SegmentationId[]> {
  const ids: SegmentationId[] = [];
  for (const which of segmentation) ids.push((await findSegmentation(client, which)).id);
  for (const which of collection) ids.push((await newestOf(client, which)).id);
  if (ids.length > 0) return [...new Set(ids)];
  const all = await client.segmentations.list({});
  throw new UserError('BAD_INPUT', 'A dataset needs masks: name a segmentation or a collection.', {
    hint:
      all.length === 0
        ? 'There are no segmentations yet. Create one with: r2o segment <collection>'
        : `Add --segmentation with one of: ${all.map(({ id, name }) => `${id} (${printable(name)})`).join(', ')}.`,
  });
}

async function newestOf(client: Client, which: string): Promise<Segmentation> {
  const { id: collectionId, name } = await findCollection(client, which);
  const [newest] = await client.segmentations.list({ collectionId });
  if (newest) return newest;
  throw new UserError('BAD_INPUT', `The collection '${name}' has not been segmented.`, {
    hint: `Segment it first: r2o segment ${collectionId}`,
  });
}

function parseRename(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)];
  throw new UserError('BAD_INPUT', `--class ${text} does not name a class.`, {
    hint: 'Write --class CONCEPT=CLASS, such as --class concept-3=cat.',
  });
}

function parseSplit({ split, splitBy, stratify, seed }: CreateOptions): SplitRule {
  const percents = /^\d+(\.\d+)?(\/\d+(\.\d+)?){0,2}$/.test(split) ? split.split('/').map(Number) : [];
  const [train = 0, val = 0, test = 0] = percents;
  if (Math.abs(train + val + test - 100) > 1e-4) {
    throw new UserError('BAD_INPUT', `--split ${split} is not a valid split.`, {
      hint: 'Give the shares of train, val and test in percent, adding up to 100: --split 70/20/10.',
    });
  }
  const shares = { train: train / 100, val: val / 100, test: test / 100 };
  return parseOrRefuse(SplitRule, { ...shares, seed, by: splitBy, ...(stratify && { isStratified: true }) });
}

/** The options that the parts of a recipe come from, as far as their values are not checked here already. */
const OPTION_OF: Readonly<Record<string, string>> = {
  minScore: '--min-score',
  minAreaPx: '--min-area',
  maxAreaPx: '--max-area',
  level: '--level',
  concepts: '--concept',
  classes: '--class, --one-class or --ignore',
  seed: '--seed',
};

function parseOrRefuse<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path: [part], message }) => {
    const name = String(part ?? '');
    return `${OPTION_OF[name] ?? name}: ${message}`;
  });
  throw new UserError('BAD_INPUT', `These options are not valid for a dataset (${issues.join('; ')}).`, {
    hint: 'See: r2o dataset create --help',
  });
}

/** How a version was made, in the words of the options; only what is not as it always is. */
export function recipeLines({ segmentationIds, split, ...recipe }: DatasetRecipe): string[] {
  const { concepts, reviews, minScore, minAreaPx, maxAreaPx, level, classes, keepEmptyImages } = recipe;
  const percents = Split.options.map((name) => Math.round(split[name] * 1e4) / 100).join('/');
  const parts = [
    ...segmentationIds.map((id) => `--segmentation ${id}`),
    ...(concepts ?? []).map((name) => `--concept ${name}`),
    `--review ${reviews.join(',')}`,
    minScore > 0 ? `--min-score ${minScore}` : '',
    minAreaPx > 1 ? `--min-area ${minAreaPx}` : '',
    maxAreaPx === null ? '' : `--max-area ${maxAreaPx}`,
    level === 0 ? '' : `--level ${level}`,
    ...Object.entries(classes.rename).map(([concept, name]) => `--class ${concept}=${name}`),
    ...classes.ignore.map((name) => `--ignore ${name}`),
    classes.oneClass === null ? '' : `--one-class ${classes.oneClass}`,
    keepEmptyImages ? '--keep-empty' : '',
    `--split ${percents} --split-by ${split.by} --seed ${split.seed}`,
  ];
  return [
    `  recipe: ${parts
      .filter((part) => part !== '')
      .map(printable)
      .join(' ')}`,
  ];
}
