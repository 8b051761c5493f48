import { InvalidArgumentError } from 'commander';
import { BrightnessSetting, shownLevel, type LevelRange } from '../../../contract/brightness.ts';
import type { Collection } from '../../../contract/collection.ts';

/** A number, negative ones and those with an exponent included. */
const NUMBER = String.raw`-?\d+(?:\.\d+)?(?:e[+-]?\d+)?`;
const FROM_TO = new RegExp(`^(${NUMBER})-(${NUMBER})$`, 'i');

/** The setting that `automatic`, `full` or `FROM-TO` stands for. @throws InvalidArgumentError for anything else */
export function brightnessSetting(text: string): BrightnessSetting {
  if (text === 'automatic' || text === 'full') return { kind: text };
  const [, from, to] = FROM_TO.exec(text) ?? [];
  const range = BrightnessSetting.safeParse({ kind: 'range', range: { from: Number(from), to: Number(to) } });
  if (range.success) return range.data;
  throw new InvalidArgumentError(
    `'${text}' is not automatic, full or FROM-TO with FROM below TO, such as 64-1664.`,
  );
}

/** How a collection's images with more than 8 bits are shown; none where it has no such images and no setting. */
export function brightnessLines({
  id,
  brightness: { setting, measured },
}: Pick<Collection, 'id' | 'brightness'>): string[] {
  switch (setting.kind) {
    case 'full':
      return [
        'brightness range: full (images with more than 8 bits per sample)',
        `If they look too dark, measure a range: r2o collections brightness ${id} automatic`,
      ];
    case 'range':
      return [`brightness range: ${rangeText(setting.range)} (images with more than 8 bits per sample)`];
    case 'automatic':
      return Object.entries(measured).map(
        ([kind, range]) => `brightness range of ${kind}: ${rangeText(range)} (measured)`,
      );
  }
}

const rangeText = ({ from, to }: LevelRange) => `${shownLevel(from)} to ${shownLevel(to)}`;
