import type { ImportableImage, ImportedMask, MaskChange } from '../../domain/mask-import-rows.ts';
import type { ImageId, MaskId } from '../../contract/ids.ts';
import type { MaskImportResult } from '../../contract/mask-import.ts';
import { CLASS_WITHOUT_CONCEPT } from '../../contract/dataset.ts';
import { maskIou } from '../../core/mask/overlap.ts';
import { joinParts } from '../../core/mask-files/join-parts.ts';
import { readMasks } from '../../core/mask-files/mask-folder.ts';
import type { GridOf, GridSize } from '../../core/mask-files/image-grid.ts';
import type { FileMask, ImageMasks } from '../../core/mask-files/mask-record.ts';
import { ImportNames } from './import-names.ts';
import type { JobContext } from './job-context.ts';
import type { WorkerJobOf } from '../protocol/job.ts';

/** Masks that share less than this are different objects. */
const SAME_OBJECT_IOU = 0.5;
/** How many reasons are reported individually; the rest are counted. */
const PROBLEMS_KEPT = 200;

/**
 * Reads masks that were corrected in another tool into a segmentation, image by image. A mask that is the same as
 * before stays as it is, one that was changed counts as edited, and new ones are added. What was saved stays saved: an
 * import that is stopped or killed is taken up by running it again, which finds those masks the same.
 */
export async function runImport({ options }: WorkerJobOf<'import'>, context: JobContext): Promise<void> {
  const { link, signal } = context;
  const names = await listNames(context);
  const result: MaskImportResult = {
    images: 0,
    kept: 0,
    changed: 0,
    added: 0,
    rejected: 0,
    skipped: 0,
    problems: [],
  };
  const skip = (name: string, detail: string) => {
    result.skipped++;
    if (result.problems.length < PROBLEMS_KEPT) result.problems.push({ name, detail });
  };
  const absent = new AbsentMasks();
  const gridOf: GridOf = (imageName, claimed) => imageOf(names, imageName, claimed);
  const { path, format } = options;
  for await (const record of readMasks(path, { format, signal, gridOf, crowds: 'masks' })) {
    signal.throwIfAborted();
    if (record.kind !== 'masks') {
      skip(record.name, record.detail);
      continue;
    }
    const image = names.find(record.imageName);
    if (typeof image === 'string') throw new Error(`masks of ${record.imageName} were read, but: ${image}`);
    const { imageId } = image;
    const { masks } = await link.ask({ kind: 'import/masks', imageId });
    const { changes, missing } = compare(masks, joinParts(record.masks, masks));
    await link.ask({ kind: 'import/save', imageId, changes });
    for (const { kind } of changes) result[COUNTED_AS[kind]]++;
    absent.note(imageId, record, missing);
    link.report({ phase: 'reading-masks', done: ++result.images, total: null, unit: 'images' });
  }
  for (const [imageId, maskIds] of options.rejectMissing ? absent.masks() : []) {
    signal.throwIfAborted();
    const changes = maskIds.map((maskId): MaskChange => ({ kind: 'reject', maskId }));
    await link.ask({ kind: 'import/save', imageId, changes });
    result.rejected += changes.length;
  }
  await link.ask({ kind: 'import/finish', result });
}

const COUNTED_AS = { keep: 'kept', change: 'changed', add: 'added', reject: 'rejected' } as const;

/**
 * Masks that none of the files holds, by image. An image of which the files hold no mask, or one that could not be
 * read, has none: what is missing there was perhaps not deleted.
 */
class AbsentMasks {
  readonly #missing = new Map<ImageId, Set<MaskId>>();
  readonly #doubtful = new Set<ImageId>();

  /** @param missing masks of the image that one record about it does not hold */
  note(imageId: ImageId, record: ImageMasks, missing: readonly MaskId[]): void {
    if (record.skipped > 0) this.#doubtful.add(imageId);
    if (record.masks.length === 0) return;
    const earlier = this.#missing.get(imageId);
    this.#missing.set(imageId, new Set(missing.filter((id) => !earlier || earlier.has(id))));
  }

  masks(): [ImageId, MaskId[]][] {
    return [...this.#missing]
      .filter(([imageId, missing]) => missing.size > 0 && !this.#doubtful.has(imageId))
      .map(([imageId, missing]) => [imageId, [...missing]]);
  }
}

async function listNames({ link, signal }: JobContext): Promise<ImportNames> {
  const names = new ImportNames();
  for (let afterId = 0; ;) {
    signal.throwIfAborted();
    const { images } = await link.ask({ kind: 'import/images', afterId });
    for (const image of images) names.add(image);
    const last = images.at(-1);
    if (!last) return names;
    afterId = last.imageId;
  }
}

/** The image that a name stands for, if it is as large as the file says; or why its masks cannot be used. */
function imageOf(names: ImportNames, imageName: string, claimed: GridSize | null): ImportableImage | string {
  const image = names.find(imageName);
  if (typeof image === 'string') return image;
  if (!claimed || (image.widthPx === claimed.widthPx && image.heightPx === claimed.heightPx)) return image;
  return `Its masks are ${claimed.widthPx} x ${claimed.heightPx}, but the upright image is ${image.widthPx} x ${image.heightPx}: correct masks on upright copies.`;
}

/** Pairs old and new masks, the most alike first, and says what happened to each, and which old ones have no pair. */
function compare(
  before: readonly ImportedMask[],
  after: readonly FileMask[],
): { changes: MaskChange[]; missing: MaskId[] } {
  const pairs = before
    .flatMap((old) => after.map((mask) => ({ old, mask, iou: maskIou(old, mask) })))
    .filter(({ iou }) => iou >= SAME_OBJECT_IOU)
    .sort((a, b) => b.iou - a.iou);
  const partners = new Map<FileMask, ImportedMask>();
  const paired = new Set<ImportedMask>();
  for (const { old, mask } of pairs) {
    if (partners.has(mask) || paired.has(old)) continue;
    partners.set(mask, old);
    paired.add(old);
  }
  const changes = after.map((mask) => changeOf(mask, partners.get(mask)));
  const missing = before.filter((old) => !paired.has(old) && old.review !== 'rejected');
  return { changes, missing: missing.map(({ id }) => id) };
}

function changeOf(mask: FileMask, old: ImportedMask | undefined): MaskChange {
  const { shape, box, areaPx } = mask;
  // What an export called an object without a concept is none here either.
  const className = mask.className === CLASS_WITHOUT_CONCEPT && !old?.className ? null : mask.className;
  if (!old) return { kind: 'add', className, shape, box, areaPx };
  const isSameClass = className === null || className === old.className;
  const isSameShape = Buffer.compare(shape.rle, old.shape.rle) === 0;
  if (isSameClass && isSameShape) return { kind: 'keep', maskId: old.id };
  return { kind: 'change', maskId: old.id, className, shape, box, areaPx };
}
