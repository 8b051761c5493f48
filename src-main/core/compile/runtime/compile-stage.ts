import { printGraph, type Graph } from '../ir/graph.ts';
import { printOnnx } from '../lower/onnx/print-onnx.ts';
import type { OnnxGraph } from '../lower/onnx/model.ts';

/** A step on its way from TensorFlow.js calls to a session. */
export type CompileStage = {
  /** `traced`, the name of a pass, `lowered`, or `loaded`. */
  name: string;
  /** Nodes after it. */
  nodeCount: number;
  elapsedMs: number;
  /** The graph after it, one line per node. */
  print: () => string;
};

/** Shows each stage to somebody who wants to read the graph; measures how long each took. */
export class StageWatch {
  readonly #onStage: ((stage: CompileStage) => void) | undefined;
  #sinceMs = performance.now();

  constructor(onStage: ((stage: CompileStage) => void) | undefined) {
    this.#onStage = onStage;
  }

  /** After tracing, and after a pass. */
  readonly graph = (name: string, graph: Graph): void =>
    this.#show(name, graph.nodes.length, () => printGraph(graph));

  /** After lowering, and after ONNX Runtime has loaded the graph. */
  onnx(name: string, graph: OnnxGraph): void {
    this.#show(name, graph.nodes.length, () => printOnnx(graph));
  }

  #show(name: string, nodeCount: number, print: () => string): void {
    const elapsedMs = performance.now() - this.#sinceMs;
    this.#onStage?.({ name, nodeCount, elapsedMs, print });
    // What the listener does with it is no part of the next stage.
    this.#sinceMs = performance.now();
  }
}
