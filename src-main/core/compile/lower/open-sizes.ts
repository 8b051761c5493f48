import type { TensorSpec } from '../ir/tensor-spec.ts';
import type { OnnxGraph, OnnxShape, OnnxValue } from './onnx/model.ts';
import type { NamedSpecs } from '../trace/trace.ts';

/** Specs whose shapes may hold words: sizes that a file leaves open, equal wherever the word stands. */
export type OpenSpecs = Readonly<Record<string, { shape: OnnxShape; dtype: TensorSpec['dtype'] }>>;

/** Sizes stand for named dimensions in traces, so the two sizes of a pair are related only by their place. */
const FIRST_SIZE = 64;
const NEXT_SIZE = 64;
const OTHER_SIZE = 32;

/**
 * A graph for any size of its open dimensions.
 *
 * Traces contain only numbers. So the computation is lowered twice, with different sizes: what comes out the
 * same both times holds no trace of a size, and runs at every one. All sizes are multiples of 32, of which strides
 * divide evenly.
 * @param lowerAt the computation for inputs of the given shapes
 * @throws Error naming the node or constant that depends on a size
 */
export async function openGraph(
  inputs: OpenSpecs,
  lowerAt: (specs: NamedSpecs) => Promise<OnnxGraph>,
): Promise<OnnxGraph> {
  const words = [...new Set(Object.values(inputs).flatMap(({ shape }) => shape))].filter(
    (dim) => typeof dim === 'string',
  );
  const sizes = words.map((_, index) => FIRST_SIZE + NEXT_SIZE * index);
  const first = await lowerAt(specsAt(inputs, words, sizes));
  if (words.length === 0) return first;
  const others = sizes.map((size) => size + OTHER_SIZE);
  const second = await lowerAt(specsAt(inputs, words, others));
  assertSame(first, second);
  const open = (values: readonly OnnxValue[], counterparts: readonly OnnxValue[]) =>
    values.map((value, index) => ({
      ...value,
      shape: openShape(value, counterparts[index]?.shape ?? [], (a, b) =>
        words.find((_, word) => sizes[word] === a && others[word] === b),
      ),
    }));
  return {
    ...first,
    inputs: open(first.inputs, second.inputs),
    outputs: open(first.outputs, second.outputs),
  };
}

function specsAt(inputs: OpenSpecs, words: readonly string[], sizes: readonly number[]): NamedSpecs {
  const sizeOfDim = (dim: number | string) =>
    typeof dim === 'number' ? dim : (sizes[words.indexOf(dim)] ?? 0);
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, dtype }]) => [name, { shape: shape.map(sizeOfDim), dtype }]),
  );
}

/** The shape with a word for every dimension that differs: the input's, or `NAME_AXIS` where it is neither. */
function openShape(
  { name, shape }: OnnxValue,
  other: OnnxShape,
  wordFor: (first: number | string, second: number | string) => string | undefined,
): OnnxShape {
  return shape.map((dim, axis) => {
    const second = other[axis] ?? 0;
    return dim === second ? dim : (wordFor(dim, second) ?? `${name}_${axis}`);
  });
}

function assertSame(first: OnnxGraph, second: OnnxGraph): void {
  const differing = first.nodes.find((node, index) => {
    return JSON.stringify(node) !== JSON.stringify(second.nodes[index]);
  });
  if (differing || first.nodes.length !== second.nodes.length) {
    throw new Error(`${first.name}: ${differing?.op ?? 'a node'} depends on the size of the inputs`);
  }
  for (const [index, constant] of first.constants.entries()) {
    const { data } = second.constants[index] ?? {};
    if (!data || Buffer.compare(constant.data, data) !== 0) {
      throw new Error(`${first.name}: ${constant.name} depends on the size of the inputs`);
    }
  }
}
