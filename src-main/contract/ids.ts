import { z } from 'zod';

const rowId = z.number().int().positive();

/** Row ids of the store. Branded, so that an image's id cannot be passed where a job's is meant. */
export const CollectionId = rowId.brand<'CollectionId'>();
export type CollectionId = z.infer<typeof CollectionId>;
export const ImageId = rowId.brand<'ImageId'>();
export type ImageId = z.infer<typeof ImageId>;
export const JobId = rowId.brand<'JobId'>();
export type JobId = z.infer<typeof JobId>;
export const SegmentationId = rowId.brand<'SegmentationId'>();
export type SegmentationId = z.infer<typeof SegmentationId>;
export const ConceptId = rowId.brand<'ConceptId'>();
export type ConceptId = z.infer<typeof ConceptId>;
export const MaskId = rowId.brand<'MaskId'>();
export type MaskId = z.infer<typeof MaskId>;
export const ModelId = rowId.brand<'ModelId'>();
export type ModelId = z.infer<typeof ModelId>;
export const RunId = rowId.brand<'RunId'>();
export type RunId = z.infer<typeof RunId>;
export const DatasetId = rowId.brand<'DatasetId'>();
export type DatasetId = z.infer<typeof DatasetId>;
export const DatasetVersionId = rowId.brand<'DatasetVersionId'>();
export type DatasetVersionId = z.infer<typeof DatasetVersionId>;
export const DatasetMaskId = rowId.brand<'DatasetMaskId'>();
export type DatasetMaskId = z.infer<typeof DatasetMaskId>;
export const ExportId = rowId.brand<'ExportId'>();
export type ExportId = z.infer<typeof ExportId>;
export const ImportId = rowId.brand<'ImportId'>();
export type ImportId = z.infer<typeof ImportId>;

/** SHA-256 of a file's bytes, lower-case hexadecimal. */
export const ContentHash = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .brand<'ContentHash'>();
export type ContentHash = z.infer<typeof ContentHash>;
