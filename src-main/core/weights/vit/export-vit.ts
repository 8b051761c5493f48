import type { Model, WeightsFormat } from '../../../contract/model.ts';
import { writeModel } from '../../compile/lower/onnx/model.ts';
import { standaloneVitGraph } from '../../model/vit/graph.ts';
import { vitTensors, type Vit, type VitSpec } from '../../model/vit/spec.ts';
import { sizeOf, type Shape } from '../../tensor/shape.ts';
import { writeFileAtomically } from '../atomic-file.ts';
import type { Exporter } from '../exporter.ts';
import { writeTorchFile } from '../pickle/write-torch.ts';
import { writeSafetensors, type TensorSource } from '../safetensors.ts';
import { bytesOf } from '../stored-tensor.ts';
import type { VitFileContents } from './vit-file.ts';

const PARTS = ['q', 'k', 'v'] as const;

/** How a Vision Transformer is written in a format that has a place for one. */
export function vitExporter(vit: VitFileContents, model: Model, format: WeightsFormat): Exporter {
  const { spec, mean, std } = vit;
  if (format === 'onnx') {
    const notes = { colour_order: 'RGB', mean: JSON.stringify(mean), std: JSON.stringify(std) };
    const bytes = () => writeModel(standaloneVitGraph(vit), notes);
    return { write: (path) => writeFileAtomically(path, (write) => write(bytes())), usage: onnxUsage(spec) };
  }
  const usage = [
    namesNote(spec),
    `${spec.heads} attention heads; layer normalization with epsilon ${spec.epsilon}.`,
  ];
  if (format === 'pytorch') {
    const meta = { name: model.name, architecture: model.architecture, producer: 'R2O Studio' };
    return { write: (path) => writeTorchFile(path, originalTensors(vit), meta), usage };
  }
  // Hugging Face's loaders ask for `format` before they read a file.
  const metadata = { format: 'pt', architecture: model.architecture, heads: String(spec.heads) };
  return { write: (path) => writeSafetensors(path, originalTensors(vit), metadata), usage };
}

function onnxUsage({ width, heads, patch, registers }: VitSpec): string[] {
  const leading = registers > 0 ? `the class token, ${registers} registers` : 'the class token';
  return [
    `Input \`images\` [B, 3, H, W], normalised as above; H and W are any multiples of ${patch}.`,
    `Output \`tokens\` [B, T, ${width}] after the last normalization: ${leading}, then the patches row by row.`,
    `Outputs \`keys\` [B, ${heads}, T, ${width / heads}] and \`cls_attention\` [B, ${heads}, N]: keys of the last block, and how its class token attends to the N patches.`,
    'Opset 18, standard operators only. The positions of the patches are computed in the graph, by the rule of the original code.',
  ];
}

const namesNote = ({ family }: VitSpec) =>
  `Names, shapes and axis order are those of the original code (${family}); \`mask_token\`, which only training uses, is missing, so load with \`strict=False\`.`;

/** The weights with the names and shapes of the original code, where query, key and value are one tensor. */
function originalTensors({ spec, weights }: Vit): TensorSource[] {
  const data = (name: string) => weights[name] ?? new Float32Array();
  const tensor = (name: string, shape: Shape, all: readonly Float32Array[]): TensorSource => ({
    name,
    dtype: 'F32',
    shape,
    bytes: () => bytesOf(joined(all, sizeOf(shape))),
  });
  return [...vitTensors(spec)].flatMap(([name, shape]) => {
    const part = /^(blocks\.\d+\.attn\.)([qkv])\.(weight|bias)$/.exec(name);
    if (!part) return [tensor(originalName(name, spec), originalShape(name, shape), [data(name)])];
    const [, prefix = '', which = '', kind = ''] = part;
    if (which !== 'q') return [];
    const [rows = 0, ...rest] = shape;
    const all = PARTS.map((one) => data(`${prefix}${one}.${kind}`));
    const fused = tensor(`${prefix}qkv.${kind}`, [3 * rows, ...rest], all);
    return isMasked(spec, kind)
      ? [fused, tensor(`${prefix}qkv.bias_mask`, [3 * rows], biasMask(rows))]
      : [fused];
  });
}

/** DINOv3's code multiplies biases of attention with a mask, which is not filled until a file does. */
const isMasked = ({ family }: VitSpec, kind: string) => family === 'dinov3' && kind === 'bias';

/** Keys have no bias. Masks other than this one have been applied to the weights already. */
function biasMask(rows: number): Float32Array[] {
  return PARTS.map((part) => new Float32Array(rows).fill(part === 'k' ? 0 : 1));
}

function originalName(name: string, { family }: VitSpec): string {
  return family === 'dinov3' && name === 'register_tokens' ? 'storage_tokens' : name;
}

/** Tokens and places have a first axis for the batch there. */
function originalShape(name: string, shape: Shape): Shape {
  if (name === 'cls_token') return [1, 1, ...shape];
  return name === 'pos_embed' || name === 'register_tokens' ? [1, ...shape] : shape;
}

function joined(parts: readonly Float32Array[], size: number): Float32Array {
  const [first] = parts;
  if (parts.length === 1 && first) return first;
  const all = new Float32Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
