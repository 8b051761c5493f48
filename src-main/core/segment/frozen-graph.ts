import { type UserError, userError } from '../../contract/errors.ts';
import { ShapedSession, type ShapedValues } from '../compile/runtime/shaped-session.ts';
import type { InputSize } from '../model/backbone.ts';
import type { MapOutput, OnnxDescription } from '../weights/onnx-graph/description.ts';
import { unsupportedWeights } from '../weights/weights-error.ts';
import type { EncoderInput, FrozenEncoder, OpenEncoder, RunOptions } from './frozen-encoder.ts';

/** In the words of C++ and of ONNX Runtime. */
const OUT_OF_MEMORY = /bad_alloc|bad array new length|allocate memory|out of memory/i;
const HINT = 'Use another input size for the images, or another encoder.';

/** An ONNX file from a user, with a description of how to use it. */
export function frozenGraph(
  path: string,
  description: OnnxDescription,
  contentHash: string | null = null,
): FrozenEncoder {
  const { mean, std, multipleOf, fixedPx, outputs } = description;
  return {
    backbone: {
      features: outputs.map(({ name, channels, stride }) => ({ name, channels, stride })),
      input: { mean, std, multipleOf, fixedPx },
      licence: null,
      contentHash,
    },
    isAnySize: true,
    open: (_, options) => openGraph(path, description, options),
  };
}

async function openGraph(
  path: string,
  { input, outputs }: OnnxDescription,
  { device, threads, features }: RunOptions,
): Promise<OpenEncoder> {
  const session = await ShapedSession.open(path, device, threads);
  const wanted = features.map(({ name }) => {
    const output = outputs.find((candidate) => candidate.name === name);
    if (!output) throw new Error(`the encoder has no output '${name}'`);
    return output;
  });
  return {
    run: async (image) => {
      const names = wanted.map(({ name }) => name);
      const results = await session
        .run({ [input]: planes(image) }, names)
        .catch((error: unknown) => Promise.reject(explained(error, path, image)));
      return wanted.map((output, index) => cellsOf(output, results[index]));
    },
    [Symbol.dispose]: () => session[Symbol.dispose](),
  };
}

/** What somebody's graph does with an image of another size than those of its import is its own affair: no bug of the app. */
function explained(error: unknown, path: string, { widthPx, heightPx }: InputSize): UserError {
  const size = `${widthPx} x ${heightPx}`;
  const message = error instanceof Error ? error.message : String(error);
  if (OUT_OF_MEMORY.test(message)) return userError('graph-memory-refused', { path, size }, { cause: error });
  return unsupportedWeights(path, `it fails on an image of ${size} px (${message})`, HINT);
}

/** [H, W, 3] as [1, 3, H, W]. */
export function planes({ pixels, widthPx, heightPx }: EncoderInput): ShapedValues {
  return {
    data: transposed(pixels, widthPx * heightPx, 3),
    shape: [1, 3, heightPx, widthPx],
  };
}

/** An output [1, C, h, w] or [1, N, C] as [h, w, C]. */
function cellsOf({ layout, leadingTokens, channels }: MapOutput, values?: ShapedValues): Float32Array {
  if (!values) throw new Error('the encoder gave too few outputs');
  const { data } = values;
  if (layout === 'tokens') return data.slice(leadingTokens * channels);
  return transposed(data, channels, data.length / channels);
}

/** A matrix [rows, columns] as [columns, rows]. */
function transposed(data: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = data[row * columns + column] ?? 0;
    }
  }
  return result;
}
