import { z } from 'zod';
import { Brightness, BrightnessSetting } from './brightness.ts';
import { CollectionId } from './ids.ts';

export const CollectionCounts = z.object({
  /** Every row: usable, missing and problem. */
  total: z.number().int(),
  /** Rows with status `ok` or `changed`. */
  usable: z.number().int(),
  changed: z.number().int(),
  missing: z.number().int(),
  problems: z.number().int(),
  /** Usable images whose bytes another usable image of the collection already has. */
  duplicates: z.number().int(),
});
export type CollectionCounts = z.infer<typeof CollectionCounts>;

/** A folder of images that the user has added. */
export const Collection = z.object({
  id: CollectionId,
  name: z.string(),
  rootPath: z.string(),
  createdAtMs: z.number(),
  /** Null until a scan has finished. */
  lastScanAtMs: z.number().nullable(),
  counts: CollectionCounts,
  /** How images with more than 8 bits per sample are shown. */
  brightness: Brightness,
});
export type Collection = z.infer<typeof Collection>;

export const BrightnessChange = z.object({ id: CollectionId, setting: BrightnessSetting });
export type BrightnessChange = z.infer<typeof BrightnessChange>;
