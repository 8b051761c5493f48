import type { EncoderCard, Model } from '../../../contract/model.ts';
import { countText, dateText, printable } from '../output.ts';

/** A model with its card, one line per fact. */
export function modelLines(model: Model): string[] {
  const { id, name, architecture, origin, file, sha256, card, createdAtMs } = model;
  const { imported, training } = card;
  const prefix = imported && imported.prefix !== '' ? `, under '${printable(imported.prefix)}'` : '';
  return [
    `Model ${id} '${printable(name)}': ${architecture}, ${origin}, ${dateText(createdAtMs)}`,
    `  licence: ${card.licence === null ? 'not stated' : printable(card.licence)}`,
    ...(card.encoder ? encoderLines(card.encoder) : []),
    ...(card.viewPx === null ? [] : [`  trained on views of ${card.viewPx} px`]),
    ...(card.seed === null ? [] : [`  initialised with seed ${card.seed}`]),
    ...(imported
      ? [`  from ${printable(imported.fileName)} (${imported.fileFormat}, ${imported.layout} names${prefix})`]
      : []),
    ...(training
      ? [
          `  ${countText(training.steps, 'step')} on ${countText(training.imageCount, 'image')} of '${printable(training.collectionName)}', preset ${printable(training.preset)}`,
          ...(training.startedFrom === null ? [] : [`  started from '${printable(training.startedFrom)}'`]),
        ]
      : []),
    ...(file === null || sha256 === null ? [] : [`  models/${file}`, `  sha256 ${sha256}`]),
  ];
}

/** What was recognised: kind, maps, and how images enter. */
function encoderLines({ kind, features, mean, std, multipleOf, fixedPx }: EncoderCard): string[] {
  const maps = features.map(
    ({ name, stride, channels }) => `${printable(name)} (stride ${stride}, ${channels} channels)`,
  );
  const size = fixedPx ? `${fixedPx.widthPx} x ${fixedPx.heightPx} px` : `multiples of ${multipleOf} px`;
  return [
    `  encoder: ${kind}, ${kind === 'resnet' ? 'can be trained further' : 'used as it is'}`,
    `  feature maps: ${maps.join(', ')}`,
    `  input: ${size}, mean ${mean.join(', ')}, deviation ${std.join(', ')}`,
  ];
}
