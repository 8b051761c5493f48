import type { Client } from '../../src-main/contract/contract.ts';
import type { CollectionId } from '../../src-main/contract/ids.ts';
import type { Image, ImageSort, ImageStatus, ProblemCode } from '../../src-main/contract/image.ts';
import { ScrolledList } from './scrolled-list.svelte.ts';

export type ImageQuery = {
  collectionId: CollectionId;
  statuses: ImageStatus[];
  problem?: ProblemCode | undefined;
  search?: string;
  isHidden?: boolean;
  tag?: string;
  sort?: ImageSort;
  isReversed?: boolean;
};

const IDS_AT_ONCE = 5_000;

/** The images of a collection in some states; by path, unless another order is asked for. */
export class ImageList extends ScrolledList<Image> {
  readonly query: ImageQuery;

  constructor(client: Client, query: ImageQuery) {
    super({
      readIds: (cursor) => client.images.ids({ ...query, cursor, limit: IDS_AT_ONCE }),
      readMany: (ids) => client.images.many({ ids }),
      idOf: ({ id }) => id,
    });
    this.query = query;
  }
}
