import { z } from 'zod';
import { ErrorInfo } from './errors.ts';
import { ModelId } from './ids.ts';

/** Encoders that their authors offer for download, by the names under which an import recognizes them. */
export const PublishedName = z.enum(['dino-vits16', 'dino-vits8', 'dinov2-registers-vits14']);
export type PublishedName = z.infer<typeof PublishedName>;

/** What is known of a file before it is downloaded. What to expect of it is a text, under its name. */
export const PublishedEncoder = z.object({
  name: PublishedName,
  title: z.string(),
  /** Of its file, on the server of its authors: all that the app contacts for it. */
  address: z.url({ protocol: /^https?$/ }),
  /** Of its tensors, 4 bytes a weight: the file is this large, and a little larger. */
  weightsBytes: z.number().int().positive(),
  licence: z.string(),
  patchPx: z.number().int().positive(),
  /** Its authors' number: nearest-neighbour accuracy on ImageNet. */
  knnPercent: z.number(),
});
export type PublishedEncoder = z.infer<typeof PublishedEncoder>;

/** Addresses and accuracies: README.md of facebookresearch/dino (00e1bcc) and facebookresearch/dinov2 (04b9100). */
const SERVER = 'https://dl.fbaipublicfiles.com';
export const PUBLISHED_ENCODERS: readonly PublishedEncoder[] = [
  {
    name: 'dino-vits16',
    title: 'DINO ViT-S/16',
    address: `${SERVER}/dino/dino_deitsmall16_pretrain/dino_deitsmall16_pretrain.pth`,
    weightsBytes: 86_662_656,
    licence: 'Apache-2.0',
    patchPx: 16,
    knnPercent: 74.5,
  },
  {
    name: 'dino-vits8',
    title: 'DINO ViT-S/8',
    address: `${SERVER}/dino/dino_deitsmall8_pretrain/dino_deitsmall8_pretrain.pth`,
    weightsBytes: 86_681_088,
    licence: 'Apache-2.0',
    patchPx: 8,
    knnPercent: 78.3,
  },
  {
    name: 'dinov2-registers-vits14',
    title: 'DINOv2 ViT-S/14 with registers',
    address: `${SERVER}/dinov2/dinov2_vits14/dinov2_vits14_reg4_pretrain.pth`,
    weightsBytes: 88_230_912,
    licence: 'Apache-2.0',
    patchPx: 14,
    knnPercent: 79.1,
  },
];

/** DINOv3 is given out by a form, which sends the addresses of its files by e-mail. */
export const DINOV3_FORM = 'https://ai.meta.com/resources/models-and-libraries/dinov3-downloads/';

/** The file at an address, by its name. */
export function fileNameAt(address: string): string {
  return new URL(address).pathname.split('/').at(-1) ?? '';
}

/** A download of this app: under way, stopped with a part of the file on the disk, or not begun. */
export const EncoderDownload = z.object({
  name: PublishedName,
  state: z.enum(['idle', 'downloading', 'importing']),
  /** Of the file, on the disk. */
  doneBytes: z.number().int().min(0),
  /** Null until the server has said it. */
  totalBytes: z.number().int().nullable(),
  /** Why the last try ended early. */
  error: ErrorInfo.nullable(),
});
export type EncoderDownload = z.infer<typeof EncoderDownload>;

/** A published encoder as it stands on this machine. */
export const AvailableEncoder = PublishedEncoder.extend({
  download: EncoderDownload,
  /** The model that its file became; null while there is none. */
  modelId: ModelId.nullable(),
});
export type AvailableEncoder = z.infer<typeof AvailableEncoder>;
