import { GraphBuilder } from '../../compile/lower/onnx/graph-builder.ts';
import { writeModel, type OnnxGraph } from '../../compile/lower/onnx/model.ts';
import { placesInGraph, type GraphPlaces } from './graph-places.ts';
import { hasLayerScale, leadingTokens, type Vit } from './spec.ts';

/** [a, b) of one axis; to the end where `end` is left out. */
type Range = { axis: number; start: number; end?: number };

const END = 2 ** 31 - 1;
/** Keeps a dimension in Reshape. */
const SAME = 0;
const REST = -1;

/** Of queries, keys and values of one block: [B, heads, T, channels of a head]. */
type Attended = { q: string; k: string; v: string };

/**
 * Writes a Vision Transformer as ONNX, for images of any shape that is a multiple of the patch.
 *
 * Inputs: `images` [B, 3, H, W], normalised; the places of its N patches: `positions` [1, N, C], or `rope_sin` and
 * `rope_cos` [N, D] for DINOv3, all of which positions.ts computes.
 * Outputs: `tokens` [B, T, C] after the last normalisation, class token, registers, patches; of the last block `keys`
 * [B, heads, T, D] and `cls_attention` [B, heads, N].
 * @param inner names of values on the way to give too, for comparison: `embed`, `block0`, ..., `q`, `v`
 */
export function vitGraph(vit: Vit, inner: readonly string[] = []): Uint8Array {
  return writeModel(new VitGraph(vit, inner, false).graph());
}

/**
 * As `vitGraph`, for other programs: `images` is the only input, and the graph finds out where its patches are.
 */
export function standaloneVitGraph(vit: Vit): OnnxGraph {
  return new VitGraph(vit, [], true).graph();
}

class VitGraph {
  readonly #vit: Vit;
  readonly #inner: readonly string[];
  readonly #builder = new GraphBuilder('vit');
  readonly #isStandalone: boolean;

  constructor(vit: Vit, inner: readonly string[], isStandalone: boolean) {
    this.#vit = vit;
    this.#inner = inner;
    this.#isStandalone = isStandalone;
  }

  graph(): OnnxGraph {
    const { spec } = this.#vit;
    const images = this.#builder.input('images', 'float32', ['batch', 3, 'height', 'width']);
    const places = this.#isStandalone
      ? placesInGraph(this.#builder, images, this.#vit)
      : this.#placesAsInputs();
    let x = this.#embed(images, places);
    this.#give('embed', x, 3);
    const rotation = 'sin' in places ? places : undefined;
    for (let block = 0; block < spec.blocks; block++) {
      x = this.#block(x, `blocks.${block}`, rotation, block === spec.blocks - 1);
      this.#give(`block${block}`, x, 3);
    }
    this.#builder.output('tokens', this.#normalised(x, 'norm'), 'float32', ['batch', 'tokens', spec.width]);
    return this.#builder.graph();
  }

  #embed(images: string, places: GraphPlaces): string {
    const { spec } = this.#vit;
    const builder = this.#builder;
    const filters = this.#weight('patch_embed.proj.weight', [spec.width, 3, spec.patch, spec.patch]);
    const bias = this.#weight('patch_embed.proj.bias', [spec.width]);
    const window = { strides: [spec.patch, spec.patch] };
    const maps = builder.op('Conv', [images, filters, bias], window); // [B, C, h, w]
    const flat = this.#reshape(maps, [SAME, spec.width, REST]);
    let patches = builder.op('Transpose', [flat], { perm: [0, 2, 1] }); // [B, N, C]
    if ('positions' in places) patches = builder.op('Add', [patches, places.positions]);
    const batch = builder.op('Shape', [patches], { start: 0, end: 1 });
    const count = leadingTokens(spec);
    const shape = builder.op('Concat', [batch, builder.int64s([count, spec.width])], { axis: 0 });
    const leading = builder.floats(this.#leading(), [1, count, spec.width]);
    return builder.op('Concat', [builder.op('Expand', [leading, shape]), patches], { axis: 1 });
  }

  /** Class token, at its place in the table where there is one, and registers, which have no place. */
  #leading(): Float32Array {
    const { spec, weights } = this.#vit;
    const cls = this.#data('cls_token');
    const place = spec.grid > 0 ? this.#data('pos_embed') : undefined;
    const first = cls.map((value, channel) => value + (place?.[channel] ?? 0));
    return Float32Array.of(...first, ...(weights.register_tokens ?? []));
  }

  #placesAsInputs(): GraphPlaces {
    const { width, heads, grid } = this.#vit.spec;
    if (grid > 0) return { positions: this.#builder.input('positions', 'float32', [1, 'patches', width]) };
    const shape = ['patches', width / heads];
    return {
      sin: this.#builder.input('rope_sin', 'float32', shape),
      cos: this.#builder.input('rope_cos', 'float32', shape),
    };
  }

