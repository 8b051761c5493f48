import { z } from 'zod';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

export const Theme = z.enum(['system', 'light', 'dark']);
export type Theme = z.infer<typeof Theme>;

export const LanguageChoice = z.enum(['system', 'en', 'de']);
export type LanguageChoice = z.infer<typeof LanguageChoice>;

/** Options of `python -m r2o_torch`, as one text; see resources/torch/README.md. */
const TORCH_OPTION = '(--bf16|--channels-last|--compile|--accumulate [1-9]\\d{0,2})';
const TORCH_OPTIONS = new RegExp(`^(${TORCH_OPTION}( ${TORCH_OPTION})*)?$`);

/** The settings of the whole app. */
export const Settings = z.object({
  maxPixels: z
    .number()
    .int()
    .min(1_000_000)
    .describe('images with more pixels are refused before they are decoded'),
  maxFileBytes: z.number().int().min(MIB).describe('larger files are refused before they are read'),
  thumbnailCacheBytes: z.number().int().min(MIB).describe('maximum size of the thumbnail cache on disk'),
  decodedCacheBytes: z.number().int().min(MIB).describe('maximum size of the decoded-pixel cache on disk'),
  theme: Theme.describe('`light`, `dark`, or `system` to follow the operating system'),
  language: LanguageChoice.describe('`en`, `de`, or `system` to follow the operating system'),
  notifications: z
    .boolean()
    .describe('whether the desktop app notifies you when a job has ended in the background'),
  updateUrl: z
    .union([z.literal(''), z.url({ protocol: /^https$/ })])
    .describe('where the desktop app looks for updates (HTTPS); if empty, it never looks'),
  torchOptions: z
    .string()
    .regex(TORCH_OPTIONS, 'name only --bf16, --channels-last, --compile and --accumulate N')
    .describe('options for pretraining on `torch:` devices, such as `--bf16 --accumulate 2`'),
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
  torchOptions: '',
};

/** Some settings to change; those left out stay as they are. */
export const SettingsChange = Settings.partial();
export type SettingsChange = z.infer<typeof SettingsChange>;
