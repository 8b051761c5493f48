import { z } from 'zod';

/** One number for each of red, green and blue. */
const Rgb = z.tuple([z.number(), z.number(), z.number()]);

/**
 * What of an output is a map of features: `map` is [B, C, h, w]; `tokens` is [B, N, C], whose first `leadingTokens`
 * belong to no place, and the rest to the cells row by row.
 */
const MapOutput = z.object({
  /** Of the graph's output. */
  name: z.string(),
  layout: z.enum(['map', 'tokens']),
  leadingTokens: z.number().int().min(0),
  channels: z.number().int().positive(),
  stride: z.number().int().positive(),
});
export type MapOutput = z.infer<typeof MapOutput>;

/**
 * Everything that the app has to know about a user's ONNX file to use it as an encoder. Kept inside the app's copy of the
 * file, under METADATA_KEY, so that the file's SHA-256 stands for it too.
 */
export const OnnxDescription = z.object({
  version: z.literal(1),
  kind: z.literal('onnx'),
  /** What the network is called, where it was recognised; else `onnx`. */
  architecture: z.string(),
  /** Name of the graph's input, [B, 3, H, W]. */
  input: z.string(),
  mean: Rgb,
  std: Rgb,
  multipleOf: z.number().int().positive(),
  fixedPx: z
    .object({ widthPx: z.number().int().positive(), heightPx: z.number().int().positive() })
    .nullable(),
  /** The finest first. */
  outputs: z.array(MapOutput).min(1),
});
export type OnnxDescription = z.infer<typeof OnnxDescription>;
