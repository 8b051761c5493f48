import { eventIterator, type ContractRouterClient } from '@orpc/contract';
import { z } from 'zod';
import { FilePath, OutputRequest } from './file-path.ts';
import { ClickAnswer, ClickRequest } from './click-seeds.ts';
import { collectionsContract } from './collections.ts';
import {
  ContentsQuery,
  Dataset,
  DatasetContent,
  DatasetDiff,
  DatasetPreview,
  DatasetRecipe,
  DatasetVersionDetail,
} from './dataset.ts';
import { datasetLook } from './dataset-look.ts';
import { ServiceEvent } from './event.ts';
import { Export, ExportFormat, ExportOptions } from './export.ts';
import {
  CollectionId,
  ConceptId,
  DatasetVersionId,
  ExportId,
  ImageId,
  ImportId,
  JobId,
  ModelId,
  RunId,
  SegmentationId,
} from './ids.ts';
import { ImportedImage, ImportQuery, MaskFileFormat, MaskImport, MaskImportOptions } from './mask-import.ts';
import { Image, ImageIdsRequest, ImageStatus } from './image.ts';
import { Job } from './job.ts';
import { JobState } from './job-state.ts';
import { GalleryTile, Mask, ReviewState } from './mask.ts';
import {
  EditBatch,
  ImageEdit,
  ImagesReview,
  MaskDrawing,
  MaskEdit,
  MaskHistory,
  MaskIds,
  MaskMerge,
  MaskSplit,
  ReviewProgress,
  RedoneBatch,
  UndoneBatch,
} from './mask-edit.ts';
import { maskStack } from './mask-stack.ts';
import { maskSteps } from './mask-steps.ts';
import {
  Architecture,
  ExportedModel,
  ImportChoices,
  Licence,
  InspectedModel,
  WeightsFormat,
  Model,
} from './model.ts';
import { base, Cursor, PageLimit, pageOf } from './procedure.ts';
import { PretrainPlan } from './pretrain.ts';
import { AvailableEncoder, PublishedName } from './published-encoder.ts';
import { resemblanceContract } from './resemblance.ts';
import { PretrainRequest, PretrainStart, RunResumption } from './pretrain-request.ts';
import { MetricCurve, PreviewStripRequest, Run, RunMetric, RunPreviews } from './run.ts';
import {
  CollectionChanges,
  Concept,
  ConceptChange,
  ConceptCreation,
  ConceptOrder,
  Evaluation,
  GalleryFilter,
  HeadExportRequest,
  HeadTeacher,
  HeatRequest,
  ImageMasksRequest,
  Segmentation,
  SegmentRequest,
  ShapedMask,
  SheetRequest,
} from './segmentation.ts';
import { pairing } from './pairing.ts';
import { Settings, SettingsChange } from './settings.ts';
import { shards } from './shard.ts';
import { tagsContract } from './tags.ts';
import { ShownName } from './shown-name.ts';
import { Device, DoctorCheck, FolderListing, RevealTarget, StorageUse, SystemInfo } from './system.ts';
import { ViewState } from './view-state.ts';

/**
 * Everything that a client can ask for, on every host. Images do not travel here: they go by URL
 * (`/images/ID/thumbnail`, `/images/ID/view`). Masks do, as COCO's compressed run lengths.
 */
