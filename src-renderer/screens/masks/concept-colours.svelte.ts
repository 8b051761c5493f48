import type { ConceptId, SegmentationId } from '../../../src-main/contract/ids.ts';
import type { GalleryTile } from '../../../src-main/contract/mask.ts';
import type { Concept } from '../../../src-main/contract/segmentation.ts';
import { pictureAddress } from '../../client/pictures.ts';

const PLAIN_COLOUR = '#ffd166';

/** The colours that the objects of a segmentation are drawn in, and the addresses of what is drawn in them. */
export class ConceptColours {
  readonly #concepts: () => readonly Concept[];

  /** The colour of each concept: that of the one it counts as. */
  readonly all = $derived.by((): Record<ConceptId, string> => {
    const concepts = this.#concepts();
    const colourOf = (wanted: ConceptId) => concepts.find(({ id }) => id === wanted)?.colour;
    return Object.fromEntries(
      concepts.map(({ id, mergedInto, colour }) => [id, colourOf(mergedInto ?? id) ?? colour]),
    );
  });
  /** A name for all of the colours together. */
  readonly #name = $derived.by(() => nameOfText(Object.entries(this.all).flat().join()));

  constructor(concepts: () => readonly Concept[]) {
    this.#concepts = concepts;
  }

  colourOf(conceptId: ConceptId | null): string {
    return (conceptId === null ? undefined : this.all[conceptId]) ?? PLAIN_COLOUR;
  }

  /** Where the thumbnail of an image with its objects is. */
  pictureOf(id: SegmentationId, { imageId, maskCount, version }: GalleryTile): string {
    if (maskCount === 0) return pictureAddress(`/images/${imageId}/thumbnail`);
    return pictureAddress(`/segmentations/${id}/drawn/${imageId}/${version}-${this.#name}.webp`);
  }
}

/** A short name for a text: the same for the same text, another one for nearly any other (FNV-1a). */
function nameOfText(text: string): string {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash.toString(36);
}
