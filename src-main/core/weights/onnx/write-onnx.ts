import { exportInference, type InferenceFunction } from '../../compile/runtime/export-inference.ts';
import { IMAGE_MEAN, IMAGE_STD } from '../../image/augment/normalise.ts';
import { tf } from '../../tensor/tfjs.ts';
import { evalNormalisation } from '../../model/normalisation.ts';
import { networkSpecs } from '../../model/parameters.ts';
import { normaliseRows } from '../../model/pooling.ts';
import { backboneOf, mapOf } from '../../model/backbone.ts';
import { writeFileAtomically, type WrittenFile } from '../atomic-file.ts';
import { prefixedWeights, type Encoder } from '../encoder.ts';

const PREFIX = 'encoder';
/** In the app's order of axes; the file has the channels second. */
const ANY_IMAGES = ['batch', 'height', 'width', 3] as const;

/**
 * Writes an encoder as ONNX: `images` [B, 3, H, W], normalised as the card says, to the feature maps `c2` to
 * `c5` [B, C, H/stride, W/stride], rounded up. B, H and W are open: the file runs at any.
 */
export async function writeOnnxFeatures(path: string, encoder: Encoder): Promise<WrittenFile> {
  const { features } = backboneOf(encoder.spec);
  return await writeOnnx(path, encoder, ({ images }, weights) => {
    const maps = featuresOf(encoder, images as tf.Tensor4D, weights);
    return Object.fromEntries(features.map((feature) => [feature.name, mapOf(maps, feature)]));
  });
}

/**
 * Writes the whole way from pixels to embeddings as ONNX: `images` [B, 3, H, W] float32, red, green, blue from 0
 * to 255, to `pooled` [B, C], the mean of layer4, and `embedding` [B, C], the same at length 1. B, H and W are open.
 */
export async function writeOnnxEmbedding(path: string, encoder: Encoder): Promise<WrittenFile> {
  return await writeOnnx(path, encoder, ({ images }, weights) => {
    const values = tf.div<tf.Tensor4D>(images as tf.Tensor4D, 255); // [B, H, W, 3]
    const centred = tf.sub<tf.Tensor4D>(values, tf.tensor1d([...IMAGE_MEAN]));
    const normalised = tf.div<tf.Tensor4D>(centred, tf.tensor1d([...IMAGE_STD]));
    const last = mapOf(featuresOf(encoder, normalised, weights), backboneOf(encoder.spec).pooled);
    const pooled = tf.mean<tf.Tensor2D>(last, [1, 2]); // [B, C]
    return { pooled, embedding: normaliseRows(pooled) };
  });
}

function featuresOf(
  { spec }: Encoder,
  images: tf.Tensor4D,
  weights: Parameters<InferenceFunction>[1],
): Readonly<Record<string, tf.Tensor4D>> {
  return backboneOf(spec).run(images, { prefix: PREFIX, weights, normalise: evalNormalisation(weights) });
}

async function writeOnnx(path: string, encoder: Encoder, build: InferenceFunction): Promise<WrittenFile> {
  const bytes = await exportInference({
    name: 'r2o_encoder',
    build,
    inputs: { images: { shape: ANY_IMAGES, dtype: 'float32' } },
    weightSpecs: networkSpecs(backboneOf(encoder.spec).network(PREFIX)),
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
