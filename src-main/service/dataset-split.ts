import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { Split, type SplitRule } from '../contract/dataset.ts';
import type { DatasetImage } from '../store/dataset-rows.ts';

/** What the split looks at of an image. */
export type SplitItem = Pick<DatasetImage, 'id' | 'rootPath' | 'relPath' | 'contentHash'>;

type Group = { ids: number[]; place: number };

/**
 * Shares images out over the splits.
 *
 * Images that must stay together form a group: those with the same content, and by `folder` those of a folder, so
 * that whole folders join where they hold a copy of the same file. Groups are lined up by a hash of seed and content
 * (or folder), and the line is cut at the shares: adding images later moves few others, and the seed alone decides
 * who goes where. A split with a share gets at least one group where there are enough.
 */
export function splitImages(items: readonly SplitItem[], rule: SplitRule): Map<number, Split> {
  const groups = groupsOf(items, rule).sort((a, b) => a.place - b.place);
  const names = Split.options.filter((name) => rule[name] > 0);
  const shareEnds = names.map((_, index) =>
    names.slice(0, index + 1).reduce((sum, name) => sum + rule[name], 0),
  );
  const splits = new Map<number, Split>();
  let before = 0;
  groups.forEach((group, index) => {
    const middle = (before + group.ids.length / 2) / items.length;
    const wanted = shareEnds.findIndex((end) => middle < end);
    // Groups left for the later splits: each of those needs one.
    const lowest = Math.max(0, names.length - (groups.length - index));
    const highest = Math.min(names.length - 1, index);
    const chosen = Math.min(Math.max(wanted === -1 ? names.length - 1 : wanted, lowest), highest);
    for (const id of group.ids) splits.set(id, names[chosen] ?? 'train');
    before += group.ids.length;
  });
  return splits;
}

function groupsOf(items: readonly SplitItem[], { by, seed }: SplitRule): Group[] {
  const sets = new DisjointSets();
  for (const item of items) {
    const content = `content ${item.contentHash}`;
    sets.add(content);
    if (by === 'folder') sets.join(content, folderOf(item));
  }
  const groups = new Map<string, Group>();
  for (const item of items) {
    const root = sets.rootOf(`content ${item.contentHash}`);
    const key = by === 'folder' ? folderOf(item) : item.contentHash;
    const place = placeOf(`${seed} ${key}`);
    const group = groups.get(root);
    if (!group) groups.set(root, { ids: [item.id], place });
    else {
      group.ids.push(item.id);
      group.place = Math.min(group.place, place);
    }
  }
  return [...groups.values()];
}

const folderOf = ({ rootPath, relPath }: SplitItem) => `folder ${rootPath}/${posix.dirname(relPath)}`;

/** A number that looks random, the same for the same text everywhere; 48 bits. */
function placeOf(text: string): number {
  return createHash('sha256').update(text).digest().readUIntBE(0, 6);
}

/** Sets that grow together. Source: Cormen et al., Introduction to Algorithms, §19.3 (path halving). */
class DisjointSets {
  readonly #parents = new Map<string, string>();

  add(item: string): void {
    if (!this.#parents.has(item)) this.#parents.set(item, item);
  }

  rootOf(item: string): string {
    let at = item;
    for (;;) {
      const parent = this.#parents.get(at) ?? at;
      if (parent === at) return at;
      const grandparent = this.#parents.get(parent) ?? parent;
      this.#parents.set(at, grandparent);
      at = grandparent;
    }
  }

  join(a: string, b: string): void {
    this.add(a);
    this.add(b);
    this.#parents.set(this.rootOf(a), this.rootOf(b));
  }
}
