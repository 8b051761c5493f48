import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { Split, type SplitRule } from '../contract/dataset.ts';
import type { DatasetImage } from '../store/dataset-rows.ts';

/** What the split needs to know about an image. */
export type SplitItem = Pick<DatasetImage, 'id' | 'rootPath' | 'relPath' | 'contentHash'>;

export type SplitOf = { id: number; split: Split };

/** Images that stay together, with what holds them together; `place` is where they stand in the line. */
type Group = { ids: number[]; keys: string[]; place: number };

/**
 * Shares images out over the splits. It takes them one by one and gives the splits one by one, so that whoever may
 * not be held up can breathe in between.
 *
 * Images that must stay together form a group: those with the same content, those that look alike, and by `folder` those
 * of a folder, so that whole folders join where they hold a copy of the same file. Groups are lined up by a hash of seed and content
 * (or folder), and the line is cut at the shares: adding images later moves few others, and the seed alone decides
 * who goes where. A split with a share gets at least one group where there are enough.
 */
export class ImageSplitter {
  readonly #rule: SplitRule;
  readonly #groupOf = new Map<string, Group>();
  #count = 0;

  constructor(rule: SplitRule) {
    this.#rule = rule;
  }

  /** @param alike names of groups that the image looks like; whoever shares one stays together */
  add(item: SplitItem, alike: readonly string[] = []): void {
    this.#count++;
    const content = `content ${item.contentHash}`;
    const isByFolder = this.#rule.by === 'folder';
    const groupKeys = alike.map((name) => `alike ${name}`);
    const keys = [content, ...(isByFolder ? [folderOf(item)] : []), ...groupKeys];
    const groups = [...new Set(keys.flatMap((key) => this.#groupOf.get(key) ?? []))];
    const [group = { ids: [], keys: [], place: Infinity }, ...others] = groups.sort(
      (a, b) => b.keys.length - a.keys.length,
    );
    for (const other of others) this.#join(group, other);
    for (const key of keys) {
      if (this.#groupOf.has(key)) continue;
      this.#groupOf.set(key, group);
      group.keys.push(key);
      // Where folders hold together, they stand in line, and not the contents that join some of them.
      const isPlaced = isByFolder ? key === folderOf(item) : key === content;
      if (isPlaced) group.place = Math.min(group.place, this.#placeOf(key));
    }
    group.ids.push(item.id);
  }

  /** The split of every image that was added. */
  *assign(): Generator<SplitOf> {
    const groups = [...new Set(this.#groupOf.values())].sort((a, b) => a.place - b.place);
    const names = Split.options.filter((name) => this.#rule[name] > 0);
    const shareEnds = names.map((_, index) =>
      names.slice(0, index + 1).reduce((sum, name) => sum + this.#rule[name], 0),
    );
    let before = 0;
    for (const [index, { ids }] of groups.entries()) {
      const middle = (before + ids.length / 2) / this.#count;
      const wanted = shareEnds.findIndex((end) => middle < end);
      // Groups left for the later splits: each of those needs one.
      const lowest = Math.max(0, names.length - (groups.length - index));
      const highest = Math.min(names.length - 1, index);
      const chosen = Math.min(Math.max(wanted === -1 ? names.length - 1 : wanted, lowest), highest);
      const split = names[chosen] ?? 'train';
      for (const id of ids) yield { id, split };
      before += ids.length;
    }
  }

  /** The smaller group moves, so that no key moves often. */
  #join(group: Group, other: Group): void {
    for (const key of other.keys) {
      this.#groupOf.set(key, group);
      group.keys.push(key);
    }
    for (const id of other.ids) group.ids.push(id);
    group.place = Math.min(group.place, other.place);
  }

  /** A number that looks random, the same for the same key everywhere; 48 bits. */
  #placeOf(key: string): number {
    return createHash('sha256').update(`${this.#rule.seed} ${key}`).digest().readUIntBE(0, 6);
  }
}

const folderOf = ({ rootPath, relPath }: SplitItem) => `folder ${rootPath}/${posix.dirname(relPath)}`;
