import type { ConceptId, MaskId } from '../../../src-main/contract/ids.ts';
import { comparePainting, type Stacked } from '../../../src-main/contract/mask-stack.ts';
import type { ShapedMask } from '../../../src-main/contract/segmentation.ts';

/** One stop of the slider from many regions to few objects. */
export type Level =
  /** Masks as they are stored: 0 is objects, higher numbers are finer. */
  | { kind: 'stored'; level: number; count: number }
  /** The regions of a stored level, those of one concept taken together. */
  | { kind: 'kinds'; level: number; count: number };

/** What is shown, hovered and selected as a unit: a mask, or the regions of a concept. */
export type MaskGroup = { key: string; ids: MaskId[]; conceptId: ConceptId | null } & Stacked;

/**
 * The stops that an image has, from many regions to few objects. Only what is stored can be distinguished; between the
 * regions and the objects there is one honest step more, the regions by their concept.
 */
export function levelsOf(masks: readonly ShapedMask[]): Level[] {
  const stored = [...new Set([0, ...masks.map(({ level }) => level)])].sort((a, b) => b - a);
  return stored.flatMap((level): Level[] => {
    const own = masks.filter((mask) => mask.level === level);
    const plain: Level = { kind: 'stored', level, count: own.length };
    if (level !== 1) return [plain];
    return [plain, { kind: 'kinds', level, count: new Set(own.map(({ conceptId }) => conceptId)).size }];
  });
}

/** What a stop shows, as it is painted: what is at the back first, which is the largest unless masks were put in another order. */
export function groupsOf(
  masks: readonly ShapedMask[],
  { kind, level }: Pick<Level, 'kind' | 'level'>,
): MaskGroup[] {
  const groups = new Map<string, MaskGroup>();
  for (const { id, conceptId, areaPx, stackOrder } of masks.filter((mask) => mask.level === level)) {
    const key = kind === 'kinds' ? `concept-${conceptId ?? 0}` : `mask-${id}`;
    const group = groups.get(key) ?? { key, ids: [], conceptId, areaPx: 0, stackOrder };
    group.ids.push(id);
    group.areaPx += areaPx;
    groups.set(key, group);
  }
  return [...groups.values()].sort(comparePainting);
}
