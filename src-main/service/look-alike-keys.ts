import type { CollectionId } from '../contract/ids.ts';
import type { Service } from './service.ts';

/** The groups of every content that looks like others, the wider grade last. */
export function lookAlikeKeys(
  { lookAlikes }: Service['store'],
  collectionIds: readonly CollectionId[],
): Map<string, string[]> {
  const keys = new Map<string, string[]>();
  for (const id of collectionIds) {
    for (const [content, groups] of lookAlikes.groupsByContent(id))
      keys.set(content, [...(keys.get(content) ?? []), ...groups.toSorted()]);
  }
  return keys;
}
