import type { DatasetDiff, DatasetVersionDetail } from '../contract/dataset.ts';
import type { DatasetImage, DatasetMask } from '../store/dataset-rows.ts';
import type { Store } from '../store/database.ts';

const PAGE = 32;
/** Images of each kind that are named. */
const EXAMPLES = 50;

type Difference = DatasetDiff['images'];
type Kind = keyof Difference;
type Names = ReadonlyMap<number, string>;

/**
 * Compares two versions, image by image by their paths, and mask by mask: those of the same shape, class, review and
 * order are the same; of the others, those copied from the same mask have changed. Reads a page at a time and breathes
 * in between, because it runs where windows are served.
 */
export async function diffVersions(
  store: Store,
  from: DatasetVersionDetail,
  to: DatasetVersionDetail,
): Promise<DatasetDiff> {
  const diff: DatasetDiff = {
    images: noDifference(),
    masks: noDifference(),
    examples: [],
    classes: {
      added: namesMissingIn(to, from),
      removed: namesMissingIn(from, to),
    },
  };
  const [fromNames, toNames] = [namesOf(from), namesOf(to)];
  const record = (image: DatasetImage, kind: Kind, { before, after, ...masks }: MaskDifference) => {
    diff.images[kind]++;
    for (const one of KINDS) diff.masks[one] += masks[one];
    if (kind !== 'same' && diff.images[kind] <= EXAMPLES) {
      diff.examples.push({ relPath: image.relPath, image: kind, masks, before, after });
    }
  };
  const masksOf = (image: DatasetImage, names: Names) =>
    store.datasetRows.masksOf(image.id).map((mask) => ({ ...mask, className: names.get(mask.classNumber) }));

  for await (const image of imagesOf(store, to)) {
    const old = store.datasetRows.findSame(from.id, image);
    const masks = masksOf(image, toNames);
    if (old) {
      const difference = diffMasks(masksOf(old, fromNames), masks);
      const isSame =
        old.contentHash === image.contentHash &&
        old.split === image.split &&
        difference.added + difference.removed + difference.changed === 0;
      record(image, isSame ? 'same' : 'changed', difference);
    } else record(image, 'added', diffMasks([], masks));
  }
  for await (const image of imagesOf(store, from)) {
    if (store.datasetRows.findSame(to.id, image)) continue;
    record(image, 'removed', diffMasks(masksOf(image, fromNames), []));
  }
  return diff;
}

const KINDS: readonly Kind[] = ['added', 'removed', 'changed', 'same'];
const noDifference = (): Difference => ({ added: 0, removed: 0, changed: 0, same: 0 });
const namesOf = ({ classes }: DatasetVersionDetail): Names =>
  new Map(classes.map(({ number, name }) => [number, name]));

function namesMissingIn(there: DatasetVersionDetail, here: DatasetVersionDetail): string[] {
  const namesHere = new Set(here.classes.map(({ name }) => name));
  return there.classes.map(({ name }) => name).filter((name) => !namesHere.has(name));
}

async function* imagesOf(
  store: Store,
  { id: versionId }: DatasetVersionDetail,
): AsyncGenerator<DatasetImage> {
  for (let afterId = 0; ;) {
    const page = store.datasetRows.page({ versionId, afterId, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (!last) return;
    afterId = last.id;
    await new Promise(setImmediate);
  }
}

type ClassedMask = DatasetMask & { className: string | undefined };
/** How the masks of an image differ, with one that does as it was and as it is. */
type MaskDifference = Difference & Pick<DatasetDiff['examples'][number], 'before' | 'after'>;

function diffMasks(before: readonly ClassedMask[], after: readonly ClassedMask[]): MaskDifference {
  const left = new Map<string, number>();
  for (const mask of before) left.set(identityOf(mask), (left.get(identityOf(mask)) ?? 0) + 1);
  const differing = after.filter((mask) => !take(left, identityOf(mask)));
  const unmatched = before.filter((mask) => take(left, identityOf(mask)));
  const oldIds = new Set(unmatched.map(({ sourceMaskId }) => sourceMaskId).filter((id) => id !== null));
  const changed = differing.filter(({ sourceMaskId }) => sourceMaskId !== null && oldIds.has(sourceMaskId));
  const [shown] = changed;
  const was = shown && unmatched.find(({ sourceMaskId }) => sourceMaskId === shown.sourceMaskId);
  return {
    before: (was ?? unmatched[0])?.id ?? null,
    after: (shown ?? differing[0])?.id ?? null,
    added: differing.length - changed.length,
    removed: unmatched.length - changed.length,
    changed: changed.length,
    same: after.length - differing.length,
  };
}

const identityOf = ({ className, review, stackOrder, rle }: ClassedMask) =>
  `${className ?? ''}\n${review}\n${stackOrder}\n${Buffer.from(rle).toString('latin1')}`;

function take(left: Map<string, number>, key: string): boolean {
  const count = left.get(key) ?? 0;
  if (count === 0) return false;
  left.set(key, count - 1);
  return true;
}
