import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { MaskFileFormat } from '../../../contract/mask-import.ts';
import type { Evaluation, ImageScores } from '../../../contract/segmentation.ts';
import { printable, table } from '../output.ts';
import { contextOf } from '../context.ts';
import { findSegmentation } from './segmentations.ts';

type Options = { truth: string; format?: MaskFileFormat; images?: boolean };

export function addEvaluateCommand(program: Command): void {
  program
    .command('evaluate')
    .argument('<segmentation>', 'number or name')
    .requiredOption(
      '--truth <path>',
      'folder with masks/NAME.png (255 object, 0 background, 128 ignored) and, for individual objects, labels/NAME.png; or what --format names',
    )
    .addOption(
      new Option('--format <format>', 'ground truth was written by a labeling tool in this format').choices(
        MaskFileFormat.options,
      ),
    )
    .option('--images', 'also list every image')
    .description('compare a segmentation with ground truth, if you have some')
    .action(async (which: string, options: Options, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id } = await findSegmentation(client, which);
        const { truth, format = null } = options;
        const result = await client.segmentations.evaluate({ id, truth: resolve(truth), format });
        output.result(result, (shown) => [
          ...(options.images === true ? [...imageLines(shown.images), ''] : []),
          ...totalLines(shown),
        ]);
      });
    });
}

function imageLines(images: readonly ImageScores[]): string[] {
  return table([
    ['IMAGE', 'IOU', 'MIOU', 'ACC', 'LOC', 'BOUNDARY F', 'BEST REGION', 'BEST UNION', 'SCORE'],
    ...images.map((image) => [
      printable(image.relPath),
      number(image.iou),
      number(image.meanIou),
      number(image.accuracy),
      image.isLocated === null ? '-' : image.isLocated ? 'yes' : 'no',
      number(image.boundaryF),
      number(image.bestRegion),
      number(image.bestUnion),
      number(image.score),
    ]),
  ]);
}

function totalLines({ totals, objects, missingImages, missingTruth, problems }: Evaluation): string[] {
  return [
    ...table([
      ['IMAGES', 'IOU', 'MIOU', 'ACC', 'CORLOC', 'BOUNDARY F'],
      [
        String(totals.imageCount),
        ...[totals.iou, totals.meanIou, totals.accuracy, totals.corLoc, totals.boundaryF].map(number),
      ],
    ]),
    `Oracle bounds for the finest stored masks: best single mask ${number(totals.bestRegion)}, best union ${number(totals.bestUnion)}`,
    `IoU by score: better half ${number(totals.iouTopHalf)}, worse half ${number(totals.iouBottomHalf)}` +
      quarters(totals.iouQuarters),
    ...(objects
      ? [
          `Objects at IoU 0.5: ${objects.predictionCount} found, ${objects.truthCount} in the ground truth; recall ` +
            `${number(objects.recall)}, precision ${number(objects.precision)}, F1 ${number(objects.f1)}, ` +
            `AP ${number(objects.averagePrecision)}, mean best IoU ${number(objects.meanBestIou)}` +
            quarters(objects.iouQuarters),
        ]
      : []),
    ...(missingTruth > 0 ? [`${missingTruth} segmented images have no ground truth.`] : []),
    ...(missingImages.length > 0
      ? [`${missingImages.length} ground-truth files have no segmented image.`]
      : []),
    ...problems.map(
      ({ name, detail }) => `Ground truth that could not be used: ${printable(name)}: ${detail}`,
    ),
  ];
}

function quarters(ious: readonly number[]): string {
  return ious.length === 0 ? '' : `; IoU by score quarter: ${ious.map(number).join(', ')}`;
}

const number = (value: number | null) => (value === null ? '-' : value.toFixed(3));
