import { Option, type Command } from 'commander';
import type { Client } from '../../../contract/contract.ts';
import { UserError } from '../../../contract/errors.ts';
import type { CollectionId } from '../../../contract/ids.ts';
import {
  LookAlikeGrade,
  type HideStep,
  type LookAlikeGroup,
  type LookAlikeState,
  type SplitLeaks,
} from '../../../contract/look-alike.ts';
import { contextOf } from '../context.ts';
import { followJob } from '../follow-job.ts';
import { countText, printable } from '../output.ts';
import { findCollection } from './collection-argument.ts';

const PAGE = 200;
const GROUPS_SHOWN = 50;

type Options = { grade: LookAlikeGrade; keepBest?: boolean; undo?: string };
type Found = LookAlikeState & { grade: LookAlikeGrade; groups: LookAlikeGroup[]; hidden?: HideStep };

export function addDuplicatesCommand(program: Command): void {
  program
    .command('duplicates')
    .argument('<collection>', 'number or name')
    .addOption(
      new Option(
        '--grade <grade>',
        'same: one picture, rescaled, recompressed or slightly cropped; similar: pictures of the same scene',
      )
        .choices(LookAlikeGrade.options)
        .default('same' satisfies LookAlikeGrade),
    )
    .option('--keep-best', 'hide all but the best image of each group from pretraining and datasets')
    .option('--undo <step>', 'show what such a step has hidden, by the number that it printed')
    .description('compare the images of a collection, and list those that look alike')
    .action(async (which: string, options: Options, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id } = await findCollection(client, which);
        if (options.undo !== undefined) {
          const undone = await client.lookAlikes.undoHide({ step: stepOf(options.undo) });
          output.result(undone, ({ changed }) => [`Shown again: ${countText(changed, 'image')}`]);
          return;
        }
        await compareFirst(client, id);
        const { grade } = options;
        const hidden = options.keepBest ? await client.lookAlikes.keepBest({ id, grade }) : undefined;
        const found: Found = {
          ...(await client.lookAlikes.state({ id })),
          grade,
          groups: await allGroups(client, id, grade),
          ...(hidden && { hidden }),
        };
        output.result(found, (shown) => foundLines(shown, id));
      });
    });
}

async function compareFirst(client: Client, id: CollectionId): Promise<void> {
  const { comparison, job } = await client.lookAlikes.state({ id });
  if (comparison && !comparison.isOutdated && !job) return;
  await followJob(client, (await client.lookAlikes.compare({ id })).id);
}

async function allGroups(client: Client, id: CollectionId, grade: LookAlikeGrade): Promise<LookAlikeGroup[]> {
  const groups: LookAlikeGroup[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: LookAlikeGroup[]; nextCursor: string | null } = await client.lookAlikes.groups({
      id,
      grade,
      cursor,
      limit: PAGE,
    });
    groups.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return groups;
}

function foundLines({ comparison, hiddenCount, groups, grade, hidden }: Found, id: CollectionId): string[] {
  if (!comparison) return ['The comparison was paused.'];
  const { comparedCount, skippedCount } = comparison;
  const what = grade === 'same' ? 'of the same picture' : 'of similar pictures';
  const skipped = skippedCount > 0 ? `; ${countText(skippedCount, 'image')} could not be read` : '';
  return [
    `${countText(groups.length, 'group')} ${what} among ${countText(comparedCount, 'image')}${skipped}`,
    ...groups.slice(0, GROUPS_SHOWN).map(groupLine),
    ...(groups.length > GROUPS_SHOWN
      ? [`... and ${groups.length - GROUPS_SHOWN} more groups; --json lists all of them`]
      : []),
    ...(hidden ? [`Hidden now: ${countText(hidden.changed, 'image')}`] : []),
    ...(hidden?.step != null ? [`To undo it: r2o duplicates ${id} --undo ${hidden.step}`] : []),
    `Hidden from pretraining and datasets: ${countText(hiddenCount, 'image')}`,
  ];
}

function groupLine({ images, count }: LookAlikeGroup): string {
  const names = images.map(({ relPath, isHidden, facts }) => {
    const size = facts ? ` ${facts.widthPx}x${facts.heightPx}` : '';
    return `${printable(relPath)}${size}${isHidden ? ' (hidden)' : ''}`;
  });
  const more = count - images.length;
  return `  ${names.join('  ~  ')}${more > 0 ? `  and ${more} more` : ''}`;
}

/** What is known of look-alikes in different splits of a version. */
export function leakLines({ groups, images, uncompared, examples }: SplitLeaks): string[] {
  return [
    ...(groups > 0
      ? [
          `  leaks: ${countText(groups, 'group')} of look-alikes (${countText(images, 'image')}) in several splits`,
        ]
      : []),
    ...examples.map(
      (members) =>
        `    ${members.map(({ relPath, split }) => `${split}: ${printable(relPath)}`).join('  ~  ')}`,
    ),
    ...(uncompared > 0
      ? [
          `  not compared: ${countText(uncompared, 'image')}, so look-alikes may be in several splits (r2o duplicates compares them)`,
        ]
      : []),
  ];
}

/** @throws UserError BAD_INPUT */
function stepOf(text: string): number {
  const step = Number(text);
  if (Number.isInteger(step) && step > 0) return step;
  throw new UserError('BAD_INPUT', `'${text}' is not the number of a step.`, {
    hint: 'Use the number that r2o duplicates --keep-best printed.',
  });
}
