import type { Sharp } from 'sharp';
import { shownLevel, type Brightness, type LevelRange } from '../../contract/brightness.ts';
import { isPlainRange, measuredRange, ownRange, rangeOf, someSamples, stretched, type DeepPixels, type DeepSamples } from './deep-samples.ts'; // prettier-ignore
import { sharp } from './sharp-setup.ts';
import { inSharpTurn } from './sharp-turns.ts';

export type DeepImage = {
  samples: DeepSamples;
  /** Null where the rule of the collection does not say it yet. */
  range: LevelRange | null;
  /** Some of the samples, to measure a range. @throws ImageProblemError `truncated` or `corrupt` */
  measure: () => Promise<Float64Array>;
};

type Decode = <T>(build: (pixels: Sharp) => Promise<T>) => Promise<{ result: T; note: string | null }>;

type DeepSource = {
  /** Decodes the samples as they are, upright. */
  readPixels: () => Promise<DeepPixels>;
  /** Decodes as every other image: 16 bits become 8. */
  plain: <T>(build: (pixels: Sharp) => Promise<T>) => Promise<T>;
  brightness: Brightness | undefined;
};

/** How an image is decoded whose samples are stretched to brightness; see [Note: Brightness]. */
export function openDeep(
  deep: DeepSamples,
  { readPixels, plain, brightness }: DeepSource,
): { deep: DeepImage; decode: Decode } {
  const range = rangeOf(deep, brightness);
  const isPlain = isPlainRange(deep, range) && deep.note === null;
  const isMeasured = range !== null && (brightness?.setting.kind ?? 'automatic') === 'automatic';
  return {
    deep: { samples: deep, range, measure: async () => someSamples(await readPixels(), deep) },
    decode: async (build) => {
      if (isPlain && !isMeasured) return { result: await plain(build), note: null };
      const pixels = await readPixels();
      const samples = someSamples(pixels, deep);
      const own = isMeasured ? ownRange(samples, deep, range) : null;
      if (isPlain && own === null) return { result: await plain(build), note: null };
      const shown = own ?? range ?? measuredRange([samples], deep);
      const { data, widthPx: width, heightPx: height, channels } = stretched(pixels, deep, shown);
      const result = await inSharpTurn(() => build(sharp(data, { raw: { width, height, channels } })));
      return { result, note: noteOf(deep, shown, own === null ? null : range) };
    },
  };
}

/** @param instead the range of the collection, where the image is not shown by it */
function noteOf(deep: DeepSamples, { from, to }: LevelRange, instead: LevelRange | null): string | null {
  const isStretched = deep.depth !== 'uchar' && !isPlainRange(deep, { from, to });
  const why = instead ? `; by the collection's range, ${shownRange(instead)}, it would be black` : '';
  const onRange = `Its values from ${shownRange({ from, to })} are shown from black to white${why}.`;
  return [deep.note, isStretched ? onRange : null].filter((part) => part !== null).join(' ') || null;
}

const shownRange = ({ from, to }: LevelRange) => `${shownLevel(from)} to ${shownLevel(to)}`;
