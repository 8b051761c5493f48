import type { Client } from '../../../contract/contract.ts';
import { UserError } from '../../../contract/errors.ts';
import type { ForegroundProposal, ProposedForeground } from '../../../contract/foreground-proposal.ts';
import type { EditBatch } from '../../../contract/mask-edit.ts';
import type { Segmentation } from '../../../contract/segmentation.ts';
import { confirm } from '../find-named.ts';
import { followJob } from '../follow-job.ts';
import { countText, printable, table, type Output } from '../output.ts';

/** Images that are listed: those that would change most. */
const LISTED = 20;

type Options = { apply?: boolean; yes?: boolean };
type Shown = ForegroundProposal & { images: ProposedForeground[]; applied?: EditBatch };

/** Proposes new foregrounds by those that a person has corrected, and applies them if that is wanted. */
export async function proposeForegrounds(
  client: Client,
  segmentation: Segmentation,
  { apply = false, yes = false }: Options,
  output: Output,
): Promise<void> {
  const { id, name } = segmentation;
  await followJob(client, (await client.foregrounds.make({ id })).id);
  const { proposal } = await client.foregrounds.state({ id });
  if (!proposal) {
    throw new UserError('WRONG_STATE', `The foregrounds of '${name}' have not been cut to the end.`, {
      hint: 'Resume its job: r2o jobs list names it.',
    });
  }
  const images = await client.foregrounds.images({ id, limit: LISTED });
  const shown = { ...proposal, images };
  if (!apply || proposal.imageCount === 0) {
    output.result<Shown>(shown, (result) => foregroundLines(result, id));
    return;
  }
  if (!yes) await confirmApplying(segmentation, proposal);
  const applied = await client.foregrounds.apply({ id });
  output.result<Shown>({ ...shown, applied }, (result) => foregroundLines(result, id));
}

async function confirmApplying({ name }: Segmentation, { imageCount }: ForegroundProposal): Promise<void> {
  const what = countText(imageCount, 'image');
  await confirm(`Replace the objects on ${what} of '${name}' as proposed?`, {
    refusal: `Replacing the objects on ${what} of '${name}' needs confirmation, and there is no terminal to ask on.`,
    hint: 'Add --yes to apply the proposal without confirmation.',
  });
}

function foregroundLines({ check, images, imageCount, cutCount, applied }: Shown, id: number): string[] {
  return [
    checkLine(check),
    `Proposed: new foregrounds on ${imageCount} of ${countText(cutCount, 'image')} that nobody has worked on`,
    ...(images.length > 0
      ? table([
          ['IoU', 'now', 'proposed', 'image'],
          ...images.map(({ likeness, before, after, relPath }) => [
            likeness.toFixed(2),
            String(before),
            String(after),
            printable(relPath),
          ]),
        ])
      : []),
    ...(imageCount > images.length ? [`... and ${imageCount - images.length} more`] : []),
    ...(applied ? [`Replaced the objects on ${countText(applied.changed, 'image')}`] : []),
    ...(applied?.batch == null ? [] : [`To undo it: r2o review ${id} --undo ${applied.batch}`]),
  ];
}

function checkLine({ outcome, images, before, after }: ForegroundProposal['check']): string {
  const from = countText(images, 'corrected image');
  if (outcome === 'too-few')
    return `Nothing learned: ${from}, and at least five are needed of which every object is accepted, redrawn or rejected`;
  const ious = `IoU ${(before ?? 0).toFixed(3)} with the present masks, ${(after ?? 0).toFixed(3)} with what the others teach`;
  return outcome === 'better'
    ? `Learned from ${from}: ${ious}`
    : `Nothing better learned from ${from}: ${ious}`;
}
