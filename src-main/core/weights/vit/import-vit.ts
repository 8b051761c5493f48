import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { TERMS, type TermsName } from '../../../contract/terms.ts';
import { IMAGENET_RGB, type Backbone, type Rgb } from '../../model/backbone.ts';
import type { Vit, VitFamily, VitSpec } from '../../model/vit/spec.ts';
import type { OpenWeights } from '../open-weights.ts';
import { findVit, type FoundVit } from './names.ts';
import { readVit, type VitChoices } from './read-vit.ts';

const Rgb3 = z.tuple([z.number(), z.number(), z.number()]);
/** What transformers writes next to its weights, as far as it matters here. */
const Config = z.object({
  num_attention_heads: z.number().int().positive().optional(),
  layer_norm_eps: z.number().positive().optional(),
});
const Preprocessing = z.object({ image_mean: Rgb3.optional(), image_std: Rgb3.optional() });

const LICENCES: Record<VitFamily, string> = {
  dino: 'Apache-2.0',
  dinov2: 'Apache-2.0',
  'dinov2-registers': 'Apache-2.0',
  dinov3: `${TERMS.dinov3.title}: ${TERMS.dinov3.address}`,
};

/** A Vision Transformer from a user's file. */
export type ImportedVit = {
  vit: Vit;
  layout: FoundVit['layout'];
  prefix: string;
  mean: Rgb;
  std: Rgb;
  /** The terms of the published weights of its family. */
  licence: string;
  /** Terms that the user has to accept; null where the licence is a usual one. */
  terms: TermsName | null;
};

/**
 * Reads a Vision Transformer from an open file; undefined if its tensors are not those of one. Settings next to
 * weights in transformers' layout count.
 * @throws UserError WEIGHTS_UNSUPPORTED, WEIGHTS_DAMAGED
 */
export async function importVit(
  file: OpenWeights,
  choices: Pick<VitChoices, 'heads'> & {
    prefix?: string | undefined;
    mean?: Rgb | undefined;
    std?: Rgb | undefined;
  },
): Promise<ImportedVit | undefined> {
  const found = findVit(file.path, new Set(file.tensors.keys()), choices.prefix);
  if (!found) return undefined;
  const isBeside = found.layout === 'hugging-face';
  const config = isBeside ? await settingsBeside(file.path, 'config.json', Config) : undefined;
  const rgb = isBeside
    ? await settingsBeside(file.path, 'preprocessor_config.json', Preprocessing)
    : undefined;
  const vit = await readVit(file, found, {
    heads: choices.heads ?? config?.num_attention_heads,
    epsilon: config?.layer_norm_eps,
  });
  return {
    vit,
    layout: found.layout,
    prefix: found.prefix,
    mean: choices.mean ?? rgb?.image_mean ?? IMAGENET_RGB.mean,
    std: choices.std ?? rgb?.image_std ?? IMAGENET_RGB.std,
    licence: LICENCES[vit.spec.family],
    terms: vit.spec.family === 'dinov3' ? 'dinov3' : null,
  };
}

async function settingsBeside<T>(path: string, name: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await readFile(join(dirname(path), name), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    // Some other program's file of the same name: the weights speak for themselves.
    return undefined;
  }
}

/** The published names of sizes, by channels. */
const SIZES: Readonly<Record<number, string>> = { 384: 's', 768: 'b', 1024: 'l' };

/** What a network is called: `dinov2-registers-vits14`, or with its channels where the size has no name. */
export function vitName({ family, width, patch }: VitSpec): string {
  const size = SIZES[width];
  return `${family}-vit${size ?? `-w${width}-p`}${patch}`;
}

/**
 * The maps of a Vision Transformer, both of one stride. The first separates concepts best: keys for DINO (LOST,
 * TokenCut), the patches themselves for later ones.
 */
export function vitFeatures({ family, width, patch }: VitSpec): Backbone['features'] {
  const feature = (name: string) => ({ name, channels: width, stride: patch });
  const names = family === 'dino' ? ['keys', 'tokens'] : ['tokens', 'keys'];
  return names.map(feature);
}
