import { Split, type DatasetPreview, type DatasetVersionDetail } from '../../../src-main/contract/dataset.ts';

/** What makes a dataset hard to learn from: classes with very few masks, or none at all in a split that has images. */
export type ClassWarning =
  { kind: 'rare'; names: readonly string[] } | { kind: 'missing'; split: Split; names: readonly string[] };

/** Fewer masks than these teach and measure little; a convention, not a bound of any tool. */
export const FEW_MASKS = 10;

/** What is wrong with the classes of a frozen version; nothing is known of versions of early builds. */
export function warningsOf({
  classes,
  counts,
}: Pick<DatasetVersionDetail, 'classes' | 'counts'>): ClassWarning[] {
  const rows = counts.classes.flatMap((row) => {
    const name = classes.find(({ number }) => number === row.number)?.name;
    return name === undefined ? [] : [{ ...row, name }];
  });
  const total = ({ train, val, test }: Record<Split, number>) => train + val + test;
  const rare = rows.filter((row) => total(row) < FEW_MASKS).map(({ name }) => name);
  const missing = Split.options.flatMap((split): ClassWarning[] => {
    const names = rows.filter((row) => row[split] === 0 && total(row) > 0).map(({ name }) => name);
    return counts.splits[split].images > 0 && names.length > 0 ? [{ kind: 'missing', split, names }] : [];
  });
  return [...rareOf(rare), ...missing];
}

/** What is wrong with the classes that a recipe would make; how they fall into splits is known only then. */
export function previewWarnings({ concepts }: Pick<DatasetPreview, 'concepts'>): ClassWarning[] {
  const masks = new Map<string, number>();
  for (const { className, masks: count } of concepts)
    if (className !== null) masks.set(className, (masks.get(className) ?? 0) + count);
  return rareOf([...masks].filter(([, count]) => count > 0 && count < FEW_MASKS).map(([name]) => name));
}

function rareOf(names: readonly string[]): ClassWarning[] {
  return names.length === 0 ? [] : [{ kind: 'rare', names }];
}
