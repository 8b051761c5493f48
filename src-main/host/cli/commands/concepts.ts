import type { Command } from 'commander';
import type { Client } from '../../../contract/contract.ts';
import { UserError } from '../../../contract/errors.ts';
import type { SegmentationId } from '../../../contract/ids.ts';
import type { Concept, ConceptChange } from '../../../contract/segmentation.ts';
import { contextOf } from '../context.ts';
import { confirmRemoval } from '../find-named.ts';
import { countText, printable } from '../output.ts';
import { conceptLines } from './concept-lines.ts';
import { findSegmentation } from './segmentations.ts';

export function addConceptCommands(program: Command): void {
  const group = program
    .command('concepts')
    .description(
      'manage the concepts of a segmentation: list, create, rename, merge, order, delete and more',
    );
  addListing(group);
  addCreating(group);
  addChange(group, 'rename', {
    argument: ['<name>', 'new name'],
    description: 'name a concept',
    change: (name) => ({ name }),
  });
  addChange(group, 'recolour', {
    argument: ['<colour>', 'new colour, as #rrggbb'],
    description: 'give a concept another colour',
    change: (colour) => ({ colour }),
  });
  addChange(group, 'background', {
    description: 'mark a concept as background, which datasets leave out',
    change: () => ({ isBackground: true }),
  });
  addChange(group, 'object', {
    description: 'keep a concept as objects, which datasets include',
    change: () => ({ isBackground: false }),
  });
  addMerging(group);
  addOrdering(group);
  addDeleting(group);
}

function addListing(group: Command): void {
  group
    .command('list')
    .argument('<segmentation>', 'number or name')
    .description('list the concepts of a segmentation')
    .action(async (which: string, _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id } = await findSegmentation(client, which);
        output.result(await client.concepts.list({ id }), conceptLines);
      });
    });
}

function addCreating(group: Command): void {
  group
    .command('create')
    .argument('<segmentation>', 'number or name')
    .argument('<name>', 'name of the new concept')
    .option('--colour <colour>', 'its colour, as #rrggbb')
    .description('add a concept that objects can be assigned to')
    .action(async (which: string, name: string, options: { colour?: string }, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id } = await findSegmentation(client, which);
        output.result(await client.concepts.create({ id, name, ...options }), (made) => conceptLines([made]));
      });
    });
}

/** A command that changes one thing of a concept. */
type OneChange = {
  argument?: [name: string, description: string];
  description: string;
  change: (value: string) => Omit<ConceptChange, 'id'>;
};

function addChange(group: Command, name: string, { argument, description, change }: OneChange): void {
  const command = group
    .command(name)
    .argument('<segmentation>', 'number or name')
    .argument('<concept>', 'number or name');
  if (argument) command.argument(...argument);
  command.description(description).action(async (which: string, concept: string, ...rest: unknown[]) => {
    const { output, withSession } = contextOf(command);
    await withSession(async ({ client }) => {
      const { id } = await findConcept(client, (await findSegmentation(client, which)).id, concept);
      const value = argument ? String(rest[0]) : '';
      output.result(await client.concepts.update({ id, ...change(value) }), (changed) =>
        conceptLines([changed]),
      );
    });
  });
}

function addMerging(group: Command): void {
  group
    .command('merge')
    .argument('<segmentation>', 'number or name')
    .argument('<concept>', 'number or name of the concept to merge')
    .argument('<into>', 'number or name of the concept that it becomes part of')
    .description('merge a concept into another one; its name stays if the other one has none')
    .action(async (which: string, concept: string, into: string, _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id } = await findSegmentation(client, which);
        const [from, target] = [await findConcept(client, id, concept), await findConcept(client, id, into)];
        await client.concepts.update({ id: from.id, mergedInto: target.id });
        output.result(await findConcept(client, id, String(target.number)), (merged) =>
          conceptLines([merged]),
        );
      });
    });
  addChange(group, 'unmerge', {
    description: 'undo the merge of a concept',
    change: () => ({ mergedInto: null }),
  });
}

function addOrdering(group: Command): void {
  group
    .command('order')
    .argument('<segmentation>', 'number or name')
    .argument('<concepts...>', 'numbers or names, in the wanted order; the others follow')
    .description('put concepts in an order, which classes of datasets and the keys 1 to 9 follow')
    .action(async (which: string, concepts: string[], _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id } = await findSegmentation(client, which);
        const ordered: Concept[] = [];
        for (const one of concepts) ordered.push(await findConcept(client, id, one));
        const conceptIds = ordered.map((concept) => concept.id);
        output.result(await client.concepts.order({ id, conceptIds }), conceptLines);
      });
    });
}

function addDeleting(group: Command): void {
  group
    .command('delete')
    .argument('<segmentation>', 'number or name')
    .argument('<concept>', 'number or name')
    .option('--yes', 'do not ask for confirmation')
    .description('delete a concept with those merged into it; their objects stay without a concept')
    .action(async (which: string, concept: string, options: { yes?: boolean }, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const segmentation = await findSegmentation(client, which);
        const { id, name, number, maskCount } = await findConcept(client, segmentation.id, concept);
        const shown = name ?? `concept-${number}`;
        const question = `Delete '${shown}'? ${countText(maskCount, 'object')} will have no concept.`;
        if (!options.yes) await confirmRemoval(shown, question);
        await client.concepts.remove({ id });
        output.result({ id }, () => [`Deleted '${printable(shown)}'.`]);
      });
    });
}

/** A concept by its number, as `concept-NUMBER`, or by its name. @throws UserError NOT_FOUND */
async function findConcept(client: Client, id: SegmentationId, which: string): Promise<Concept> {
  const all = await client.concepts.list({ id });
  const found =
    all.find(({ name, mergedInto }) => name === which && mergedInto === null) ??
    all.find(({ number }) => [String(number), `concept-${number}`].includes(which));
  if (found) return found;
  throw new UserError('NOT_FOUND', `There is no concept '${which}' in this segmentation.`, {
    hint: `See: r2o concepts list ${id}`,
  });
}
