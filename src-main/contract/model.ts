import { z } from 'zod';
import { ContentHash, ModelId, RunId } from './ids.ts';
import { TermsName } from './terms.ts';

/** `untrained` models have no file: their weights follow from the architecture and a seed. */
export const ModelOrigin = z.enum(['run', 'imported', 'untrained']);
export type ModelOrigin = z.infer<typeof ModelOrigin>;

/** Networks with their own names. */
export const Architecture = z.enum(['resnet18', 'resnet18-half', 'resnet50']);
export type Architecture = z.infer<typeof Architecture>;

/** One curve of a training, thinned to what a chart can show. */
const Curve = z.object({
  name: z.string(),
  /** Step and value. */
  points: z.array(z.tuple([z.number(), z.number()])),
});

/** How a model was trained here: what its card says, even if the run itself has been removed. */
export const TrainingRecord = z.object({
  collectionName: z.string(),
  imageCount: z.number().int(),
  steps: z.number().int(),
  preset: z.string(),
  config: z.record(z.string(), z.json()),
  seed: z.number().int(),
  /** Name of the model whose encoder it started from; null for random weights, and for older models. */
  startedFrom: z.string().nullable().default(null),
  device: z.string(),
  curves: z.array(Curve),
});
export type TrainingRecord = z.infer<typeof TrainingRecord>;

/** Where weights came from that were made elsewhere. */
export const ImportRecord = z.object({
  fileName: z.string(),
  fileFormat: z.string(),
  /** What the tensors in it were called: `torchvision`, `r2o-original`, ... */
  layout: z.string(),
  /** What stood before the names of the encoder's tensors. */
  prefix: z.string(),
  /** Of the file that was imported. */
  sha256: ContentHash,
});
export type ImportRecord = z.infer<typeof ImportRecord>;

const Rgb = z.tuple([z.number(), z.number(), z.number()]);

/** `resnet` can be trained here; the others give features as they are. */
const EncoderKind = z.enum(['resnet', 'vit', 'onnx']);

const FeatureMap = z.object({
  name: z.string(),
  channels: z.number().int().positive(),
  stride: z.number().int().positive(),
});

/** What an encoder takes and gives. */
export const EncoderCard = z.object({
  kind: EncoderKind,
  /** Its maps, the finest first; `stride` is the pixels of a cell. */
  features: z.array(FeatureMap),
  /** Images enter as RGB in [0, 1], less the mean, divided by the deviation. */
  mean: Rgb,
  std: Rgb,
  /** Both sides of an image are multiples of this. */
  multipleOf: z.number().int().positive(),
  /** The one size that it takes; null where any will do. */
  fixedPx: z
    .object({ widthPx: z.number().int().positive(), heightPx: z.number().int().positive() })
    .nullable(),
});
export type EncoderCard = z.infer<typeof EncoderCard>;

/** Terms of use, in a person's words. */
export const Licence = z.string().trim().min(1).max(1_000);

const Deviation = z.number().positive();

/** What only a person knows of a file to import; what is left out is found out, or has a default. */
export const ImportChoices = z.object({
  /** What stands before the names of its tensors, where a file holds several encoders. */
  prefix: z.string().max(500).optional(),
  /** Outputs of an ONNX file to use; all feature maps where left out, of those of one stride the last. */
  outputs: z.array(z.string().min(1).max(500)).min(1).max(16).optional(),
  /** Heads of a Vision Transformer; where left out, of 64 channels each if its file does not say. */
  heads: z.number().int().min(1).max(256).optional(),
  /** Of red, green and blue in [0, 1], for other encoders than ResNets; ImageNet's where left out. */
  mean: Rgb.optional(),
  std: z.tuple([Deviation, Deviation, Deviation]).optional(),
  /** Tokens of an output [B, N, C] that come before those of the image. */
  leadingTokens: z.number().int().min(0).max(64).optional(),
});
export type ImportChoices = z.infer<typeof ImportChoices>;

/** A file as an import would read it, before anything is kept. */
export const InspectedModel = z.object({
  architecture: z.string(),
  encoder: EncoderCard,
  /** The terms of the weights, where they are well known. */
  licence: z.string().nullable(),
  /** Terms that have to be accepted before the import; null where there are none, or they have been. */
  terms: TermsName.nullable(),
  /** All maps that an ONNX file gives; `encoder.features` are those that are used. */
  maps: z.array(
    FeatureMap.extend({
      /** Tokens before those of the image; null for a map [B, C, h, w]. */
      leadingTokens: z.number().int().min(0).nullable(),
    }),
  ),
  /** Attention heads of a Vision Transformer. */
  heads: z.number().int().positive().nullable(),
});
export type InspectedModel = z.infer<typeof InspectedModel>;

/** Information about a model in addition to its weights. */
export const ModelCard = z.object({
  /** Side of the square views that it was trained on. */
  viewPx: z.number().int().positive().nullable().default(null),
  /** Batches that its running statistics have seen; 0 when unknown. */
  batchesTracked: z.number().int().min(0).default(0),
  /** The terms under which the weights may be used, as their owner put them. */
  licence: z.string().nullable().default(null),
  /** Of an untrained model. */
  seed: z.number().int().nullable().default(null),
  /** What the encoder takes and gives; null for older models, from before it was recorded; all of them are ResNets. */
  encoder: EncoderCard.nullable().default(null),
  imported: ImportRecord.nullable().default(null),
  training: TrainingRecord.nullable().default(null),
});
export type ModelCard = z.infer<typeof ModelCard>;

/** An encoder: trained here, imported, or untrained as a baseline. */
export const Model = z.object({
  id: ModelId,
  name: z.string(),
  origin: ModelOrigin,
  /** A name of `Architecture`, or the parts of another ResNet. */
  architecture: z.string(),
  /** Below the folder of models; null for an untrained one. */
  file: z.string().nullable(),
  sha256: ContentHash.nullable(),
  runId: RunId.nullable(),
  card: ModelCard,
  createdAtMs: z.number(),
});
export type Model = z.infer<typeof Model>;

/** What `r2o models export` writes. */
export const WeightsFormat = z.enum([
  'safetensors',
  'pytorch',
  'onnx',
  'onnx-embedding',
  'detectron2',
  'mmsegmentation',
]);
export type WeightsFormat = z.infer<typeof WeightsFormat>;

/** What each kind of encoder can be exported as, the usual one first. */
export const FORMATS_OF_KIND: Readonly<Record<EncoderCard['kind'], readonly WeightsFormat[]>> = {
  resnet: WeightsFormat.options,
  vit: ['safetensors', 'pytorch', 'onnx'],
  onnx: ['onnx'],
};

/** Models of before their encoder was noted are ResNets. */
export function encoderKindOf({ card }: { card: ModelCard }): EncoderCard['kind'] {
  return card.encoder?.kind ?? 'resnet';
}

/** What an export wrote, the card included. */
export const ExportedModel = z.object({
  files: z.array(z.object({ path: z.string(), sizeBytes: z.number().int() })),
});
export type ExportedModel = z.infer<typeof ExportedModel>;
