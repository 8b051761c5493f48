import type { Command } from 'commander';
import type { Client } from '../../../contract/contract.ts';
import type { EditBatch } from '../../../contract/mask-edit.ts';
import type { Proposal } from '../../../contract/proposal.ts';
import type { Segmentation } from '../../../contract/segmentation.ts';
import { contextOf } from '../context.ts';
import { confirm } from '../find-named.ts';
import { countText, printable } from '../output.ts';
import { proposeForegrounds } from './propose-foregrounds.ts';
import { findSegmentation } from './segmentations.ts';
import { described } from './similar.ts';

type Options = { foregrounds?: boolean; apply?: boolean; yes?: boolean };
type Shown = Proposal & { names: Record<string, string>; applied?: EditBatch };

export function addProposeCommand(program: Command): void {
  program
    .command('propose')
    .argument('<segmentation>', 'number or name')
    .option('--foregrounds', 'propose new foregrounds instead, by images that you have corrected')
    .option('--apply', 'carry the proposal out as one step, after a confirmation')
    .option('--yes', 'do not ask for confirmation')
    .description('propose concepts and reviews of all objects by those that you have decided')
    .action(async (which: string, options: Options, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const segmentation = await findSegmentation(client, which);
        if (options.foregrounds) {
          await proposeForegrounds(client, segmentation, options, output);
          return;
        }
        const { id } = segmentation;
        await described(client, segmentation);
        const proposal = await client.proposals.make({ id });
        const names = await conceptNames(client, segmentation);
        if (!options.apply || proposal.maskCount === 0) {
          output.result<Shown>({ ...proposal, names }, (shown) => proposalLines(shown, id));
          return;
        }
        if (!options.yes) await confirmApplying(segmentation, proposal);
        const applied = await client.proposals.apply({ id });
        output.result<Shown>({ ...proposal, names, applied }, (shown) => proposalLines(shown, id));
      });
    });
}

/** The names of the concepts of a segmentation, by their ids. */
export async function conceptNames(client: Client, { id }: Segmentation): Promise<Record<string, string>> {
  const concepts = await client.concepts.list({ id });
  return Object.fromEntries(concepts.map((one) => [one.id, one.name ?? `concept ${one.number}`]));
}

async function confirmApplying({ name }: Segmentation, { maskCount, imageCount }: Proposal): Promise<void> {
  const what = `${countText(maskCount, 'object')} on ${countText(imageCount, 'image')}`;
  await confirm(`Change ${what} of '${name}' as proposed?`, {
    refusal: `Changing ${what} of '${name}' needs confirmation, and there is no terminal to ask on.`,
    hint: 'Add --yes to apply the proposal without confirmation.',
  });
}

function proposalLines(proposal: Shown, id: number): string[] {
  const { maskCount, imageCount, accepted, rejected, byConcept, names, applied } = proposal;
  return [
    learnedLine('concepts', proposal.concepts),
    learnedLine('reviews', proposal.reviews),
    `Proposed: ${countText(maskCount, 'object')} on ${countText(imageCount, 'image')}`,
    ...byConcept.map(({ conceptId, count }) => `  ${count} to '${printable(names[conceptId] ?? '')}'`),
    ...(accepted > 0 ? [`  ${accepted} to be accepted`] : []),
    ...(rejected > 0 ? [`  ${rejected} to be rejected`] : []),
    ...(applied ? [`Changed ${countText(applied.changed, 'object')}`] : []),
    ...(applied?.batch == null ? [] : [`To undo it: r2o review ${id} --undo ${applied.batch}`]),
  ];
}

function learnedLine(what: string, learned: Proposal['concepts']): string {
  if (!learned)
    return `Nothing learned of ${what}: there are too few decisions, or objects that look alike were decided differently`;
  const { decisions, way, accuracy, baseline } = learned;
  const how = way === 'nearest' ? 'nearest neighbours' : 'logistic regression';
  return `Learned ${what} from ${countText(decisions, 'decision')} (${how}): the others predict ${percent(accuracy)} of them, the commonest alone ${percent(baseline)}`;
}

const percent = (share: number) => `${Math.round(100 * share)} %`;
