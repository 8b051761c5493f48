import { z } from 'zod';
import { ContentHash, ModelId, RunId } from './ids.ts';

/** `untrained` models have no file: their weights follow from the architecture and a seed. */
export const ModelOrigin = z.enum(['run', 'imported', 'untrained']);
export type ModelOrigin = z.infer<typeof ModelOrigin>;

/** Networks that have a name of their own. */
export const Architecture = z.enum(['resnet18', 'resnet18-half', 'resnet50']);
export type Architecture = z.infer<typeof Architecture>;

/** One curve of a training, thinned to what a chart can show. */
export const Curve = z.object({
  name: z.string(),
  /** Step and value. */
  points: z.array(z.tuple([z.number(), z.number()])),
});
export type Curve = z.infer<typeof Curve>;

/** How a model was trained here: what its card tells, also when the run itself has been removed. */
export const TrainingRecord = z.object({
  collectionName: z.string(),
  imageCount: z.number().int(),
  steps: z.number().int(),
  preset: z.string(),
  config: z.record(z.string(), z.json()),
  seed: z.number().int(),
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

/** What is known about a model beside its weights. */
export const ModelCard = z.object({
  /** Side of the square views that it was trained on. */
  viewPx: z.number().int().positive().nullable().default(null),
  /** Batches that its running statistics have seen; 0 when unknown. */
  batchesTracked: z.number().int().min(0).default(0),
  /** The terms under which the weights may be used, as their owner put them. */
  licence: z.string().nullable().default(null),
  /** Of an untrained model. */
  seed: z.number().int().nullable().default(null),
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

/** What an export wrote, the card included. */
export const ExportedModel = z.object({
  files: z.array(z.object({ path: z.string(), sizeBytes: z.number().int() })),
});
export type ExportedModel = z.infer<typeof ExportedModel>;
