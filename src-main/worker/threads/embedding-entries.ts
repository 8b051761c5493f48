import { createHash } from 'node:crypto';
import type { ContentHash } from '../../contract/ids.ts';
import { pictureKey } from '../../domain/picture-key.ts';
import { EmbeddingCache } from '../../core/segment/embedding-cache.ts';
import type { WorkerJobOf } from '../protocol/job.ts';

type SegmentSpec = WorkerJobOf<'segment'>;

/** Embeddings are small compared with pixels. */
const EMBEDDING_SHARE = 1 / 4;

/** The cache of embeddings, bounded by a share of what decoded pixels may take. */
export function openEmbeddings({ folder, decodedBytes }: SegmentSpec['cache']): EmbeddingCache {
  return new EmbeddingCache({ folder, maxBytes: Math.floor(decodedBytes * EMBEDDING_SHARE) });
}

/** The key of an image's embedding: by its content, the encoder, and the size at which the encoder sees it. */
export function embeddingKey(
  contentHash: ContentHash,
  { model, settings, limits }: Pick<SegmentSpec, 'model' | 'settings' | 'limits'>,
): string {
  const made = JSON.stringify([model, model && settings.inputPx]);
  return `${pictureKey(contentHash, limits.brightness)}-${createHash('sha256').update(made).digest('hex').slice(0, 16)}`;
}
