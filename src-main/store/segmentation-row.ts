import { CollectionId, JobId, ModelId, SegmentationId } from '../contract/ids.ts';
import { JobState } from '../contract/job-state.ts';
import type { SkippedImage } from '../contract/run.ts';
import { ForegroundNote, SegmentSettings, type Segmentation } from '../contract/segmentation.ts';

export type SegmentationRow = {
  id: number;
  collection_id: number;
  model_id: number | null;
  job_id: number | null;
  state: string | null;
  name: string;
  settings: string;
  device: string;
  foreground: string | null;
  finished_images: number;
  preliminary_images: number;
  unread_count: number;
  has_model: number;
  created_at_ms: number;
  finished_at_ms: number | null;
};

/** Selects segmentations with the state of their job, and how many images are unread. */
export const segmentationSql = `
  SELECT s.*, j.state,
    (SELECT count(*) FROM unread_images u WHERE u.segmentation_id = s.id) AS unread_count
  FROM segmentations s LEFT JOIN jobs j ON j.id = s.job_id`;

/** @param unreadImages some of the images that it could not read */
export function toSegmentation(row: SegmentationRow, unreadImages: SkippedImage[]): Segmentation {
  return {
    id: SegmentationId.parse(row.id),
    collectionId: CollectionId.parse(row.collection_id),
    modelId: row.model_id === null ? null : ModelId.parse(row.model_id),
    hasModel: row.has_model === 1,
    jobId: row.job_id === null ? null : JobId.parse(row.job_id),
    state: row.state === null ? null : JobState.parse(row.state),
    name: row.name,
    settings: SegmentSettings.parse(JSON.parse(row.settings)),
    device: row.device,
    foreground: row.foreground === null ? null : ForegroundNote.parse(JSON.parse(row.foreground)),
    imageCount: row.finished_images,
    preliminaryCount: row.preliminary_images,
    unreadCount: row.unread_count,
    unreadImages,
    createdAtMs: row.created_at_ms,
    finishedAtMs: row.finished_at_ms,
  };
}
