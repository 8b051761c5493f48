import { z } from 'zod';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** What a person can set for the whole app. */
export const Settings = z.object({
  /** Images with more pixels than this are refused before they are decoded. */
  maxPixels: z.number().int().min(1_000_000),
  /** Files larger than this are refused before they are read. */
  maxFileBytes: z.number().int().min(MIB),
  /** Bound of the thumbnail cache on disk. */
  thumbnailCacheBytes: z.number().int().min(MIB),
  /** Bound of the decoded-pixel cache on disk. */
  decodedCacheBytes: z.number().int().min(MIB),
});
export type Settings = z.infer<typeof Settings>;

export const DEFAULT_SETTINGS: Settings = {
  maxPixels: 200_000_000,
  maxFileBytes: GIB,
  thumbnailCacheBytes: 4 * GIB,
  decodedCacheBytes: 20 * GIB,
};

/** Some settings to change; those left out stay as they are. */
export const SettingsChange = Settings.partial();
export type SettingsChange = z.infer<typeof SettingsChange>;
