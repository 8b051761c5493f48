import { z } from 'zod';
import { CollectionId, ImageId } from './ids.ts';
import { base } from './procedure.ts';

/** A word that a person gives images. */
export const Tag = z.string().trim().min(1).max(60);

/** A tag, and how many of the images that were asked about have it. */
export const TagCount = z.object({ tag: z.string(), images: z.number().int() });
export type TagCount = z.infer<typeof TagCount>;

/** Images of one bulk action. */
const ImageIds = z.array(ImageId).min(1).max(1_000);

/** Tags of images. They stay when a file changes or goes missing, and go with its collection. */
export const tagsContract = {
  /** All tags of a collection, by name. */
  list: base.input(z.object({ collectionId: CollectionId })).output(z.array(TagCount)),
  /** Tags of these images, by name. */
  ofImages: base.input(z.object({ imageIds: ImageIds })).output(z.array(TagCount)),
  /** Gives images tags, or takes them away. `changed` counts the images that are different now. */
  change: base
    .input(
      z.object({
        imageIds: ImageIds,
        add: z.array(Tag).max(100).default([]),
        remove: z.array(Tag).max(100).default([]),
      }),
    )
    .output(z.object({ changed: z.number().int() })),
};
