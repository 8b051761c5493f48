import { userError } from '../contract/errors.ts';
import type { DatasetMaskId, MaskId } from '../contract/ids.ts';
import { workerCache, workerLimits } from '../jobs/worker-settings.ts';
import type { Service } from './service.ts';

/**
 * The object of a mask, cropped from its image.
 * @returns WebP
 * @throws UserError NOT_FOUND where the mask has another shape by now, IMAGE_UNAVAILABLE where its file has changed
 */
export async function renderCrop(service: Service, id: MaskId, revision: number): Promise<Uint8Array> {
  const { segmentations, images } = service.store;
  const mask = segmentations.getMask(id);
  const shape = segmentations.shapeOf(id);
  const image = mask && images.locate(mask.imageId);
  const contentHash = mask && segmentations.contentOf(mask.segmentationId, mask.imageId);
  if (!mask || !shape || !image || !contentHash || mask.revision !== revision) {
    throw userError('no-mask-revision', { revision, id });
  }
  const settings = service.settings();
  const { bytes } = await service.calls.call({
    kind: 'render-crop',
    rootPath: image.rootPath,
    file: { relPath: image.relPath, pathBytes: image.pathBytes },
    contentHash,
    shape,
    box: mask.box,
    limits: workerLimits(settings, service.store.collections.get(image.collectionId)?.brightness),
    cache: workerCache(settings, service.layout),
  });
  return bytes;
}

/**
 * The object of a dataset's mask, cropped from its image, as it was when the version was frozen.
 * @returns WebP
 * @throws UserError NOT_FOUND, or IMAGE_UNAVAILABLE where the file is gone or has changed since
 */
export async function renderFrozenCrop(service: Service, id: DatasetMaskId): Promise<Uint8Array> {
  const found = service.store.datasetRows.maskWithImage(id);
  if (!found) throw userError('no-frozen-mask', { id });
  const { mask, image } = found;
  const { rootPath, file, contentHash, widthPx, heightPx } = image;
  const collection = service.store.collections.list().find((one) => one.rootPath === rootPath);
  const settings = service.settings();
  const { bytes } = await service.calls.call({
    kind: 'render-crop',
    rootPath,
    file,
    contentHash,
    shape: { gridWidth: widthPx, gridHeight: heightPx, rle: mask.rle },
    box: mask.box,
    limits: workerLimits(settings, collection?.brightness),
    cache: workerCache(settings, service.layout),
  });
  return bytes;
}
