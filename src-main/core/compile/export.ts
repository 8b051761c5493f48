import { writeModel } from './onnx/model.ts';
import { lower } from './lower/lower.ts';
import { bindConstants } from './passes/bind-constants.ts';
import { eliminateDead } from './passes/eliminate-dead.ts';
import { foldBatchNorm } from './passes/fold-batch-norm.ts';
import { simplify } from './passes/simplify.ts';
import type { HostTensors } from './runtime/step.ts';
import { trace, type NamedSpecs, type NamedTensors } from './trace/trace.ts';

/** A computation that only reads its weights. */
export type InferenceFunction = (inputs: NamedTensors, weights: NamedTensors) => NamedTensors;

export type ExportOptions = {
  /** Name of the graph in the file. */
  name: string;
  build: InferenceFunction;
  inputs: NamedSpecs;
  weightSpecs: NamedSpecs;
  /** Row-major, by the names of `weightSpecs`. */
  weights: HostTensors;
  /**
   * Order of four-dimensional inputs and outputs in the file: `nhwc` as the app holds images, `nchw`
   * as most other tools expect.
   */
  imageOrder: 'nhwc' | 'nchw';
  /** Free text kept in the file, such as the mean and deviation that inputs are normalised by. */
  metadata?: Readonly<Record<string, string>>;
};

/**
 * Writes an inference computation as a standalone ONNX file: weights constant, batch normalisation
 * folded into the convolutions, standard operators of opset 18 only, so that any ONNX Runtime runs it
 * and arranges memory for the machine that it is on.
 * @returns the bytes of the file
 * @throws Error naming an op that cannot be traced or lowered
 */
export async function exportInference(options: ExportOptions): Promise<Uint8Array> {
  const { name, build, inputs, weightSpecs, weights, imageOrder } = options;
  const traced = await trace({
    name,
    build: (given, constants) => ({ outputs: build(given, constants), state: {} }),
    inputs,
    state: weightSpecs,
  });
  const used = new Set(traced.nodes.flatMap((node) => node.inputs.map((input) => input.id)));
  const needed = { ...traced, state: new Map([...traced.state].filter(([, value]) => used.has(value.id))) };
  const graph = eliminateDead(foldBatchNorm(simplify(bindConstants(needed, weights))));
  const target = { provider: 'cpu', block: 0 } as const;
  const { builder } = lower(graph, target, { imageOrder });
  return writeModel(builder.graph(), options.metadata);
}
