import { z } from 'zod';
import { BrightnessChange, Collection } from './collection.ts';
import { FilePath } from './file-path.ts';
import { CollectionId } from './ids.ts';
import { DuplicateGroup, ProblemCode } from './image.ts';
import { Job } from './job.ts';
import { base, Cursor, PageLimit, pageOf } from './procedure.ts';
import { ShownName } from './shown-name.ts';

/** A collection, and the scan that was queued for it. */
const CollectionWithScan = z.object({ collection: Collection, job: Job });

/** Folders of images, and what is known of their files. */
export const collectionsContract = {
  list: base.output(z.array(Collection)),
  get: base.input(z.object({ id: CollectionId })).output(Collection),
  /** Adds a folder and queues its first scan. */
  add: base.input(z.object({ path: FilePath, name: ShownName.optional() })).output(CollectionWithScan),
  /** Adds the pictures that ship with the app, photos first. */
  addSample: base.output(z.array(CollectionWithScan)),
  /**
   * Lets a collection read its images from another folder, to which its own was moved or copied, and queues a scan. Frozen
   * versions follow. @throws BAD_INPUT where the folder has none of its images, ALREADY_EXISTS
   */
  move: base.input(z.object({ id: CollectionId, path: FilePath })).output(CollectionWithScan),
  rename: base.input(z.object({ id: CollectionId, name: ShownName })).output(Collection),
  /** Sets how images with more than 8 bits are shown; for `automatic`, a scan that measures them is queued. */
  setBrightness: base
    .input(BrightnessChange)
    .output(z.object({ collection: Collection, job: Job.nullable() })),
  /** Queues an incremental scan, or returns the one that is already waiting or running. */
  /** `isVerifying`: reads every file, also where size and times say that it is unchanged. */
  rescan: base.input(z.object({ id: CollectionId, isVerifying: z.boolean().default(false) })).output(Job),
  /** Deletes the collection and everything made from it. The folder itself is never touched. */
  remove: base.input(z.object({ id: CollectionId })).output(z.object({ removedImages: z.number().int() })),
  duplicates: base
    .input(z.object({ id: CollectionId, cursor: Cursor, limit: PageLimit }))
    .output(pageOf(DuplicateGroup)),
  problems: base
    .input(z.object({ id: CollectionId }))
    .output(z.array(z.object({ code: ProblemCode, count: z.number().int() }))),
};
