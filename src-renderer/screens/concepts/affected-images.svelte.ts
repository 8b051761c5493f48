import type { Client } from '../../../src-main/contract/contract.ts';
import type { ConceptId, SegmentationId } from '../../../src-main/contract/ids.ts';
import type { GalleryTile } from '../../../src-main/contract/mask.ts';
import { attempt } from '../../state/attempt.ts';

/** Objects that are read to find images. */
const OBJECTS = 60;
const SHOWN = 12;

/** Some images that have objects of a concept, the surest ones first. */
export class AffectedImages {
  readonly #client: Client;
  #tiles = $state.raw<readonly GalleryTile[]>([]);
  #asked = 0;

  constructor(client: Client) {
    this.#client = client;
  }

  get tiles(): readonly GalleryTile[] {
    return this.#tiles;
  }

  /** Only the latest call counts. What was shown stays until then. */
  async show(segmentationId: SegmentationId, conceptId: ConceptId): Promise<void> {
    const asked = ++this.#asked;
    // A strip that cannot be read is empty; the error is shown with the concepts.
    const error = await attempt(async () => {
      const { items } = await this.#client.concepts.masks({ id: conceptId, limit: OBJECTS });
      const imageIds = items
        .map(({ imageId }) => imageId)
        .filter((id, at, all) => all.indexOf(id) === at)
        .slice(0, SHOWN);
      const tiles = await this.#client.segmentations.galleryTiles({ id: segmentationId, imageIds });
      if (asked === this.#asked) this.#tiles = tiles;
    });
    if (error && asked === this.#asked) this.#tiles = [];
  }
}
