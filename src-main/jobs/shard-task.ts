import { z } from 'zod';
import { ContentHash, SegmentationId } from '../contract/ids.ts';
import { ShardPlace } from '../contract/shard.ts';
import type { Store } from '../store/database.ts';

/** Next to the settings in their table, and none of them: the shard that a data folder was made for. */
const SHARD_KEY = 'shard';

/** The shard that a data folder was made for. */
export const ShardTask = z.object({
  recipeId: ContentHash,
  place: ShardPlace,
  segmentationId: SegmentationId,
  /** Whether images that are not in the folder are left out. */
  skipsMissing: z.boolean(),
});
export type ShardTask = z.infer<typeof ShardTask>;

/** Undefined for the data folder of a person. */
export function shardTaskOf(store: Pick<Store, 'settings'>): ShardTask | undefined {
  return ShardTask.optional().parse(store.settings.all()[SHARD_KEY]);
}

/** Keeps what a data folder is for. */
export function keepShardTask(store: Pick<Store, 'settings'>, task: ShardTask): void {
  store.settings.setAll({ [SHARD_KEY]: task });
}