export const contract = {
  collections: collectionsContract,
  images: {
    page: base
      .input(
        z.object({
          collectionId: CollectionId,
          statuses: z.array(ImageStatus).min(1).optional(),
          cursor: Cursor,
          limit: PageLimit,
        }),
      )
      .output(pageOf(Image)),
    get: base.input(z.object({ id: ImageId })).output(Image),
    /** Only the ids: a grid scrolls to any of 100,000 images, and reads the few that it shows by `many`. */
    ids: base.input(ImageIdsRequest).output(pageOf(ImageId)),
    /** In the requested order, without those that no longer exist. */
    many: base.input(z.object({ ids: z.array(ImageId).max(500) })).output(z.array(Image)),
  },
  jobs: {
    page: base
      .input(z.object({ states: z.array(JobState).min(1).optional(), cursor: Cursor, limit: PageLimit }))
      .output(pageOf(Job)),
    get: base.input(z.object({ id: JobId })).output(Job),
    cancel: base.input(z.object({ id: JobId })).output(Job),
    pause: base.input(z.object({ id: JobId })).output(Job),
    resume: base.input(z.object({ id: JobId })).output(Job),
  },
  models: {
    /** Newest first. */
    list: base.output(z.array(Model)),
    get: base.input(z.object({ id: ModelId })).output(Model),
    /** Reads an encoder from a file of another program and keeps a copy; the file itself is never touched. */
    import: base
      .input(
        ImportChoices.extend({
          path: FilePath,
          name: ShownName.optional(),
          licence: Licence.optional(),
          /** Whether the user accepts the terms that `inspect` named. They are asked for once. */
          acceptTerms: z.boolean().default(false),
        }),
      )
      .output(Model),
    /** What an import would make of a file. Nothing is kept. */
    inspect: base.input(ImportChoices.extend({ path: FilePath })).output(InspectedModel),
    /** Encoders that can be downloaded. No server is contacted for the list. */
    published: base.output(z.array(AvailableEncoder)),
    /**
     * Downloads an encoder in the background and imports it, continuing where an earlier try ended. For when the user
     * has seen the address and agreed: no other method contacts a server.
     */
    download: base.input(z.object({ name: PublishedName })).output(AvailableEncoder),
    /** Stops a download. What has arrived is kept for the next try, or deleted. */
    stopDownload: base
      .input(z.object({ name: PublishedName, discard: z.boolean().default(false) }))
      .output(AvailableEncoder),
    /** Adds an untrained network, as a baseline for comparison. */
    addUntrained: base
      .input(
        z.object({
          architecture: Architecture,
          seed: z.number().int().min(0).max(0xffffffff).default(0),
          name: ShownName.optional(),
        }),
      )
      .output(Model),
    /** Writes a file for other tools, with its card next to it. */
    export: base
      .input(
        z.object({
          id: ModelId,
          format: WeightsFormat,
          path: FilePath,
          overwrite: z.boolean().default(false),
          licence: Licence.optional(),
        }),
      )
      .output(ExportedModel),
    rename: base.input(z.object({ id: ModelId, name: ShownName })).output(Model),
    /** Deletes its weights. What was made with it stays. */
    remove: base.input(z.object({ id: ModelId })).output(z.null()),
  },
  segmentations: {
    /** Newest first. */
    list: base.input(z.object({ collectionId: CollectionId.optional() })).output(z.array(Segmentation)),
    get: base.input(z.object({ id: SegmentationId })).output(Segmentation),
    /** Creates a segmentation and queues its job. */
    start: base.input(SegmentRequest).output(z.object({ segmentation: Segmentation, job: Job })),
    /**
     * Resumes a stopped segmentation, or adds images that are new or have changed since; with `isNewOnly`, only images
     * that a finished one has no masks of.
     */
    resume: base
      .input(z.object({ id: SegmentationId, isNewOnly: z.boolean().default(false) }))
      .output(z.object({ segmentation: Segmentation, job: Job })),
    /** Counts the images that are new, changed or missing since it was made. */
    changes: base.input(z.object({ id: SegmentationId })).output(CollectionChanges),
    rename: base.input(z.object({ id: SegmentationId, name: ShownName })).output(Segmentation),
    /** Deletes it with its concepts and masks. Datasets made from it stay. */
    remove: base.input(z.object({ id: SegmentationId })).output(z.null()),
    /**
     * Only the ids, for a grid of 100,000 images that can be scrolled to any place. A page holds what was found among
     * `limit` images: it may hold few or none, and the next one more.
     */
    galleryIds: base
      .input(
        GalleryFilter.extend({ cursor: Cursor, limit: z.number().int().min(1).max(20_000).default(5_000) }),
      )
      .output(pageOf(ImageId)),
    /** The tiles of some images, in the requested order, without those that no longer exist. */
    galleryTiles: base
      .input(z.object({ id: SegmentationId, imageIds: z.array(ImageId).max(500) }))
      .output(z.array(GalleryTile)),
    /** Compares it with ground truth; see resources/docs/segmenting.md, "Evaluate". */
    evaluate: base
      .input(
        z.object({
          id: SegmentationId,
          truth: FilePath,
          /** What a labeling tool wrote; null: pictures, `masks/NAME.png` with or without `labels/NAME.png`. */
          format: MaskFileFormat.nullable().default(null),
        }),
      )
      .output(Evaluation),
    /** Draws the best images with their objects on one PNG, or one page where the path ends in .html. */
    writeSheet: base.input(SheetRequest).output(z.object({ path: z.string() })),
    /** The collections that taught its foreground head, with their images; its own first, none without a head. */
    headTeachers: base.input(z.object({ id: SegmentationId })).output(z.array(HeadTeacher)),
    /** Writes the probabilities that its foreground head gives the pixels of an image, as PNG of the image's size. */
    writeHeat: base.input(HeatRequest).output(z.object({ path: z.string() })),
    /** Writes its encoder with its foreground head as one ONNX file, from images to probabilities, with a card. */
    exportHead: base.input(HeadExportRequest).output(ExportedModel),
  },
  shards,
  concepts: {
    /** By position, then by number. */
    list: base.input(z.object({ id: SegmentationId })).output(z.array(Concept)),
    /** @throws ALREADY_EXISTS for a name that another concept has; `update` too */
    create: base.input(ConceptCreation).output(Concept),
    order: base.input(ConceptOrder).output(z.array(Concept)),
    /** Deletes a concept with those that were merged into it. Their objects stay, without a concept. */
    remove: base.input(z.object({ id: ConceptId })).output(z.null()),
    /** What was merged into a concept goes with it when that is merged itself. */
    update: base.input(ConceptChange).output(Concept),
    /** Its objects and those of what was merged into it, the surest images first. */
    masks: base.input(z.object({ id: ConceptId, cursor: Cursor, limit: PageLimit })).output(pageOf(Mask)),
  },
  masks: {
    /** Objects first, each level by score. */
    ofImage: base.input(ImageMasksRequest).output(z.array(ShapedMask)),
    /** What can be undone and redone on an image. Each of the methods below is one step there. */
    history: base.input(ImageMasksRequest).output(MaskHistory),
    review: base.input(z.object({ ids: MaskIds, review: ReviewState })).output(EditBatch),
    reviewImages: base.input(ImagesReview).output(EditBatch),
    reviewProgress: base.input(z.object({ id: SegmentationId })).output(ReviewProgress),
    /** Accepts all objects that are likely right and not reviewed yet. */
    acceptLikelyRight: base.input(z.object({ id: SegmentationId })).output(EditBatch),
    setConcept: base.input(z.object({ ids: MaskIds, conceptId: ConceptId.nullable() })).output(EditBatch),
    create: base.input(MaskDrawing).output(ImageEdit),
    /** Gives a mask another shape; it counts as edited from then on. */
    edit: base.input(MaskEdit).output(ImageEdit),
    merge: base.input(MaskMerge).output(ImageEdit),
    /** The largest piece stays the mask that was split; the others are new ones of the same concept. */
    split: base.input(MaskSplit).output(ImageEdit),
    /** What clicks on an image may mean; nothing is saved. `create` makes an answer a mask. */
    click: base.input(ClickRequest).output(ClickAnswer),
    remove: base.input(z.object({ ids: MaskIds })).output(EditBatch),
    undo: base.input(ImageMasksRequest).output(ImageEdit),
    redo: base.input(ImageMasksRequest).output(ImageEdit),
    ...maskSteps,
    ...maskStack,
    /** Undoes a bulk action on many images, except where something else was done since. */
    undoBatch: base.input(z.object({ batch: z.number().int() })).output(UndoneBatch),
    redoBatch: base.input(z.object({ batch: z.number().int() })).output(RedoneBatch),
  },
  ...resemblanceContract,
  tags: tagsContract,
  datasets: {
    list: base.output(z.array(Dataset)),
    version: base.input(z.object({ id: DatasetVersionId })).output(DatasetVersionDetail),
    /** Builds and freezes a version; a dataset of that name gets it as its next one. */
    create: base.input(z.object({ name: ShownName, recipe: DatasetRecipe })).output(DatasetVersionDetail),
    /** Counts what a recipe would make. */
    preview: base.input(z.object({ recipe: DatasetRecipe })).output(DatasetPreview),
    /** Its masks, by image. A page holds what was found on `limit` images: it may hold few or none, and the next one more. */
    contents: base.input(ContentsQuery).output(pageOf(DatasetContent)),
    ...datasetLook,
    diff: base.input(z.object({ from: DatasetVersionId, to: DatasetVersionId })).output(DatasetDiff),
    /** Removes a version, and its dataset with the last of them. Exports made from it stay. */
    remove: base.input(z.object({ id: DatasetVersionId })).output(z.null()),
  },
  exports: {
    /** Queues the writing of a version in a format of some tool. */
    start: base
      .input(z.object({ versionId: DatasetVersionId, options: ExportOptions }))
      .output(z.object({ export: Export, job: Job })),
    get: base.input(z.object({ id: ExportId })).output(Export),
    ofVersion: base.input(z.object({ versionId: DatasetVersionId })).output(z.array(Export)),
    /** A folder (or file) that is free to export to. */
    suggestPath: base
      .input(z.object({ versionId: DatasetVersionId, format: ExportFormat }))
      .output(z.object({ path: z.string() })),
  },
  maskImports: {
    /** Queues the reading of masks, corrected in another tool, into a segmentation. */
    start: base.input(MaskImportOptions).output(z.object({ import: MaskImport, job: Job })),
    get: base.input(z.object({ id: ImportId })).output(MaskImport),
    /** What it makes of each image. */
    images: base
      .input(ImportQuery.extend({ cursor: Cursor, limit: PageLimit }))
      .output(pageOf(ImportedImage)),
  },
  runs: {
    /** The plan of a pretraining: all settings, steps, and an estimate of its time and memory. */
    plan: base.input(PretrainRequest).output(PretrainPlan),
    /** Creates a run and queues its job. */
    start: base.input(PretrainStart).output(z.object({ run: Run, job: Job })),
    /** Newest first. */
    list: base.input(z.object({ collectionId: CollectionId.optional() })).output(z.array(Run)),
    get: base.input(z.object({ id: RunId })).output(Run),
    curves: base
      .input(
        z.object({
          id: RunId,
          names: z.array(RunMetric).min(1).optional(),
          maxPoints: z.number().int().min(2).max(10_000).default(1_000),
        }),
      )
      .output(z.array(MetricCurve)),
    previews: base.input(z.object({ id: RunId })).output(RunPreviews),
    /** Writes the region maps over the run as one PNG: one row per image, one column per preview. */
    writePreviews: base.input(PreviewStripRequest).output(z.object({ path: z.string() })),
    /** Queues a run that stopped, from its last checkpoint; on another device only when one is named. */
    resume: base.input(RunResumption).output(z.object({ run: Run, job: Job })),
    /** Takes over a checkpoint of the run, and the curves next to it, from PyTorch; see resources/docs/larger.md. */
    take: base.input(z.object({ id: RunId, path: FilePath })).output(Run),
    /** Gives a run more (or fewer) epochs in all and queues it; its schedules stretch to the new length. */
    extend: base
      .input(z.object({ id: RunId, epochs: z.number().int().min(1).max(100_000) }))
      .output(z.object({ run: Run, job: Job })),
    /** Keeps the encoder of the best preview as a separate model. */
    keepBest: base.input(z.object({ id: RunId, name: ShownName.optional() })).output(Model),
    rename: base.input(z.object({ id: RunId, name: ShownName })).output(Run),
    /** Deletes its checkpoints, curves and previews. The models that it made stay. */
    remove: base.input(z.object({ id: RunId })).output(z.null()),
  },
  pairing,
  settings: {
    get: base.output(Settings),
    update: base.input(SettingsChange).output(Settings),
  },
  system: {
    info: base.output(SystemInfo),
    /** Probes every device by running a kernel on it; takes seconds. */
    devices: base.output(z.array(Device)),
    doctor: base.output(z.array(DoctorCheck)),
    storage: base.output(StorageUse),
    /** Deletes thumbnails and decoded pixels; they are recreated when needed. */
    emptyCaches: base.output(StorageUse),
    /** What is in a folder, for choosing one where there is no system dialog; null is the home folder. */
    folder: base.input(z.object({ path: FilePath.nullable() })).output(FolderListing),
    /** Whether a file may be written there: answers with its path, or with the error that writing it would give. */
    checkOutput: base
      .input(OutputRequest.extend({ isSheet: z.boolean().default(false) }))
      .output(z.object({ path: z.string() })),
    /** Shows something in the system's file manager, where the host can. */
    reveal: base.input(RevealTarget).output(z.null()),
    /** Where that is, for a page that shows it on another machine. */
    locate: base.input(RevealTarget).output(z.object({ path: z.string() })),
  },
  view: {
    get: base.output(ViewState),
    /** Remembers these entries; others stay as they are. */
    remember: base.input(ViewState).output(z.null()),
  },
  events: {
    watch: base.output(eventIterator(ServiceEvent)),
  },
};

/** The contract as a client sees it, whatever the transport. */
export type Client = ContractRouterClient<typeof contract>;
