import { z } from 'zod';
import { ExportImageRow } from '../../domain/export-plan.ts';
import { ExportResult } from '../../contract/export.ts';
import { ContentHash, ImageId } from '../../contract/ids.ts';
import { ImportableImage, ImportedMask, MaskChange } from '../../domain/mask-import-rows.ts';
import { MaskImportResult } from '../../contract/mask-import.ts';
import { Box } from '../../contract/mask.ts';
import { MaskShape } from '../../domain/mask-shape.ts';
import { MetricPoint, SkippedImage } from '../../contract/run.ts';
import { ForegroundNote } from '../../contract/segmentation.ts';
import { Bytes } from '../../domain/bytes.ts';
import { FileKey, FoundFile, InspectedFile } from '../../domain/scan.ts';

/**
 * The questions that a running job puts to the service, and their answers.
 *
 * [Note: Ask and answer] A worker keeps nothing that must survive it. It *asks* the service (which of these
 * files are new? save these rows) and continues when the answer arrives. So an answered ask is durable, the
 * number of unsaved results is bounded, and a worker killed at any moment loses only what it had not asked.
 */

/** A mask as it is saved; `concept` is the number of its concept. */
const SegmentedMask = z.object({
  shape: MaskShape,
  areaPx: z.number().int(),
  box: Box,
  level: z.number().int(),
  score: z.number(),
  concept: z.number().int(),
});

/** Questions of a running job. See [Note: Ask and answer]. */
export const Ask = z.discriminatedUnion('kind', [
  /** Which of these files have to be opened? The others are known and unchanged. */
  z.object({ kind: z.literal('scan/diff'), files: z.array(FoundFile) }),
  /** Save these rows. */
  z.object({ kind: z.literal('scan/save'), files: z.array(InspectedFile) }),
  /** Every file has been seen: mark the rest as missing. */
  z.object({ kind: z.literal('scan/finish') }),
  /** The next images of the version, by id, with their masks; none at the end. */
  z.object({ kind: z.literal('export/page'), afterId: z.number().int() }),
  /** All is written and in its place. */
  z.object({ kind: z.literal('export/finish'), result: ExportResult }),
  /** The next segmented images, by id; none at the end. */
  z.object({ kind: z.literal('import/images'), afterId: z.number().int() }),
  /** The masks that an image has. */
  z.object({ kind: z.literal('import/masks'), imageId: ImageId }),
  /** Save what became of an image's masks. */
  z.object({ kind: z.literal('import/save'), imageId: ImageId, changes: z.array(MaskChange) }),
  z.object({ kind: z.literal('import/finish'), result: MaskImportResult }),
  /** The next usable images of the collection, by id. */
  z.object({ kind: z.literal('pretrain/images'), afterId: z.number().int(), limit: z.number().int() }),
  /** The run trains on this many different images. */
  z.object({ kind: z.literal('pretrain/begin'), imageCount: z.number().int(), totalSteps: z.number().int() }),
  z.object({
    kind: z.literal('pretrain/metrics'),
    points: z.array(MetricPoint),
    skipped: z.array(SkippedImage),
  }),
  z.object({
    kind: z.literal('pretrain/preview'),
    step: z.number().int(),
    images: z.array(z.object({ imageId: ImageId, contentHash: ContentHash, png: Bytes })),
    /** Whether this is the best preview so far. */
    bestStability: z.number().nullable(),
  }),
  /** The file is on the disk: from now on the run resumes from it. */
  z.object({
    kind: z.literal('pretrain/checkpoint'),
    file: z.string(),
    sha256: Bytes,
    step: z.number().int(),
  }),
  /** The encoder of a run that ended, or was stopped for good, is on the disk: keep it as a model. */
  z.object({
    kind: z.literal('pretrain/model'),
    file: z.string(),
    sha256: ContentHash,
    architecture: z.string(),
    step: z.number().int(),
    isFinished: z.boolean(),
  }),
  /** The next usable images of the collection, by id. */
  z.object({ kind: z.literal('segment/images'), afterId: z.number().int(), limit: z.number().int() }),
  /** What the collection taught: its concepts, and how foregrounds are found. Asked again after a resume. */
  z.object({
    kind: z.literal('segment/learned'),
    conceptCount: z.number().int(),
    foreground: ForegroundNote,
  }),
  /** Keep one image's masks in place of those it had. */
  z.object({
    kind: z.literal('segment/save'),
    imageId: ImageId,
    contentHash: ContentHash,
    masks: z.array(SegmentedMask),
  }),
  z.object({ kind: z.literal('segment/finish') }),
]);
export type Ask = z.infer<typeof Ask>;
export type AskOf<K extends Ask['kind']> = Extract<Ask, { kind: K }>;

/** The answer to each kind of ask. */
export const AskAnswers = {
  'scan/diff': z.object({ inspect: z.array(z.number().int()) }),
  'scan/save': z.null(),
  'scan/finish': z.null(),
  'export/page': z.object({ images: z.array(ExportImageRow) }),
  'export/finish': z.null(),
  'import/images': z.object({ images: z.array(ImportableImage) }),
  'import/masks': z.object({ masks: z.array(ImportedMask) }),
  'import/save': z.null(),
  'import/finish': z.null(),
  'pretrain/images': z.object({ images: z.array(FileKey.extend({ id: ImageId, contentHash: ContentHash })) }),
  'pretrain/begin': z.null(),
  'pretrain/metrics': z.null(),
  'pretrain/preview': z.null(),
  'pretrain/checkpoint': z.null(),
  'pretrain/model': z.null(),
  'segment/images': z.object({
    images: z.array(
      FileKey.extend({
        id: ImageId,
        contentHash: ContentHash,
        widthPx: z.number().int(),
        heightPx: z.number().int(),
        isDone: z.boolean(),
      }),
    ),
  }),
  'segment/learned': z.null(),
  'segment/save': z.null(),
  'segment/finish': z.null(),
} satisfies Record<Ask['kind'], z.ZodType>;
export type AnswerOf<K extends Ask['kind']> = z.infer<(typeof AskAnswers)[K]>;
