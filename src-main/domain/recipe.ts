import { z } from 'zod';
import { Brightness } from '../contract/brightness.ts';
import { ContentHash } from '../contract/ids.ts';
import { Model } from '../contract/model.ts';
import { ForegroundNote, SegmentSettings } from '../contract/segmentation.ts';
import { ShardCount, ShardPlace } from '../contract/shard.ts';
import type { MaskShape } from './mask-shape.ts';
import type { FileKey } from './scan.ts';
import type { Box } from '../contract/mask.ts';

/** An encoder as a recipe names it; its weights are in a file of that name next to the recipe. */
const RecipeModel = Model.pick({
  name: true,
  origin: true,
  architecture: true,
  sha256: true,
  card: true,
}).extend({ file: z.string().nullable() });

/** All of a recipe that decides masks, except for what was learned and the images: see `recipeId`. */
const Decisions = z.object({
  appVersion: z.string(),
  settings: SegmentSettings,
  device: z.string(),
  limits: z.object({ maxPixels: z.number(), maxFileBytes: z.number() }),
  brightness: Brightness,
  model: RecipeModel.nullable(),
});

/** What is known of a recipe before its images are read. */
export const RecipeFacts = Decisions.extend({
  /** SHA-256 over all that decides masks and the list of images: the same for any number of shards. */
  id: ContentHash,
  name: z.string(),
  collection: z.string(),
  rootPath: z.string(),
  foreground: ForegroundNote,
  shardCount: ShardCount,
  imageCount: z.number().int().nonnegative(),
  createdAtMs: z.number(),
});
export type RecipeFacts = z.infer<typeof RecipeFacts>;

/** An image that is to be segmented: its content, and where it was. */
export type RecipeImage = FileKey & {
  contentHash: ContentHash;
  sizeBytes: number;
  /** Of the upright original. */
  widthPx: number;
  heightPx: number;
};

/** What is known of a shard before its masks are read. */
export const ShardFacts = z.object({
  recipeId: ContentHash,
  appVersion: z.string(),
  place: ShardPlace,
  device: z.string(),
  finishedAtMs: z.number(),
});
export type ShardFacts = z.infer<typeof ShardFacts>;

/** A mask of a shard; `concept` is the number of its concept, from 1. */
export type ShardMask = {
  level: number;
  score: number;
  concept: number | null;
  box: z.infer<typeof Box>;
  areaPx: number;
  shape: MaskShape;
};

/** An image of a shard with its masks in the order in which they were found, or why it has none. */
export type ShardImage = {
  contentHash: ContentHash;
  relPath: string;
  problem: string | null;
  masks: ShardMask[];
};

/** Which shard an image of a recipe belongs to: neighbours go to different ones, so that all take similar times. */
export const shardOf = (position: number, count: number): number => position % count;
