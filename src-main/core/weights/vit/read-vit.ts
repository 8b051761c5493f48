import { defaultPeriods } from '../../model/vit/positions.ts';
import { vitTensors, type Vit, type VitFamily, type VitSpec } from '../../model/vit/spec.ts';
import { sameShape, sizeOf, type Shape } from '../../tensor/shape.ts';
import type { TensorFile } from '../encoder-tensors.ts';
import { isFloatingPoint, toFloat32 } from '../stored-tensor.ts';
import { damagedFile, unsupportedWeights } from '../weights-error.ts';
import type { FoundVit, Place } from './names.ts';

/** What a file of weights alone does not say. */
export type VitChoices = { heads?: number | undefined; epsilon?: number | undefined };

/** Channels of a head in every published size but the largest. */
const HEAD_CHANNELS = 64;
const EPSILON: Record<VitFamily, number> = {
  dino: 1e-6,
  dinov2: 1e-6,
  'dinov2-registers': 1e-6,
  dinov3: 1e-5,
};
/** The most weights that one ONNX file can hold. */
const MAX_ELEMENTS = 500_000_000;
const PARTS = ['q', 'k', 'v'] as const;
/** Modules that change features. Heads, and tokens that only training needs, do not. */
const OWN_MODULE = /^(blocks|patch_embed|norm_pre|pre_layrnorm)\.|^(dist|distillation)_token$/;

/**
 * Reads a Vision Transformer: finds out its size from its tensors, and checks that each is there, has its shape and
 * holds finite numbers. Stored halves are widened.
 * @throws UserError WEIGHTS_UNSUPPORTED or WEIGHTS_DAMAGED, naming the tensor at fault
 */
export async function readVit(file: TensorFile, found: FoundVit, choices: VitChoices): Promise<Vit> {
  const reader = new VitReader(file, found.places);
  const spec = reader.spec(choices);
  reader.refuseMore(spec);
  const weights: Record<string, Float32Array> = {};
  for (const [name, shape] of vitTensors(spec)) weights[name] = await reader.read(name, shape, spec);
  return { spec, weights };
}

/**
 * The size of a network, by its tensors alone.
 * @throws UserError WEIGHTS_UNSUPPORTED
 */
export function vitSpecOf(file: TensorFile, found: FoundVit, choices: VitChoices): VitSpec {
  return new VitReader(file, found.places).spec(choices);
}

class VitReader {
  readonly #file: TensorFile;
  readonly #places: ReadonlyMap<string, Place>;

  constructor(file: TensorFile, places: ReadonlyMap<string, Place>) {
    this.#file = file;
    this.#places = places;
  }

  spec({ heads, epsilon }: VitChoices): VitSpec {
    const [width = 0, colours, patch = 0, other] = this.#shape('patch_embed.proj.weight') ?? [];
    if (colours !== 3 || patch !== other)
      throw this.#unsupported('its patches are not squares of three colours');
    let blocks = 0;
    while (this.#places.has(`blocks.${blocks}.norm1.weight`)) blocks++;
    const family = this.#family();
    const spec: VitSpec = {
      family,
      patch,
      width,
      blocks,
      heads: heads ?? this.#headsOf(width),
      hidden: this.#shape('blocks.0.mlp.fc1.weight')?.[0] ?? 0,
      registers: this.#shape('register_tokens')?.[1] ?? 0,
      grid: family === 'dinov3' ? 0 : this.#gridSide(),
      epsilon: epsilon ?? EPSILON[family],
    };
    if (blocks === 0 || spec.hidden === 0) throw this.#unsupported('it has no blocks');
    if (width % spec.heads !== 0)
      throw this.#unsupported(`${width} channels are not ${spec.heads} equal heads`);
    const elements = [...vitTensors(spec).values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
    if (elements > MAX_ELEMENTS) throw this.#unsupported(`it has ${elements} weights, which are too many`);
    return spec;
  }

  /** Networks that extend a ViT (relative positions, normalised keys) would compute something else without what they add. */
  refuseMore(spec: VitSpec): void {
    const own = vitTensors(spec);
    const more = [...this.#places].find(
      ([name]) => OWN_MODULE.test(name) && !own.has(name) && !name.endsWith('.bias_mask'),
    );
    if (!more) return;
    throw this.#unsupported(`it also has '${more[1].stored}', which a plain one does not have`);
  }

  async read(name: string, shape: Shape, spec: VitSpec): Promise<Float32Array> {
    const absent = this.#absent(name, spec);
    if (absent) return absent;
    const data = await this.#elements(name, shape);
    return spec.family === 'dinov3' ? await this.#masked(name, data) : data;
  }

  #family(): VitFamily {
    const hasTable = this.#places.has('pos_embed');
    if (!hasTable) return 'dinov3';
    if (this.#places.has('register_tokens')) return 'dinov2-registers';
    return this.#places.has('blocks.0.ls1.gamma') ? 'dinov2' : 'dino';
  }

  #headsOf(width: number): number {
    const periods = this.#shape('rope_embed.periods')?.[0];
    const heads = width / (periods === undefined ? HEAD_CHANNELS : 4 * periods);
    if (Number.isInteger(heads)) return heads;
    throw this.#unsupported(
      `it does not say how many heads its ${width} channels belong to`,
      'Say it with --heads.',
    );
  }

