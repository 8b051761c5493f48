import { userError } from '../contract/errors.ts';
import type { ContentHash, ImageId } from '../contract/ids.ts';
import type { FileKey } from '../domain/scan.ts';
import { workerCache, workerLimits } from '../jobs/worker-settings.ts';
import type { Service } from './service.ts';

/** A photo as a worker takes it. */
export type PhotoFile = {
  rootPath: string;
  file: FileKey;
  contentHash: ContentHash;
  limits: ReturnType<typeof workerLimits>;
  cache: ReturnType<typeof workerCache>;
};

/** @throws UserError NOT_FOUND, or IMAGE_UNAVAILABLE where the last scan could not read it */
export function photoFile(service: Service, id: ImageId): PhotoFile {
  const found = service.store.images.locate(id);
  if (!found) throw userError('no-image', { id });
  const { collectionId, rootPath, relPath, pathBytes, contentHash } = found;
  if (contentHash === null) {
    throw userError('image-unread', { path: relPath });
  }
  const settings = service.settings();
  return {
    rootPath,
    file: { relPath, pathBytes },
    contentHash,
    limits: workerLimits(settings, service.store.collections.get(collectionId)?.brightness),
    cache: workerCache(settings, service.layout),
  };
}
