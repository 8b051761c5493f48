import type { Provider } from '../devices/report.ts';

/** What a graph is lowered for. */
export type Target = {
  provider: Provider;
  /**
   * Channel block of ONNX Runtime's NCHWc kernels on this CPU (8 or 16); 0 where there are none.
   * They are the kernels that ONNX Runtime's own optimizer uses for inference; a training step has to
   * ask for them by name, because its filters are no constants.
   */
  block: number;
};
