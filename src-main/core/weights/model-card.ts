import { encoderKindOf, type Model, type ModelCard } from '../../contract/model.ts';
import { IMAGE_MEAN, IMAGE_STD } from '../image/augment/normalise.ts';
import { inline } from './markdown-text.ts';

/** What the card says about an exported file. */
export type CardSubject = {
  model: Model;
  /** The exported file's name, kind and SHA-256. */
  fileName: string;
  format: string;
  sha256: string;
  /** What whoever loads the file has to know about this kind of file, a line each. */
  usage: readonly string[];
};

/** The card as data, complete, for programs. */
export function cardJson({ model, fileName, format, sha256, usage }: CardSubject): string {
  const { name, origin, architecture, card, createdAtMs } = model;
  const value = {
    name,
    architecture,
    origin,
    created: new Date(createdAtMs).toISOString(),
    licence: card.licence,
    file: { name: fileName, format, sha256, usage },
    input: { colourOrder: 'RGB', range: [0, 1], ...rgbOf(card), viewPx: card.viewPx },
    features: card.encoder?.features ?? null,
    batchNormalisation: isResNet(card) ? { epsilon: 1e-5, batchesTracked: card.batchesTracked } : null,
    seed: card.seed,
    imported: card.imported,
    training: card.training,
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The card as Markdown, for people. */
export function cardMarkdown({ model, fileName, format, sha256, usage }: CardSubject): string {
  const { name, architecture, card, createdAtMs } = model;
  const { mean, std } = rgbOf(card);
  const lines = [
    `# ${inline(name)}`,
    '',
    `An encoder (${architecture}${isResNet(card) ? ', without average pool and classifier' : ''}) written by R2O Studio.`,
    '',
    `- File: \`${fileName}\` (${format}), SHA-256 \`${sha256}\``,
    `- Created: ${new Date(createdAtMs).toISOString()}`,
    `- Licence: ${card.licence === null ? 'not stated; ask the person who gave you this file' : inline(card.licence)}`,
    '',
    '## Origin',
    '',
    ...originLines(model),
    '',
    '## Input',
    '',
    `RGB images with values in [0, 1], minus the mean (${mean.join(', ')}), divided by the standard deviation`,
    `(${std.join(', ')}), channel by channel. ${sizeLine(card)}`,
    '',
    ...batchNormLines(card),
    '## Using this file',
    '',
    ...usage.map((line) => `- ${line}`),
  ];
  return `${[...lines, ...curveLines(model)].join('\n')}\n`;
}

function originLines({ origin, card }: Model): string[] {
  const { imported, training, seed } = card;
  if (training) {
    const { startedFrom } = training;
    return [
      training.config.objective === 'masks'
        ? `Trained on masks that R2O Studio cut itself, without labels, from ${training.imageCount} images of the collection`
        : `Pretrained with R2O (arXiv 2208.11821), without labels, on ${training.imageCount} images of the collection`,
      `"${inline(training.collectionName)}": ${training.steps} steps, preset \`${training.preset}\`, seed ${training.seed},`,
      `${startedFrom === null ? '' : `from the encoder "${inline(startedFrom)}", `}on ${inline(training.device)}. The configuration:`,
      '',
      '```json',
      JSON.stringify(training.config, null, 2),
      '```',
    ];
  }
  if (imported) {
    return [
      `Imported from \`${inline(imported.fileName)}\` (${imported.fileFormat}, ${imported.layout} names,`,
      `SHA-256 \`${imported.sha256}\`). How it was trained is unknown.`,
    ];
  }
  return origin === 'untrained'
    ? [
        `Not trained: initialised with seed ${seed ?? 0} the way torchvision initialises networks. A baseline.`,
      ]
    : ['Trained in R2O Studio; the training record no longer exists.'];
}

function curveLines({ card }: Model): string[] {
  const curves = card.training?.curves.filter(({ points }) => points.length > 0) ?? [];
  if (curves.length === 0) return [];
  return [
    '',
    '## Curves',
    '',
    'All points are in the card next to this one (`.card.json`).',
    '',
    '| curve | first step | value | last step | value |',
    '| --- | --- | --- | --- | --- |',
    ...curves.map(({ name, points }) => {
      const ends = [points[0], points.at(-1)].map((point) =>
        point ? `${point[0]} | ${Number(point[1].toPrecision(6))}` : ' | ',
      );
      return `| ${inline(name)} | ${ends.join(' | ')} |`;
    }),
  ];
}

const isResNet = (card: ModelCard) => encoderKindOf({ card }) === 'resnet';

const rgbOf = ({ encoder }: ModelCard) => ({
  mean: encoder?.mean ?? IMAGE_MEAN,
  std: encoder?.std ?? IMAGE_STD,
});

function sizeLine({ encoder, viewPx }: ModelCard): string {
  const fixedPx = encoder?.fixedPx;
  if (fixedPx) return `It takes images of ${fixedPx.widthPx} x ${fixedPx.heightPx} pixels only.`;
  const multipleOf = encoder?.multipleOf ?? 32;
  return viewPx === null
    ? `The training size is unknown; use sides divisible by ${multipleOf}.`
    : `It was trained on views of ${viewPx} x ${viewPx} pixels; other sides divisible by ${multipleOf} also work.`;
}

function batchNormLines(card: ModelCard): string[] {
  if (!isResNet(card)) return [];
  return [
    '## Batch normalisation',
    '',
    'Epsilon is 1e-5. Use the running statistics (evaluation mode); they have seen',
    card.batchesTracked > 0
      ? `${card.batchesTracked} batches.`
      : 'an unknown number of batches (`num_batches_tracked` is 0).',
    '',
  ];
}
