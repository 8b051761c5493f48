import { z } from 'zod';
import type { Shape } from '../../tensor/shape.ts';

/** Families of Vision Transformers, which differ in how patches know their place. */
export const VitFamily = z.enum(['dino', 'dinov2', 'dinov2-registers', 'dinov3']);
export type VitFamily = z.infer<typeof VitFamily>;

/** Shape and rules of a Vision Transformer (arXiv 2010.11929). */
export const VitSpec = z.object({
  family: VitFamily,
  /** Side of a patch, in pixels. */
  patch: z.number().int().positive(),
  /** Channels of a token. */
  width: z.number().int().positive(),
  heads: z.number().int().positive(),
  blocks: z.number().int().positive(),
  /** Channels inside a block's MLP. */
  hidden: z.number().int().positive(),
  /** Tokens other than the class token that belong to no place. */
  registers: z.number().int().min(0),
  /** Side of the grid of positions that was trained; 0 where positions are angles. */
  grid: z.number().int().min(0),
  /** Of every layer normalisation. */
  epsilon: z.number().positive(),
});
export type VitSpec = z.infer<typeof VitSpec>;

/**
 * Weights by the names of the original code, in PyTorch's layout, with the query, key and value of a block apart
 * (`blocks.0.attn.q.weight`) and masks already applied.
 */
type VitWeights = Readonly<Record<string, Float32Array>>;

/** A Vision Transformer with its weights. */
export type Vit = { spec: VitSpec; weights: VitWeights };

/** Tokens before those of the patches. */
export const leadingTokens = ({ registers }: VitSpec): number => 1 + registers;

/** Whether each block's branches are scaled by channel. */
export const hasLayerScale = ({ family }: VitSpec): boolean => family !== 'dino';

/** Names and shapes of all weights of a network. */
export function vitTensors(spec: VitSpec): Map<string, Shape> {
  const { patch, width, blocks, registers, grid, heads } = spec;
  const tensors = new Map<string, Shape>([
    ['cls_token', [width]],
    ['patch_embed.proj.weight', [width, 3, patch, patch]],
    ['patch_embed.proj.bias', [width]],
    ['norm.weight', [width]],
    ['norm.bias', [width]],
  ]);
  if (registers > 0) tensors.set('register_tokens', [registers, width]);
  if (grid > 0) tensors.set('pos_embed', [1 + grid * grid, width]);
  else tensors.set('rope_embed.periods', [width / heads / 4]);
  for (let block = 0; block < blocks; block++) {
    for (const [name, shape] of blockTensors(spec)) tensors.set(`blocks.${block}.${name}`, shape);
  }
  return tensors;
}

function blockTensors(spec: VitSpec): [string, Shape][] {
  const { width, hidden } = spec;
  const linear = (name: string, outputs: number, inputs: number): [string, Shape][] => [
    [`${name}.weight`, [outputs, inputs]],
    [`${name}.bias`, [outputs]],
  ];
  const vectors = (...names: string[]): [string, Shape][] => names.map((name) => [name, [width]]);
  return [
    ...vectors('norm1.weight', 'norm1.bias', 'norm2.weight', 'norm2.bias'),
    ...['q', 'k', 'v', 'proj'].flatMap((part) => linear(`attn.${part}`, width, width)),
    ...linear('mlp.fc1', hidden, width),
    ...linear('mlp.fc2', width, hidden),
    ...(hasLayerScale(spec) ? vectors('ls1.gamma', 'ls2.gamma') : []),
  ];
}
