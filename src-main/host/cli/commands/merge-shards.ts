import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { MergedShard } from '../../../contract/shard.ts';
import { contextOf } from '../context.ts';
import { countText, ExitCode, printable } from '../output.ts';

/** Ranges of missing shards that are named. */
const RANGES = 20;

export function addMergeCommand(group: Command): void {
  group
    .command('merge')
    .argument('<files...>', 'shards that r2o segment --recipe has written')
    .description('add the masks of shards to the segmentation that was planned, and name what is missing')
    .action(async (files: string[], _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const merged: MergedShard[] = [];
        for (const file of files) {
          const one = await client.shards.merge({ path: resolve(file) });
          merged.push(one);
          output.note(`${printable(file)}: ${mergedText(one)}`);
        }
        const last = merged.at(-1);
        if (!last) return;
        output.result({ ...last, files: merged.map(({ place, ...rest }) => counts(place, rest)) }, () =>
          missingLines(last),
        );
        // A script must notice that shards are missing.
        if (merged.some(({ isComplete }, at) => !isComplete && isLastOf(merged, at))) {
          process.exitCode = ExitCode.userError;
        }
      });
    });
}

/** Whether no later file belongs to the same segmentation. */
function isLastOf(merged: readonly MergedShard[], at: number): boolean {
  const id = merged[at]?.segmentation.id;
  return merged.findLastIndex(({ segmentation }) => segmentation.id === id) === at;
}

function counts(
  place: MergedShard['place'],
  { addedCount, presentCount, goneCount }: Omit<MergedShard, 'place'>,
) {
  return { place, addedCount, presentCount, goneCount };
}

function mergedText({ place, addedCount, presentCount, goneCount }: MergedShard): string {
  return [
    `shard ${place.index}/${place.count}, ${countText(addedCount, 'image')} added`,
    ...(presentCount > 0 ? [`${presentCount} had their masks already`] : []),
    ...(goneCount > 0 ? [`${goneCount} no longer in the collection`] : []),
  ].join(', ');
}

function missingLines({ segmentation, missing, isComplete }: MergedShard): string[] {
  const { id, name, imageCount, unreadCount, unreadImages } = segmentation;
  const title = `Segmentation ${id} '${printable(name)}': ${countText(imageCount, 'image')}`;
  const unread = [
    ...(unreadCount > 0 ? [`  ${countText(unreadCount, 'image')} could not be read:`] : []),
    ...unreadImages.map(({ relPath, detail }) => `    ${printable(relPath)}: ${detail}`),
  ];
  if (isComplete) return [`${title}, complete`, ...unread];
  const whole = missing.shards.filter(({ imageCount: all, missingCount }) => all === missingCount);
  const partial = missing.shards.length - whole.length;
  return [
    `${title}, ${countText(missing.count, 'image')} missing`,
    ...(whole.length > 0
      ? [`  missing shards, of ${missing.shardCount}: ${rangesText(whole.map(({ index }) => index))}`]
      : []),
    ...(partial > 0 ? [`  ${countText(partial, 'shard')} with some images missing, for example:`] : []),
    ...(partial > 0 ? missing.relPaths.slice(0, 3).map((path) => `    ${printable(path)}`) : []),
    `  Segment them elsewhere and merge again, or here: r2o segmentations resume ${id}`,
    ...unread,
  ];
}

/** Numbers in order, with neighbours as ranges: `0-2, 5`, which Slurm takes too. */
function rangesText(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  const texts = ranges.slice(0, RANGES).map(([from, to]) => (from === to ? String(from) : `${from}-${to}`));
  const others = ranges.length - texts.length;
  return [texts.join(','), ...(others > 0 ? [`and ${others} more`] : [])].join(' ');
}