  #block(x: string, prefix: string, rotation: { sin: string; cos: string } | undefined, isLast: boolean) {
    const builder = this.#builder;
    const attended = this.#attention(this.#normalised(x, `${prefix}.norm1`), prefix, rotation, isLast);
    const between = builder.op('Add', [x, this.#scaled(attended, `${prefix}.ls1.gamma`)]);
    const { width, hidden } = this.#vit.spec;
    const inside = this.#linear(
      this.#normalised(between, `${prefix}.norm2`),
      `${prefix}.mlp.fc1`,
      hidden,
      width,
    );
    const outside = this.#linear(this.#gelu(inside), `${prefix}.mlp.fc2`, width, hidden);
    return builder.op('Add', [between, this.#scaled(outside, `${prefix}.ls2.gamma`)]);
  }

  #attention(x: string, prefix: string, rotation: { sin: string; cos: string } | undefined, isLast: boolean) {
    const { width, heads } = this.#vit.spec;
    const builder = this.#builder;
    const { q, k, v } = this.#heads(x, `${prefix}.attn`, rotation);
    const scaled = builder.op('Mul', [q, builder.floats(1 / Math.sqrt(width / heads))]);
    const scores = builder.op('MatMul', [scaled, builder.op('Transpose', [k], { perm: [0, 1, 3, 2] })]);
    const shares = builder.op('Softmax', [scores], { axis: -1 }); // [B, heads, T, T]
    if (isLast) this.#giveLast({ q, k, v }, shares);
    const mixed = builder.op('Transpose', [builder.op('MatMul', [shares, v])], { perm: [0, 2, 1, 3] });
    return this.#linear(this.#reshape(mixed, [SAME, SAME, width]), `${prefix}.attn.proj`, width, width);
  }

  #heads(x: string, prefix: string, rotation: { sin: string; cos: string } | undefined): Attended {
    const { width, heads } = this.#vit.spec;
    const part = (name: string) => {
      const all = this.#reshape(this.#linear(x, `${prefix}.${name}`, width, width), [
        SAME,
        SAME,
        heads,
        width / heads,
      ]);
      return this.#builder.op('Transpose', [all], { perm: [0, 2, 1, 3] });
    };
    const turned = (name: string) => (rotation ? this.#rotated(part(name), rotation) : part(name));
    return { q: turned('q'), k: turned('k'), v: part('v') };
  }

  /** Patches alone are rotated: x cos + (-second half, first half) sin. */
  #rotated(x: string, { sin, cos }: { sin: string; cos: string }): string {
    const { spec } = this.#vit;
    const builder = this.#builder;
    const half = spec.width / spec.heads / 2;
    const leading = this.#slice(x, { axis: 2, start: 0, end: leadingTokens(spec) });
    const patches = this.#slice(x, { axis: 2, start: leadingTokens(spec) });
    const first = this.#slice(patches, { axis: 3, start: 0, end: half });
    const second = builder.op('Neg', [this.#slice(patches, { axis: 3, start: half })]);
    const across = builder.op('Concat', [second, first], { axis: 3 });
    const turned = builder.op('Add', [builder.op('Mul', [patches, cos]), builder.op('Mul', [across, sin])]);
    return builder.op('Concat', [leading, turned], { axis: 2 });
  }

  #giveLast({ q, k, v }: Attended, shares: string): void {
    const { spec } = this.#vit;
    this.#give('q', q, 4);
    this.#give('v', v, 4);
    this.#builder.output('keys', k, 'float32', ['batch', spec.heads, 'tokens', spec.width / spec.heads]);
    const ofClass = this.#slice(shares, { axis: 2, start: 0, end: 1 });
    const onPatches = this.#slice(ofClass, { axis: 3, start: leadingTokens(spec) });
    const attention = this.#reshape(onPatches, [SAME, spec.heads, REST]);
    this.#builder.output('cls_attention', attention, 'float32', ['batch', spec.heads, 'patches']);
  }

  #scaled(x: string, name: string): string {
    const { spec } = this.#vit;
    return hasLayerScale(spec) ? this.#builder.op('Mul', [x, this.#weight(name, [spec.width])]) : x;
  }

  #normalised(x: string, name: string): string {
    const { width, epsilon } = this.#vit.spec;
    const inputs = [x, this.#weight(`${name}.weight`, [width]), this.#weight(`${name}.bias`, [width])];
    return this.#builder.op('LayerNormalization', inputs, { axis: -1, epsilon: { float: epsilon } });
  }

  /** x W^T + b for W [outputs, inputs]. */
  #linear(x: string, name: string, outputs: number, inputs: number): string {
    const data = this.#data(`${name}.weight`);
    const turned = new Float32Array(data.length);
    for (let o = 0; o < outputs; o++) {
      for (let i = 0; i < inputs; i++) turned[i * outputs + o] = data[o * inputs + i] ?? NaN;
    }
    const product = this.#builder.op('MatMul', [x, this.#builder.floats(turned, [inputs, outputs])]);
    return this.#builder.op('Add', [product, this.#weight(`${name}.bias`, [outputs])]);
  }

  /** x / 2 (1 + erf(x / sqrt 2)): exact, not the approximation by tanh. */
  #gelu(x: string): string {
    const builder = this.#builder;
    const erf = builder.op('Erf', [builder.op('Div', [x, builder.floats(Math.SQRT2)])]);
    const doubled = builder.op('Mul', [x, builder.op('Add', [erf, builder.floats(1)])]);
    return builder.op('Mul', [doubled, builder.floats(0.5)]);
  }

  #slice(x: string, { axis, start, end = END }: Range): string {
    const bounds = [[start], [end], [axis]].map((values) => this.#builder.int64s(values));
    return this.#builder.op('Slice', [x, ...bounds]);
  }

  #reshape(x: string, shape: readonly number[]): string {
    return this.#builder.op('Reshape', [x, this.#builder.int64s(shape)]);
  }

  #give(name: string, value: string, rank: number): void {
    if (!this.#inner.includes(name)) return;
    const shape = Array.from({ length: rank }, (_, axis) => `${name}_${axis}`);
    this.#builder.output(name, value, 'float32', shape);
  }

  #weight(name: string, shape: readonly number[]): string {
    return this.#builder.floats(this.#data(name), shape);
  }

  #data(name: string): Float32Array {
    const data = this.#vit.weights[name];
    if (!data) throw new Error(`the network has no '${name}'`);
    return data;
  }
}
