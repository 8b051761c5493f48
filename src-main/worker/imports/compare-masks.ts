import { maskIou } from '../../core/mask/overlap.ts';
import { encodeRuns, runsOf, type EncodedMask } from '../../core/mask/rle.ts';
import { joinParts } from '../../core/mask-files/join-parts.ts';
import type { FileMask } from '../../core/mask-files/mask-record.ts';
import type { ExportedClass, ImportedMask, MaskChange } from '../../domain/mask-import-rows.ts';
import type { MaskShape } from '../../domain/mask-shape.ts';
import { conceptOfClass, isClassOf } from './class-names.ts';
import { MaskForms } from './mask-forms.ts';

/** Masks that share less than this are different objects. */
const SAME_OBJECT_IOU = 0.5;

/** A mask of an image, and the file that it is in. */
export type ReadMask = { mask: FileMask; file: string };

/** What happened to the masks of an image. */
export type Comparison = {
  changes: Exclude<MaskChange, { kind: 'reject' }>[];
  /** Masks in the files that the image has already. */
  kept: number;
  /** Masks of the image that the files do not hold. */
  missing: ImportedMask[];
  /** Masks in the files that contradict another file. */
  contradicted: ReadMask[];
};

/** The masks in files with the parts joined that a format had to write one by one, file by file. */
export function joinedMasks(after: readonly ReadMask[], before: readonly ImportedMask[]): ReadMask[] {
  const objects = before.map(({ shape, exported }) => ({ shape: exported?.shape ?? shape }));
  return [...Map.groupBy(after, ({ file }) => file)].flatMap(([file, read]) => {
    const masks = read.map(({ mask }) => mask);
    return joinParts(masks, objects).map((mask) => ({ mask, file }));
  });
}

/**
 * Compares the masks of an image with those that files have of it. Each is unchanged (see [Note: Unchanged masks]),
 * another shape or class of the object that it overlaps most, or new. Masks that are in the files twice count as kept.
 */
export function compareMasks(
  before: readonly ImportedMask[],
  after: readonly ReadMask[],
  classes: readonly ExportedClass[],
): Comparison {
  const pairs = new Pairs(before);
  const unlike = pairs.matchShapes(after);
  const contradicted = pairs.matchOverlaps(unlike);
  const comparison: Comparison = { changes: [], kept: 0, missing: pairs.unclaimed(), contradicted };
  const added = new Set<string>();
  for (const read of after) {
    if (contradicted.includes(read)) continue;
    const change = changeOf(read, pairs.partnerOf(read), classes);
    if (change?.kind === 'add' && isRepeated(change, added)) comparison.kept++;
    else if (change) comparison.changes.push(change);
    else comparison.kept++;
  }
  return comparison;
}

type Partner = { old: ImportedMask; isSameShape: boolean };

/** Which mask in the files is which mask of the image. */
class Pairs {
  readonly #before: readonly ImportedMask[];
  readonly #partners = new Map<ReadMask, Partner>();
  readonly #claimedBy = new Map<ImportedMask, ReadMask>();

  constructor(before: readonly ImportedMask[]) {
    this.#before = before;
  }

  partnerOf(read: ReadMask): Partner | undefined {
    return this.#partners.get(read);
  }

  unclaimed(): ImportedMask[] {
    return this.#before.filter((old) => !this.#claimedBy.has(old));
  }

  /** Pairs equal shapes, those of the same class first. @returns the masks in files that remain */
  matchShapes(after: readonly ReadMask[]): ReadMask[] {
    const forms = new MaskForms(this.#before);
    let rest = [...after];
    const finders = [(shape: MaskShape) => forms.exact(shape), (shape: MaskShape) => forms.lossy(shape)];
    for (const find of finders) {
      if (rest.length === 0) break;
      for (const isSuitable of [isSameClass, () => true]) {
        rest = rest.filter((read) => {
          const like = find(read.mask.shape).filter((old) => isSuitable(read, old));
          const free = like.find((old) => !this.#claimedBy.has(old));
          // The same mask once more, out of another file or twice in one.
          const old = free ?? (isSuitable === isSameClass ? like[0] : undefined);
          if (old) this.#claim(read, { old, isSameShape: true });
          return !old;
        });
      }
    }
    return rest;
  }

  /**
   * Pairs the rest with what it overlaps most, the most alike first.
   * @returns those of an object that another file has in another shape
   */
  matchOverlaps(rest: readonly ReadMask[]): ReadMask[] {
    const overlaps = this.#before
      .flatMap((old) => rest.map((read) => ({ old, read, iou: iouOf(old, read.mask) })))
      .filter(({ iou }) => iou >= SAME_OBJECT_IOU)
      .sort((a, b) => b.iou - a.iou);
    const contradicted = new Set<ReadMask>();
    for (const { old, read } of overlaps) {
      if (this.#partners.has(read) || contradicted.has(read)) continue;
      const claimer = this.#claimedBy.get(old);
      if (!claimer) this.#claim(read, { old, isSameShape: false });
      else if (claimer.file !== read.file) contradicted.add(read);
    }
    return [...contradicted];
  }

  #claim(read: ReadMask, partner: Partner): void {
    this.#partners.set(read, partner);
    if (!this.#claimedBy.has(partner.old)) this.#claimedBy.set(partner.old, read);
  }
}

const isSameClass = ({ mask }: ReadMask, old: ImportedMask) => isClassOf(mask.className, old);

/** With the mask as it is, or as it was exported: whichever is more alike. */
function iouOf(old: ImportedMask, mask: FileMask): number {
  const now = maskIou(old, mask);
  return old.exported ? Math.max(now, maskIou(old.exported, mask)) : now;
}

function changeOf(
  { mask }: ReadMask,
  partner: Partner | undefined,
  classes: readonly ExportedClass[],
): Comparison['changes'][number] | undefined {
  const { shape, box, areaPx } = mask;
  const className = conceptOfClass(mask.className, classes);
  if (!partner) return { kind: 'add', className, shape, box, areaPx };
  const { old, isSameShape } = partner;
  const isSame = className === null || isClassOf(mask.className, old);
  if (isSame && isSameShape) return undefined;
  const after = isSameShape ? measured(old) : { shape, box, areaPx };
  return {
    kind: 'change',
    maskId: old.id,
    revision: old.revision,
    className: isSame ? null : className,
    ...after,
  };
}

function measured({ id, shape }: ImportedMask): EncodedMask {
  const mask = encodeRuns(runsOf(shape), shape.gridWidth, shape.gridHeight);
  if (!mask) throw new Error(`mask ${id} has no pixels`);
  return mask;
}

/** Whether the same new mask was in the files before. */
function isRepeated(
  { className, shape }: { className: string | null; shape: MaskShape },
  seen: Set<string>,
): boolean {
  const key = `${JSON.stringify(className)} ${Buffer.from(shape.rle).toString('latin1')}`;
  if (seen.has(key)) return true;
  seen.add(key);
  return false;
}
