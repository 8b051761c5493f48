import { InferenceSession, Tensor } from 'onnxruntime-node';
import { GraphBuilder } from '../lower/onnx/graph-builder.ts';

/** More channels than the largest block. */
const CHANNELS = 64;

let measured: Promise<number> | undefined;

/**
 * Channel block of ONNX Runtime's NCHWc kernels on this CPU: 16 with AVX-512, 8 with AVX2.
 * Found by reordering an image and looking where its second pixel went.
 * @returns 0 where this CPU has no such kernels
 */
export function blockSize(): Promise<number> {
  measured ??= measureBlock();
  return measured;
}

async function measureBlock(): Promise<number> {
  const shape = [1, CHANNELS, 1, 4];
  const builder = new GraphBuilder('block size');
  const x = builder.input('x', 'float32', shape);
  builder.output('y', builder.op('com.microsoft.nchwc:ReorderInput', [x]), 'float32', shape);
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(builder.model(), { intraOpNumThreads: 1, logSeverityLevel: 4 });
  } catch {
    // The kernels are not part of this build of ONNX Runtime.
    return 0;
  }
  try {
    const image = new Float32Array(CHANNELS * 4);
    image[1] = 1; // channel 0, second pixel
    const { y } = await session.run({ x: new Tensor('float32', image, shape) });
    const position = y?.data instanceof Float32Array ? y.data.indexOf(1) : -1;
    // Unblocked memory would leave it at 1.
    return position > 1 ? position : 0;
  } catch {
    // Registered, but this CPU lacks the instructions.
    return 0;
  } finally {
    await session.release();
  }
}
