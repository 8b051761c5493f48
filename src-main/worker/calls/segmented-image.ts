import { availableParallelism } from 'node:os';
import { readVerified } from '../../core/image/render.ts';
import { resolveFile } from '../../core/image/walk.ts';
import { decodePixels, embed, type Embedding, type ImagePixels } from '../../core/segment/embed-image.ts';
import type { FeatureExtractor } from '../../core/segment/encoder.ts';
import type { CallOf } from '../protocol/call.ts';
import { embeddingKey, openEmbeddings } from '../threads/embedding-entries.ts';
import { openSegmentEncoder } from '../threads/segment-encoder.ts';

/** A photo, and how it was segmented; `model` is null without an encoder. */
export type SegmentedPhoto = Pick<
  CallOf<'segment-clicks'>,
  'rootPath' | 'file' | 'contentHash' | 'limits' | 'cache'
>;
export type HowSegmented = CallOf<'segment-clicks'>['segmented'];

/** @throws UserError IMAGE_UNAVAILABLE */
export async function pixelsOf({
  rootPath,
  file,
  contentHash,
  limits,
}: SegmentedPhoto): Promise<ImagePixels> {
  return await decodePixels(await readVerified(resolveFile(rootPath, file), contentHash, { limits }), limits);
}

/**
 * As segmentation found it, from the cache; found again where the cache has made room.
 * @throws UserError MODEL_UNAVAILABLE, and as `pixels` does
 */
export async function embeddingOf(
  { contentHash, limits, cache }: SegmentedPhoto,
  { model, settings, device }: HowSegmented,
  pixels: () => Promise<ImagePixels>,
): Promise<Embedding> {
  return await openEmbeddings(cache).get(embeddingKey(contentHash, { model, settings, limits }), async () => {
    const extractor = model && (await keptEncoder(model, device));
    const encoder = extractor && { rules: extractor.rules, encode: extractor.features.bind(extractor) };
    return await embed(await pixels(), encoder, settings.inputPx);
  });
}

let kept: { key: string; extractor: Promise<FeatureExtractor> } | undefined;

/** The encoder that was used last stays open: images of one segmentation come one after the other. */
function keptEncoder(model: NonNullable<HowSegmented['model']>, device: string): Promise<FeatureExtractor> {
  const key = JSON.stringify([model, device]);
  if (kept?.key === key) return kept.extractor;
  void kept?.extractor.then((old) => old[Symbol.dispose]()).catch(() => undefined);
  const extractor = openSegmentEncoder(model, device, availableParallelism());
  kept = { key, extractor };
  // A model that could not be opened may be there the next time.
  extractor.catch(() => (kept = kept?.key === key ? undefined : kept));
  return extractor;
}
