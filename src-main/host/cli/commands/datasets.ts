import { InvalidArgumentError, type Command } from 'commander';
import type { Client } from '../../../contract/contract.ts';
import {
  Split,
  type Dataset,
  type DatasetDiff,
  type DatasetVersion,
  type DatasetVersionDetail,
} from '../../../contract/dataset.ts';
import { UserError } from '../../../contract/errors.ts';
import { ReviewState } from '../../../contract/mask.ts';
import { countText, printable, table } from '../output.ts';
import type { SplitLeaks } from '../../../contract/look-alike.ts';
import { leakLines } from './duplicates.ts';
import { contextOf } from '../context.ts';
import { backgroundLines, previewLines } from './dataset-preview.ts';
import { recipeLines, recipeOf, type CreateOptions } from './dataset-recipe.ts';

export function addDatasetCommands(program: Command): void {
  const datasets = program
    .command('dataset')
    .description('manage datasets, which are frozen sets of masks: create, list, show, diff, delete');

  datasets
    .command('create')
    .argument('<name>', 'name of the dataset; if it exists, it gets a new version')
    .option(
      '--segmentation <which>',
      'take masks from this segmentation, by number or name; can be repeated',
      words,
    )
    .option(
      '--collection <which>',
      'take masks from the newest segmentation of this collection; can be repeated',
      words,
    )
    .option('--concept <name>', 'only masks of this concept; can be repeated', words)
    .option('--review <states>', 'review states to include (default: pending,accepted,edited)', reviewStates)
    .option('--min-score <score>', 'only masks with at least this score, 0 to 1', number)
    .option('--min-area <pixels>', 'only masks with at least this area', number)
    .option('--max-area <pixels>', 'only masks with at most this area', number)
    .option(
      '--level <number>',
      'level of detail: 0 for objects, higher for finer regions (default: 0)',
      number,
    )
    .option(
      '--class <concept=class>',
      'class of a concept (concept-3=cat); concepts with the same class are merged; can be repeated',
      words,
    )
    .option('--ignore <concept>', 'leave out the masks of this concept; can be repeated', words)
    .option('--one-class <name>', 'put all masks into one class')
    .option('--keep-empty', 'keep images without masks')
    .option('--split <train/val/test>', 'shares of train, val and test in percent', '80/20/0')
    .option('--split-by <what>', 'what is never divided: image or folder', imageOrFolder, 'image')
    .option('--stratify', 'give every class the shares, too')
    .option('--seed <number>', 'seed of the split', number, 1)
    .option('--dry-run', 'count what would be frozen, concept by concept, and freeze nothing')
    .description('create a dataset and freeze it as a version')
    .action(async (name: string, options: CreateOptions & { dryRun?: boolean }, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const recipe = await recipeOf(client, options);
        const preview = await client.datasets.preview({ recipe });
        if (options.dryRun) {
          output.result(preview, previewLines);
          return;
        }
        for (const line of backgroundLines(preview)) output.note(line);
        const version = await client.datasets.create({ name, recipe });
        const leaks = await client.lookAlikes.leaks({ id: version.id });
        output.result({ ...version, leaks }, detailLines);
      });
    });

  datasets
    .command('list')
    .description('list the datasets with their versions')
    .action(async (_options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      output.result(await withSession(({ client }) => client.datasets.list()), listLines);
    });

  datasets
    .command('show')
    .argument('<dataset>', 'name, or name@version; the newest version by default')
    .description('show a version with its recipe, classes and exports')
    .action(async (which: string, _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id } = await findVersion(client, which);
        const version = await client.datasets.version({ id });
        const exports = await client.exports.ofVersion({ versionId: id });
        const leaks = await client.lookAlikes.leaks({ id });
        output.result({ ...version, exports, leaks }, (shown) => [
          ...detailLines(shown),
          ...recipeLines(shown.recipe),
          ...shown.exports.map(
            ({ options, finishedAtMs }) =>
              `  exported as ${options.format} to ${printable(options.outPath)}${finishedAtMs === null ? ' (not finished)' : ''}`,
          ),
        ]);
      });
    });

  datasets
    .command('diff')
    .argument('<from>', 'name or name@version')
    .argument('<to>', 'name or name@version')
    .description('compare two versions: images and masks added, removed and changed')
    .action(async (from: string, to: string, _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const [first, second] = [await findVersion(client, from), await findVersion(client, to)];
        output.result(await client.datasets.diff({ from: first.id, to: second.id }), diffLines);
      });
    });

  datasets
    .command('delete')
    .argument('<dataset>', 'name@version, or a name with --all-versions')
    .option('--all-versions', 'delete every version of the dataset')
    .description('delete a version; its exports stay')
    .action(async (which: string, options: { allVersions?: boolean }, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const doomed = options.allVersions
          ? (await findDataset(client, which)).versions
          : [await findVersionToDelete(client, which)];
        for (const { id } of doomed) await client.datasets.remove({ id });
        output.result(
          doomed.map(({ datasetName, number: version }) => ({ datasetName, version })),
          (all) => all.map(({ datasetName, version }) => `Deleted ${datasetName}@${version}.`),
        );
      });
    });
}

