import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { BrightnessSetting } from '../../../contract/brightness.ts';
import type { Collection } from '../../../contract/collection.ts';
import type { Client } from '../../../contract/contract.ts';
import type { Image } from '../../../contract/image.ts';
import type { Job } from '../../../contract/job.ts';
import { confirmRemoval } from '../find-named.ts';
import { followJob } from '../follow-job.ts';
import { countText, printable, table } from '../output.ts';
import { contextOf } from '../context.ts';
import { brightnessLines, brightnessSetting } from './brightness-argument.ts';
import { findCollection } from './collection-argument.ts';

/** Problems that a summary lists one by one; the rest is counted. */
const PROBLEMS_SHOWN = 20;

export function addCollectionCommands(program: Command): void {
  const collections = program
    .command('collections')
    .description('manage collections, which are folders of images: add, list, scan, move, remove');

  collections
    .command('add')
    .argument('<folder>', 'folder of images; it is only read, never written to')
    .option('--name <name>', "display name (default: the folder's name)")
    .description('add a folder with all its subfolders, and scan it')
    .action(async (folder: string, options: { name?: string }, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { collection, job } = await client.collections.add({
          path: resolve(folder),
          ...(options.name === undefined ? {} : { name: options.name }),
        });
        await followJob(client, job.id);
        output.result(await summarise(client, collection.id), summaryLines);
      });
    });

  collections
    .command('sample')
    .description('add the photos and microscope images that come with the app, and scan them')
    .action(async (_options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const added = await client.collections.addSample();
        for (const { job } of added) await followJob(client, job.id);
        const ids = added.map(({ collection }) => collection.id);
        const summaries = await Promise.all(ids.map((id) => summarise(client, id)));
        output.result(summaries, (all) => all.flatMap(summaryLines));
      });
    });

  collections
    .command('list')
    .description('list the collections')
    .action(async (_options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      const list = await withSession(({ client }) => client.collections.list());
      output.result(list, listLines);
    });

  collections
    .command('show')
    .argument('<collection>', 'number or name')
    .description('show a collection with its problems')
    .action(async (which: string, _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const collection = await findCollection(client, which);
        output.result(await summarise(client, collection.id), summaryLines);
      });
    });

  collections
    .command('duplicates')
    .argument('<collection>', 'number or name')
    .description('list images whose files are identical')
    .action(async (which: string, _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id } = await findCollection(client, which);
        const groups = await everyPage((cursor) => client.collections.duplicates({ id, cursor, limit: 500 }));
        output.result(groups, (all) =>
          all.length === 0
            ? ['No duplicates.']
            : all.map(({ images }) => images.map(({ relPath }) => printable(relPath)).join('  =  ')),
        );
      });
    });

  collections
    .command('rescan')
    .argument('<collection>', 'number or name')
    .option('--verify', 'read every file, also those whose size and times are unchanged')
    .description('update a collection from its folder; only new and changed files are opened')
    .action(async (which: string, options: { verify?: boolean }, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id } = await findCollection(client, which);
        const job: Job = await client.collections.rescan({ id, isVerifying: options.verify === true });
        await followJob(client, job.id);
        output.result(await summarise(client, id), summaryLines);
      });
    });

  collections
    .command('move')
    .argument('<collection>', 'number or name')
    .argument('<folder>', 'where its folder is now')
    .description(
      'read the images of a collection from another folder, after its own was moved; no file is moved',
    )
    .action(async (which: string, folder: string, _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id } = await findCollection(client, which);
        const { job } = await client.collections.move({ id, path: resolve(folder) });
        await followJob(client, job.id);
        output.result(await summarise(client, id), summaryLines);
      });
    });

  collections
    .command('brightness')
    .argument('<collection>', 'number or name')
    .argument(
      '<range>',
      'automatic (measured on the images), full, or FROM-TO, such as 64-1664',
      brightnessSetting,
    )
    .description('set which values of images with more than 8 bits per sample are black and white')
    .action(async (which: string, setting: BrightnessSetting, _options: unknown, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id } = await findCollection(client, which);
        const { job } = await client.collections.setBrightness({ id, setting });
        if (job) await followJob(client, job.id);
        output.result(await summarise(client, id), summaryLines);
      });
    });

  collections
    .command('remove')
    .argument('<collection>', 'number or name')
    .option('--yes', 'do not ask for confirmation')
    .description('remove a collection and its results from the app; the folder itself is not touched')
    .action(async (which: string, options: { yes?: boolean }, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const collection = await findCollection(client, which);
        if (!options.yes) await confirmRemoval(collection.name, removalQuestion(collection));
        const removed = await client.collections.remove({ id: collection.id });
        output.result(removed, () => [
          `Removed '${collection.name}' and its ${removed.removedImages} images. ${collection.rootPath} was not touched.`,
        ]);
      });
    });
}

type Summary = {
  collection: Collection;
  problems: { relPath: string; code: string; detail: string }[];
};

async function summarise(client: Client, id: Collection['id']): Promise<Summary> {
  const collection = await client.collections.get({ id });
  const images = await everyPage((cursor) =>
    client.images.page({ collectionId: id, statuses: ['problem'], cursor, limit: 500 }),
  );
  return { collection, problems: images.flatMap(problemOf) };
}

function problemOf({ relPath, problem }: Image): Summary['problems'] {
  return problem ? [{ relPath, code: problem.code, detail: problem.detail }] : [];
}

function summaryLines({ collection, problems }: Summary): string[] {
  const { counts } = collection;
  const extras = [
    counts.duplicates > 0 ? `${counts.duplicates} duplicates` : '',
    counts.changed > 0 ? `${counts.changed} changed since the previous scan` : '',
    counts.missing > 0 ? `${counts.missing} missing` : '',
    counts.problems > 0 ? `${counts.problems} files with problems` : '',
  ].filter((text) => text !== '');
  const shown = problems.slice(0, PROBLEMS_SHOWN);
  const more = problems.length - shown.length;
  return [
    `Collection ${collection.id} '${collection.name}': ${counts.usable} images  (${collection.rootPath})`,
    ...extras.map((text) => `  ${text}`),
    ...brightnessLines(collection).map((text) => `  ${text}`),
    ...shown.map(({ relPath, code, detail }) => `    ${printable(relPath)}: ${detail} [${code}]`),
    ...(more > 0 ? [`    ... and ${more} more; use --json to list them all`] : []),
  ];
}

function listLines(collections: Collection[]): string[] {
  if (collections.length === 0) return ['No collections yet. Add one with: r2o collections add <folder>'];
  return table([
    ['ID', 'NAME', 'IMAGES', 'PROBLEMS', 'MISSING', 'DUPLICATES', 'FOLDER'],
    ...collections.map(({ id, name, counts, rootPath }) => [
      String(id),
      printable(name),
      String(counts.usable),
      String(counts.problems),
      String(counts.missing),
      String(counts.duplicates),
      printable(rootPath),
    ]),
  ]);
}

function removalQuestion({ name, counts }: Collection): string {
  return `Remove '${name}' and everything made from its ${countText(counts.total, 'image')}? The folder itself is kept.`;
}

async function everyPage<T>(
  read: (cursor: string | null) => Promise<{ items: T[]; nextCursor: string | null }>,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: T[]; nextCursor: string | null } = await read(cursor);
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}
