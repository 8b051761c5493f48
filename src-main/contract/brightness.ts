import { z } from 'zod';

/** Sample values that are shown as black and as white; what is beyond them is cut off. */
export const LevelRange = z
  .object({ from: z.number(), to: z.number() })
  .refine(({ from, to }) => from < to, 'The range must end above its start.');
export type LevelRange = z.infer<typeof LevelRange>;

/**
 * Which values of a collection's images with more than 8 bits per sample are black and white.
 *
 * `automatic`: measured on its images by the scan, and kept. `full`: all that the samples can hold (0 to 1 for
 * floating point). `range`: the same values for all of its images.
 */
export const BrightnessSetting = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('automatic') }),
  z.object({ kind: z.literal('full') }),
  z.object({ kind: z.literal('range'), range: LevelRange }),
]);
export type BrightnessSetting = z.infer<typeof BrightnessSetting>;

/** The setting, and what was measured for `automatic`, by the kind of sample: `tiff uint16`, say. */
export const Brightness = z.object({
  setting: BrightnessSetting,
  measured: z.record(z.string(), LevelRange),
});
export type Brightness = z.infer<typeof Brightness>;

/** A level as people read it: whole, or with four digits. */
export function shownLevel(level: number): string {
  return String(Number.isInteger(level) ? level : Number(level.toPrecision(4)));
}
