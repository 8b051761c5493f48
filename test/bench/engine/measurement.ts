import type { StepMemory } from '../../../src-main/core/compile/runtime/step.ts';

/** What one measuring process is told. */
export type MeasureOptions = {
  /** `export` writes the file that `infer` loads, and measures nothing. */
  mode: 'step' | 'infer' | 'export';
  arch: 'resnet18' | 'resnet50';
  /** Images a step; each has two views in training. */
  batch: number;
  sizePx: number;
  /** Timed runs after one to warm up. */
  steps: number;
  threads: number;
  /** Of the ONNX file, for `export` and `infer`. */
  modelPath?: string;
  /** Where TensorFlow is: runs the step on it, op by op, instead of the compiled engine. */
  tensorflowFolder?: string;
  /** Where the graph of the update step is written, one file for each stage of its compilation. */
  dumpFolder?: string;
  /** Path prefix of ONNX Runtime profiles; timing is slower with it. */
  profilePrefix?: string;
};

/** What it answers; PyTorch's script answers the first four fields. */
export type Measurement = {
  medianMs: number;
  minMs: number;
  imagesPerS: number;
  peakRssMiB: number;
  compileMs?: number;
  memory?: StepMemory;
  /** Stages of the compilation of the update step, with `dumpFolder`. */
  stages?: { name: string; nodeCount: number; elapsedMs: number }[];
};
