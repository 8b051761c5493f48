import { InferenceSession, Tensor } from 'onnxruntime-node';

/** Runs an exported ONNX file on `images`, as any other program would. @returns data and shape by output */
export async function runOnnxFile(
  path: string,
  images: Float32Array,
  shape: readonly number[],
): Promise<Record<string, { data: Float32Array; shape: readonly number[] }>> {
  const session = await InferenceSession.create(path, { logSeverityLevel: 3, intraOpNumThreads: 2 });
  try {
    const results = await session.run({ images: new Tensor('float32', images, shape) });
    return Object.fromEntries(
      Object.entries(results).map(([name, { data, dims }]) => {
        if (!(data instanceof Float32Array)) throw new Error(`${name} is not float32`);
        return [name, { data, shape: dims }];
      }),
    );
  } finally {
    await session.release();
  }
}
