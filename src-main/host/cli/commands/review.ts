import type { Command } from 'commander';
import type { ReviewProgress } from '../../../contract/mask-edit.ts';
import { UserError } from '../../../contract/errors.ts';
import { contextOf } from '../context.ts';
import { confirm } from '../find-named.ts';
import { countText } from '../output.ts';
import { findSegmentation } from './segmentations.ts';

type Options = { acceptLikelyRight?: boolean; undo?: string; redo?: string; yes?: boolean };

export function addReviewCommand(program: Command): void {
  program
    .command('review')
    .argument('<segmentation>', 'number or name')
    .option(
      '--accept-likely-right',
      'accept the objects that are likely right and not reviewed yet, after a confirmation',
    )
    .option(
      '--undo <batch>',
      'undo such a step, or an import, by the number that it printed, except where masks changed since',
    )
    .option('--redo <batch>', 'do it again after it was undone, except where masks changed since')
    .option('--yes', 'do not ask for confirmation')
    .description(
      'show how far the objects of a segmentation are reviewed, and accept those that are likely right',
    )
    .action(async (which: string, options: Options, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id, name } = await findSegmentation(client, which);
        const progress = () => client.masks.reviewProgress({ id });
        if (options.undo !== undefined) {
          const undone = await client.masks.undoBatch({ batch: batchOf(options.undo) });
          output.result({ ...undone, ...(await progress()) }, (shown) => [
            `Undid ${countText(shown.undone, 'image')}${shown.kept > 0 ? `; ${shown.kept} changed since and stayed` : ''}`,
            ...progressLines(shown),
          ]);
          return;
        }
        if (options.redo !== undefined) {
          const redone = await client.masks.redoBatch({ batch: batchOf(options.redo) });
          output.result({ ...redone, ...(await progress()) }, (shown) => [
            `Redid ${countText(shown.redone, 'image')}${shown.kept > 0 ? `; ${shown.kept} changed since and stayed` : ''}`,
            ...progressLines(shown),
          ]);
          return;
        }
        if (!options.acceptLikelyRight) {
          output.result(await progress(), progressLines);
          return;
        }
        if (!options.yes) await confirmAccepting(name, await progress());
        const accepted = await client.masks.acceptLikelyRight({ id });
        output.result({ ...accepted, ...(await progress()) }, (shown) => [
          `Accepted ${countText(shown.changed, 'object')}`,
          ...(shown.batch === null ? [] : [`To undo it: r2o review ${id} --undo ${shown.batch}`]),
          ...progressLines(shown),
        ]);
      });
    });
}

/** @throws UserError BAD_INPUT */
function batchOf(text: string): number {
  const batch = Number(text);
  if (Number.isInteger(batch) && batch > 0) return batch;
  throw new UserError('BAD_INPUT', `'${text}' is not the number of a step.`, {
    hint: 'Use the number that r2o review --accept-likely-right or r2o import-masks printed.',
  });
}

/** Nothing is asked where nothing is due, or where the service refuses. */
async function confirmAccepting(name: string, { likelyRight }: ReviewProgress): Promise<void> {
  if (!likelyRight || likelyRight.maskCount === 0) return;
  const { maskCount, imageCount } = likelyRight;
  const objects = countText(maskCount, 'object');
  const images = countText(imageCount, 'image');
  await confirm(`Accept ${objects} on ${images} of '${name}', likely to be right?`, {
    refusal: `Accepting ${objects} of '${name}' needs confirmation, and there is no terminal to ask on.`,
    hint: 'Add --yes to accept them without confirmation.',
  });
}

function progressLines({ counts, likelyRight }: ReviewProgress): string[] {
  const { pending, accepted, rejected, edited } = counts;
  return [
    `Objects: ${pending} not reviewed, ${accepted} accepted, ${rejected} rejected, ${edited} corrected`,
    likelyRight
      ? `Not reviewed: ${likelyRight.maskCount} likely right on ${countText(likelyRight.imageCount, 'image')}, ${pending - likelyRight.maskCount} to check`
      : 'Scores do not say which objects are likely right: this segmentation uses no foreground head',
  ];
}
