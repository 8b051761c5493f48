import type { Sharp } from 'sharp';
import { shownLevel, type Brightness, type LevelRange } from '../../contract/brightness.ts';
import { isPlainRange, measuredRange, rangeOf, someSamples, stretched, type DeepPixels, type DeepSamples } from './deep-samples.ts'; // prettier-ignore
import { sharp } from './sharp-setup.ts';

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
  return {
    deep: { samples: deep, range, measure: async () => someSamples(await readPixels(), deep) },
    decode: async (build) => {
      if (isPlain) return { result: await plain(build), note: null };
      const pixels = await readPixels();
      const shown = range ?? measuredRange([someSamples(pixels, deep)], deep);
      const { data, widthPx: width, heightPx: height, channels } = stretched(pixels, deep, shown);
      const result = await build(sharp(data, { raw: { width, height, channels } }));
      return { result, note: noteOf(deep, shown) };
    },
  };
}

function noteOf(deep: DeepSamples, { from, to }: LevelRange): string | null {
  const isStretched = deep.depth !== 'uchar' && !isPlainRange(deep, { from, to });
  const onRange = `Its values from ${shownLevel(from)} to ${shownLevel(to)} are shown from black to white.`;
  return [deep.note, isStretched ? onRange : null].filter((part) => part !== null).join(' ') || null;
}
