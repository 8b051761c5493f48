import type { DatasetPreview } from '../../../contract/dataset.ts';
import { countText, printable, table } from '../output.ts';
import { kindOf } from './concept-lines.ts';

/** What a recipe would make, concept by concept. */
export function previewLines(preview: DatasetPreview): string[] {
  const { images, masks, concepts, leftOut } = preview;
  return [
    `${countText(images, 'image')}, ${countText(masks, 'mask')}; nothing is frozen yet`,
    ...table([
      ['CONCEPT', 'MASKS', 'CLASS', 'KIND'],
      ...concepts.map(({ name, masks: count, className, isBackground, isLikelyBackground }) => [
        printable(name),
        String(count),
        className === null ? 'left out' : printable(className),
        kindOf({ isBackground, isLikelyBackground }),
      ]),
    ]),
    ...(leftOut.empty > 0
      ? [`left out: ${countText(leftOut.empty, 'image')} without a mask that is taken`]
      : []),
    ...backgroundLines(preview),
  ];
}

/** What background means for a dataset: nothing is left out without a word, and a suggestion leaves out nothing. */
export function backgroundLines({ concepts }: DatasetPreview): string[] {
  const some = concepts.filter(({ masks }) => masks > 0);
  const taken = some.filter(({ isLikelyBackground, className }) => isLikelyBackground && className !== null);
  const left = some.filter(({ isBackground, className }) => isBackground && className === null);
  return [
    ...left.map(
      ({ name, masks }) => `left out as background: ${countText(masks, 'mask')} of ${printable(name)}`,
    ),
    ...taken.map(
      ({ name, masks }) =>
        `probably background, included: ${countText(masks, 'mask')} of ${printable(name)} (leave out: --ignore ${printable(name)})`,
    ),
  ];
}
