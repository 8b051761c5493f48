import type { Concept } from '../../../contract/segmentation.ts';
import { printable, table } from '../output.ts';

/** Concepts as a table. */
export function conceptLines(concepts: readonly Concept[]): string[] {
  const numberOf = (id: Concept['mergedInto']) => concepts.find((one) => one.id === id)?.number ?? id;
  return table([
    ['CONCEPT', 'OBJECTS', 'IMAGES', 'KIND', 'COLOUR', 'NAME'],
    ...concepts.map(({ number, maskCount, imageCount, name, colour, mergedInto, ...concept }) => [
      String(number),
      String(maskCount),
      String(imageCount),
      mergedInto === null ? kindOf(concept) : `merged into ${numberOf(mergedInto)}`,
      colour,
      name === null ? '-' : printable(name),
    ]),
  ]);
}

/** How a concept counts. */
export function kindOf({
  isBackground,
  isLikelyBackground,
}: {
  isBackground: boolean;
  isLikelyBackground: boolean;
}): string {
  if (isBackground) return 'background';
  return isLikelyBackground ? 'probably background' : 'object';
}