  #gridSide(): number {
    const rows = this.#shape('pos_embed')?.[1] ?? 0;
    const side = Math.sqrt(rows - 1);
    if (Number.isInteger(side) && side > 0) return side;
    throw this.#unsupported(`its ${rows} positions are not those of a class token and a square of patches`);
  }

  /** What a file may leave out: periods follow from the head, and DINOv3's keys have no bias elsewhere. */
  #absent(name: string, { family, width, heads }: VitSpec): Float32Array | undefined {
    if (family !== 'dinov3' || this.#places.has(name)) return undefined;
    if (name === 'rope_embed.periods') return defaultPeriods(width / heads);
    return name.endsWith('.attn.k.bias') ? new Float32Array(width) : undefined;
  }

  /** DINOv3's biases of attention count where the file's mask says so; without one, keys have none. */
  async #masked(name: string, data: Float32Array): Promise<Float32Array> {
    const part = PARTS.find((one) => name.endsWith(`.attn.${one}.bias`));
    if (part === undefined) return data;
    const mask = `${name}_mask`;
    const given = this.#places.has(mask) ? await this.#elements(mask, [data.length], true) : undefined;
    const usual = part === 'k' ? 0 : 1;
    return data.map((value, index) => {
      const share = given?.[index] ?? usual;
      return value * (Number.isNaN(share) ? usual : share);
    });
  }

  /** @param mayBeNaN for masks alone */
  async #elements(name: string, shape: Shape, mayBeNaN = false): Promise<Float32Array> {
    const place = this.#places.get(name);
    const entry = place && this.#file.tensors.get(place.stored);
    const wanted = `[${shape.join(', ')}]`;
    if (!place || !entry) throw this.#unsupported(`there is no tensor '${name}' of ${wanted}`);
    const isThird = place.third !== undefined;
    const stored = isThird ? [3 * (shape[0] ?? 0), ...shape.slice(1)] : shape;
    if (!sameShape(withoutOnes(entry.shape), withoutOnes(stored))) {
      throw this.#unsupported(
        `'${place.stored}' is [${entry.shape.join(', ')}], and [${stored.join(', ')}] was expected`,
      );
    }
    if (!isFloatingPoint(entry.dtype)) throw this.#unsupported(`'${place.stored}' holds ${entry.dtype}`);
    const all = toFloat32(await this.#file.read(place.stored));
    const size = sizeOf(shape);
    const data = isThird ? all.slice((place.third ?? 0) * size, ((place.third ?? 0) + 1) * size) : all;
    const bad = mayBeNaN ? -1 : data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw damagedFile(this.#file.path, `'${place.stored}' holds ${data[bad]}, which no network has`);
    return data;
  }

  #shape(name: string): Shape | undefined {
    const place = this.#places.get(name);
    return place && this.#file.tensors.get(place.stored)?.shape;
  }

  #unsupported(problem: string, hint = 'See resources/docs/weights.md for the supported layouts.') {
    return unsupportedWeights(
      this.#file.path,
      `it is no Vision Transformer that can be used: ${problem}`,
      hint,
    );
  }
}

/** `cls_token` is [1, 1, C] in one file and [C] in another. */
const withoutOnes = (shape: Shape): Shape => shape.filter((dim) => dim !== 1);