/** A version by the name of its dataset, or by `name@number`. @throws UserError NOT_FOUND */
export async function findVersion(client: Client, which: string): Promise<DatasetVersion> {
  const all = await client.datasets.list();
  const byName = all.find(({ name }) => name === which)?.versions[0];
  if (byName) return byName;
  const [, name, version] = /^(.*)@(\d+)$/.exec(which) ?? [];
  const found = all
    .find((dataset) => dataset.name === name)
    ?.versions.find((one) => one.number === Number(version));
  if (found) return found;
  throw new UserError('NOT_FOUND', `There is no dataset '${which}'.`, { hint: 'See: r2o dataset list' });
}

async function findDataset(client: Client, which: string): Promise<Dataset> {
  const found = (await client.datasets.list()).find(({ name }) => name === which);
  if (found) return found;
  throw new UserError('NOT_FOUND', `There is no dataset '${which}'.`, { hint: 'See: r2o dataset list' });
}

/** A name alone means its only version: which of several is not for us to guess. */
async function findVersionToDelete(client: Client, which: string): Promise<DatasetVersion> {
  const dataset = (await client.datasets.list()).find(({ name }) => name === which);
  if (dataset && dataset.versions.length > 1) {
    throw new UserError('BAD_INPUT', `'${which}' has ${dataset.versions.length} versions.`, {
      hint: `Name one of them, such as ${which}@1, or delete them all with --all-versions.`,
    });
  }
  return findVersion(client, which);
}

const words = (text: string, before: string[] = []): string[] => [...before, text];

function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('This is not a number.');
}

function reviewStates(text: string): ReviewState[] {
  return text.split(',').map((state) => {
    const parsed = ReviewState.safeParse(state.trim());
    if (parsed.success) return parsed.data;
    throw new InvalidArgumentError(
      `Choose from ${ReviewState.options.join(', ')}; separate several with commas.`,
    );
  });
}

function imageOrFolder(text: string): 'image' | 'folder' {
  if (text === 'image' || text === 'folder') return text;
  throw new InvalidArgumentError('Choose image or folder.');
}

function listLines(datasets: Dataset[]): string[] {
  if (datasets.length === 0) {
    return ['No datasets yet. Create one with: r2o dataset create <name> --collection <collection>'];
  }
  return table([
    ['DATASET', 'IMAGES', 'MASKS', 'TRAIN/VAL/TEST', 'CREATED'],
    ...datasets.flatMap(({ versions }) =>
      versions.map((version) => [
        printable(`${version.datasetName}@${version.number}`),
        String(version.counts.images),
        String(version.counts.masks),
        sharesOf(version),
        new Date(version.createdAtMs).toISOString().slice(0, 19).replace('T', ' '),
      ]),
    ),
  ]);
}

const sharesOf = ({ counts }: DatasetVersion) =>
  Split.options.map((split) => counts.splits[split].images).join('/');

function detailLines(version: DatasetVersionDetail & { leaks: SplitLeaks }): string[] {
  const { counts, classes, datasetName, number: versionNumber } = version;
  const { changed, missing, empty, hidden } = counts.leftOut;
  const leftOut = [
    empty > 0 ? `${empty} without a mask that passes the filters` : '',
    changed > 0 ? `${changed} changed since they were segmented: segment them again` : '',
    missing > 0 ? `${missing} missing or unreadable: reconnect their drive and rescan` : '',
    hidden > 0 ? `${hidden} hidden, because they look like others` : '',
  ].filter((text) => text !== '');
  return [
    `${printable(datasetName)}@${versionNumber}: ${countText(counts.images, 'image')}, ${countText(counts.masks, 'mask')}, frozen`,
    `  train/val/test: ${sharesOf(version)} images`,
    ...emptySplits(version),
    `  classes: ${classes.map(({ number: id, name }) => `${id} ${printable(name)}`).join(', ')}`,
    ...leftOut.map((text) => `  left out: ${text}`),
    ...leakLines(version.leaks),
  ];
}

/** Splits that were given a share and got no image. */
function emptySplits({ counts, recipe: { split } }: DatasetVersionDetail): string[] {
  const empty = Split.options.filter((name) => split[name] > 0 && counts.splits[name].images === 0);
  if (empty.length === 0) return [];
  const why =
    split.by === 'folder'
      ? 'images of a folder stay together, and there are too few folders; --split-by image distributes images individually'
      : 'there are too few images';
  return [`  no images in ${empty.join(' and ')}: ${why}`];
}

function diffLines({ images, masks, classes, examples }: DatasetDiff): string[] {
  const cells = ({ added, removed, changed, same }: DatasetDiff['images']) =>
    [added, removed, changed, same].map(String);
  return [
    ...table([
      ['', 'ADDED', 'REMOVED', 'CHANGED', 'SAME'],
      ['images', ...cells(images)],
      ['masks', ...cells(masks)],
    ]),
    ...classes.added.map((name) => `class added: ${printable(name)}`),
    ...classes.removed.map((name) => `class removed: ${printable(name)}`),
    ...examples
      .slice(0, 10)
      .map(
        (one) =>
          `  ${printable(one.relPath)}: image ${one.image}, masks +${one.masks.added} -${one.masks.removed} ~${one.masks.changed}`,
      ),
  ];
}
