import { ShapedSession, type ShapedValues } from '../compile/runtime/shaped-session.ts';
import { vitGraph } from '../model/vit/graph.ts';
import { resizedPositions, rotations, type PatchGrid } from '../model/vit/positions.ts';
import { leadingTokens, type Vit, type VitSpec } from '../model/vit/spec.ts';
import { vitFeatures } from '../weights/vit/import-vit.ts';
import type { Rgb } from '../model/backbone.ts';
import type { FrozenEncoder, OpenEncoder, RunOptions } from './frozen-encoder.ts';
import { planes } from './frozen-graph.ts';

/** A Vision Transformer, built as ONNX from its weights for images of any shape. */
export function frozenVit(
  vit: Vit & { mean: Rgb; std: Rgb },
  contentHash: string | null = null,
): FrozenEncoder {
  const { spec, mean, std } = vit;
  return {
    backbone: {
      features: vitFeatures(spec),
      input: { mean, std, multipleOf: spec.patch, fixedPx: null },
      licence: null,
      contentHash,
    },
    isAnySize: true,
    open: (_, options) => openVit(vit, options),
  };
}

async function openVit(vit: Vit, { device, threads, features }: RunOptions): Promise<OpenEncoder> {
  const { spec } = vit;
  const session = await ShapedSession.open(vitGraph(vit), device, threads);
  return {
    run: async (input) => {
      const grid = { rows: input.heightPx / spec.patch, columns: input.widthPx / spec.patch };
      const names = features.map(({ name }) => name);
      const outputs = await session.run({ images: planes(input), ...placesOf(vit, grid) }, names);
      return outputs.map((values, index) => cellsOf(spec, names[index] ?? '', values));
    },
    [Symbol.dispose]: () => session[Symbol.dispose](),
  };
}

/** The inputs of `vitGraph` that say where patches are. */
export function placesOf({ spec, weights }: Vit, grid: PatchGrid): Record<string, ShapedValues> {
  const count = grid.rows * grid.columns;
  if (spec.grid === 0) {
    const { sin, cos } = rotations(weights['rope_embed.periods'] ?? new Float32Array(), grid);
    const shape = [count, spec.width / spec.heads];
    return { rope_sin: { data: sin, shape }, rope_cos: { data: cos, shape } };
  }
  const table = (weights.pos_embed ?? new Float32Array()).subarray(spec.width);
  const data = resizedPositions(table, { family: spec.family, side: spec.grid }, grid);
  return { positions: { data: data.slice(), shape: [1, count, spec.width] } };
}

/** The patches of tokens [1, T, C], or of keys [1, heads, T, D] with the heads side by side: [N, C]. */
function cellsOf(spec: VitSpec, name: string, { data, shape }: ShapedValues): Float32Array {
  const leading = leadingTokens(spec);
  if (name === 'tokens') return data.slice(leading * spec.width);
  const [tokens = 0, dim = 0] = shape.slice(2);
  const cells = new Float32Array((tokens - leading) * spec.width);
  for (let head = 0; head < spec.heads; head++) {
    for (let token = leading; token < tokens; token++) {
      const from = (head * tokens + token) * dim;
      cells.set(data.subarray(from, from + dim), (token - leading) * spec.width + head * dim);
    }
  }
  return cells;
}
