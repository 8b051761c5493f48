import { z } from 'zod';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

export const Theme = z.enum(['system', 'light', 'dark']);
export type Theme = z.infer<typeof Theme>;

export const LanguageChoice = z.enum(['system', 'en', 'de']);
export type LanguageChoice = z.infer<typeof LanguageChoice>;

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
  /** `system` follows the system, also while the app runs. */
  theme: Theme,
  language: LanguageChoice,
  /** Whether the desktop tells when a job has ended while its window is in the background. */
  notifications: z.boolean(),
  /** Where the desktop looks for updates; empty, as it is unless somebody sets it, it never looks. */
  updateUrl: z.union([z.literal(''), z.url({ protocol: /^https$/ })]),
});
export type Settings = z.infer<typeof Settings>;

export const DEFAULT_SETTINGS: Settings = {
  maxPixels: 200_000_000,
  maxFileBytes: GIB,
  thumbnailCacheBytes: 4 * GIB,
  decodedCacheBytes: 20 * GIB,
  theme: 'system',
  language: 'system',
  notifications: true,
  updateUrl: '',
};

/** Some settings to change; those left out stay as they are. */
export const SettingsChange = Settings.partial();
export type SettingsChange = z.infer<typeof SettingsChange>;
