import { exportInference, type InferenceFunction } from '../../../compile/export.ts';
import { IMAGE_MEAN, IMAGE_STD } from '../../../image/augment/normalise.ts';
import { tf } from '../../../tensor/tfjs.ts';
import { evalNormalisation } from '../../normalisation.ts';
import { networkSpecs } from '../../parameters.ts';
import { normaliseRows } from '../../pooling.ts';
import { resnetFeatures, resnetNetwork } from '../../resnet.ts';
import { writeFileAtomically, type WrittenFile } from '../atomic-file.ts';
import { prefixedWeights, type Encoder } from '../encoder.ts';

const PREFIX = 'encoder';
/** The size that published ResNets are used at. */
const DEFAULT_PX = 224;
const STRIDE = 32;

/**
 * Writes an encoder as ONNX: `images` [1, 3, H, W], normalised as the card says, to the feature maps `c2` to
 * `c5` [1, C, H/stride, W/stride].
 * @param viewPx side of the images; 224 when unknown
 */
export async function writeOnnxFeatures(
  path: string,
  encoder: Encoder,
  viewPx: number | null,
): Promise<WrittenFile> {
  return await writeOnnx(path, encoder, viewPx, ({ images }, weights) => {
    const { c2, c3, c4, c5 } = featuresOf(encoder, images as tf.Tensor4D, weights);
    return { c2, c3, c4, c5 };
  });
}

/**
 * Writes the whole way from pixels to embeddings as ONNX: `images` [1, 3, H, W] float32, red, green, blue from 0
 * to 255, to `pooled` [1, C], the mean of layer4, and `embedding` [1, C], the same at length 1.
 * @param viewPx side of the images; 224 when unknown
 */
export async function writeOnnxEmbedding(
  path: string,
  encoder: Encoder,
  viewPx: number | null,
): Promise<WrittenFile> {
  return await writeOnnx(path, encoder, viewPx, ({ images }, weights) => {
    const values = tf.div<tf.Tensor4D>(images as tf.Tensor4D, 255); // [1, H, W, 3]
    const centred = tf.sub<tf.Tensor4D>(values, tf.tensor1d([...IMAGE_MEAN]));
    const normalised = tf.div<tf.Tensor4D>(centred, tf.tensor1d([...IMAGE_STD]));
    const { c5 } = featuresOf(encoder, normalised, weights);
    // A sum, because ReduceMean of opset 18 is unknown to tools that stop at 17.
    const pooled = tf.div<tf.Tensor2D>(tf.sum<tf.Tensor2D>(c5, [1, 2]), c5.shape[1] * c5.shape[2]); // [1, C]
    return { pooled, embedding: normaliseRows(pooled) };
  });
}

function featuresOf(
  { spec }: Encoder,
  images: tf.Tensor4D,
  weights: Parameters<InferenceFunction>[1],
): ReturnType<typeof resnetFeatures> {
  return resnetFeatures(images, { spec, prefix: PREFIX, weights, normalise: evalNormalisation(weights) });
}

async function writeOnnx(
  path: string,
  encoder: Encoder,
  viewPx: number | null,
  build: InferenceFunction,
): Promise<WrittenFile> {
  const side = Math.max(STRIDE, Math.round((viewPx ?? DEFAULT_PX) / STRIDE) * STRIDE);
  const bytes = await exportInference({
    name: 'r2o_encoder',
    build,
    inputs: { images: { shape: [1, side, side, 3], dtype: 'float32' } },
    weightSpecs: networkSpecs(resnetNetwork(encoder.spec, PREFIX)),
    weights: prefixedWeights(encoder, PREFIX),
    imageOrder: 'nchw',
    metadata: {
      colour_order: 'RGB',
      mean: JSON.stringify(IMAGE_MEAN),
      std: JSON.stringify(IMAGE_STD),
    },
  });
  return await writeFileAtomically(path, (write) => write(bytes));
}
