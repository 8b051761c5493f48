import { userError } from '../contract/errors.ts';
import type { CollectionId, ImageId } from '../contract/ids.ts';
import type { TagCount } from '../contract/tags.ts';
import type { Service } from './service.ts';

type TagChange = { imageIds: readonly ImageId[]; add: readonly string[]; remove: readonly string[] };

/** Tags as clients handle them. */
export function tagHandlers(service: Service) {
  const { store } = service;
  return {
    list: (id: CollectionId): TagCount[] => store.tags.ofCollection(id),

    ofImages: (ids: readonly ImageId[]): TagCount[] => store.tags.ofImages(ids),

    /** @throws UserError NOT_FOUND for an image that does not exist */
    change({ imageIds, add, remove }: TagChange): { changed: number } {
      const collections = new Set(
        imageIds.map((id) => {
          const image = store.images.get(id);
          if (!image) throw userError('no-image', { id });
          return image.collectionId;
        }),
      );
      const changed = store.tags.change(imageIds, add, remove);
      for (const collectionId of collections) service.publish({ type: 'collection', collectionId });
      return { changed };
    },
  };
}
