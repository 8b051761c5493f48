import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { Split, type SplitRule } from '../contract/dataset.ts';
import type { DatasetImage } from '../store/dataset-rows.ts';

/** What the split needs to know about an image. */
export type SplitItem = Pick<DatasetImage, 'id' | 'rootPath' | 'relPath' | 'contentHash'>;

export type SplitOf = { id: number; split: Split };

/** How many images have a mask of a class, by the class's number. */
type ClassCounts = Map<number, number>;

/** Images that stay together, with what holds them together; `place` is where they stand in the line. */
type Group = { ids: number[]; keys: string[]; place: number; classes: ClassCounts };

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

  /**
   * @param alike names of groups that the image looks like; whoever shares one stays together
   * @param classes that it has masks of: for a stratified split
   */
  add(item: SplitItem, alike: readonly string[] = [], classes: Iterable<number> = []): void {
    this.#count++;
    const content = `content ${item.contentHash}`;
    const isByFolder = this.#rule.by === 'folder';
    const groupKeys = alike.map((name) => `alike ${name}`);
    const keys = [content, ...(isByFolder ? [folderOf(item)] : []), ...groupKeys];
    const groups = [...new Set(keys.flatMap((key) => this.#groupOf.get(key) ?? []))];
    const [group = { ids: [], keys: [], place: Infinity, classes: new Map<number, number>() }, ...others] =
      groups.sort((a, b) => b.keys.length - a.keys.length);
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
    for (const one of classes) group.classes.set(one, (group.classes.get(one) ?? 0) + 1);
  }

  /** The split of every image that was added. */
  *assign(): Generator<SplitOf> {
    const groups = [...new Set(this.#groupOf.values())].sort((a, b) => a.place - b.place);
    const names = Split.options.filter((name) => this.#rule[name] > 0);
    if (this.#rule.isStratified) {
      yield* new Stratifier(groups, names, this.#rule).assign();
      return;
    }
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
    for (const [one, count] of other.classes) group.classes.set(one, (group.classes.get(one) ?? 0) + count);
    group.place = Math.min(group.place, other.place);
  }

  /** A number that looks random, the same for the same key everywhere; 48 bits. */
  #placeOf(key: string): number {
    return createHash('sha256').update(`${this.#rule.seed} ${key}`).digest().readUIntBE(0, 6);
  }
}

/** What a split still lacks, in images: of all, and of each class. */
type Lacking = { name: Split; lacking: number; of: ClassCounts; isEmpty: boolean };

/**
 * Shares groups out so that every class has the shares, too: the class with the fewest images left is shared out first,
 * and each of its groups goes to the split that lacks most images of it.
 * Source: Sechidis, Tsoumakas and Vlahavas, "On the Stratification of Multi-Label Data" (2011), alg. 1, with groups in the
 * place of examples, large ones first; ties go to the split that lacks most images of all, and then to the first.
 */
class Stratifier {
  readonly #splits: Lacking[];
  readonly #byClass = new Map<number, Set<Group>>();
  readonly #left: Set<Group>;

  constructor(groups: readonly Group[], names: readonly Split[], rule: SplitRule) {
    this.#left = new Set(groups);
    for (const group of groups)
      for (const one of group.classes.keys())
        this.#byClass.set(one, (this.#byClass.get(one) ?? new Set()).add(group));
    const totals = [...this.#byClass.keys()].map((one) => [one, this.#imagesLeft(one)] as const);
    const images = groups.reduce((sum, { ids }) => sum + ids.length, 0);
    this.#splits = names.map((name) => ({
      name,
      lacking: images * rule[name],
      of: new Map(totals.map(([one, total]) => [one, total * rule[name]])),
      isEmpty: true,
    }));
  }

  *assign(): Generator<SplitOf> {
    while (this.#byClass.size > 0) {
      const rarest = [...this.#byClass.keys()].reduce((least, one) =>
        this.#imagesLeft(one) < this.#imagesLeft(least) ? one : least,
      );
      // Large groups first: small ones make up for what they are too much.
      const groups = [...(this.#byClass.get(rarest) ?? [])].sort((a, b) => b.ids.length - a.ids.length);
      for (const group of groups) yield* this.#give(group, rarest);
      this.#byClass.delete(rarest);
    }
    for (const group of this.#left) yield* this.#give(group, undefined);
  }

  *#give(group: Group, wanted: number | undefined): Generator<SplitOf> {
    const empty = this.#splits.filter(({ isEmpty }) => isEmpty);
    // Each split needs a group as long as there are enough.
    const open = empty.length >= this.#left.size ? empty : this.#splits;
    const lack = (split: Lacking) => (wanted === undefined ? split.lacking : (split.of.get(wanted) ?? 0));
    const [best] = open.toSorted((a, b) => lack(b) - lack(a) || b.lacking - a.lacking);
    if (!best) return;
    best.isEmpty = false;
    best.lacking -= group.ids.length;
    for (const [one, count] of group.classes) {
      best.of.set(one, (best.of.get(one) ?? 0) - count);
      this.#byClass.get(one)?.delete(group);
    }
    this.#left.delete(group);
    for (const id of group.ids) yield { id, split: best.name };
  }

  #imagesLeft(one: number): number {
    let sum = 0;
    for (const { classes } of this.#byClass.get(one) ?? []) sum += classes.get(one) ?? 0;
    return sum;
  }
}

const folderOf = ({ rootPath, relPath }: SplitItem) => `folder ${rootPath}/${posix.dirname(relPath)}`;
