import { writeModel, type OnnxGraph } from '../lower/onnx/model.ts';
import { lower } from '../lower/lower.ts';
import { openGraph, type OpenSpecs } from '../lower/open-sizes.ts';
import { bindConstants } from '../passes/bind-constants.ts';
import { eliminateDead } from '../passes/eliminate-dead.ts';
import { foldBatchNorm } from '../passes/fold-batch-norm.ts';
import { simplify } from '../passes/simplify.ts';
import type { HostTensors } from './step.ts';
import { trace, type NamedSpecs, type NamedTensors } from '../trace/trace.ts';

/** A computation that only reads its weights. */
export type InferenceFunction = (inputs: NamedTensors, weights: NamedTensors) => NamedTensors;

export type ExportOptions = {
  /** Name of the graph in the file. */
  name: string;
  build: InferenceFunction;
  /** Dimensions given as words, such as `batch`, are open in the file: it runs at any size of them. */
  inputs: OpenSpecs;
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
 * @throws Error naming an op that cannot be traced or lowered, or what keeps an open dimension from being open
 */
export async function exportInference(options: ExportOptions): Promise<Uint8Array> {
  return writeModel(await inferenceGraph(options), options.metadata);
}

/** The graph of such a file. @throws as `exportInference` */
export async function inferenceGraph(options: ExportOptions): Promise<OnnxGraph> {
  return await openGraph(options.inputs, (inputs) => lowerInference(options, inputs));
}

async function lowerInference(options: ExportOptions, inputs: NamedSpecs): Promise<OnnxGraph> {
  const { name, build, weightSpecs, weights, imageOrder } = options;
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
  const isOpen = Object.values(options.inputs).some(({ shape }) =>
    shape.some((dim) => typeof dim === 'string'),
  );
  return lower(graph, target, { imageOrder, isOpen }).builder.graph();
}
