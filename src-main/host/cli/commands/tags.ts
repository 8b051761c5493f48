import type { Command } from 'commander';
import type { Client } from '../../../contract/contract.ts';
import type { CollectionId, ImageId } from '../../../contract/ids.ts';
import type { TagCount } from '../../../contract/tags.ts';
import { contextOf } from '../context.ts';
import { countText, printable } from '../output.ts';
import { findCollection } from './collection-argument.ts';

/** Images that one call may change. */
const IMAGES_AT_ONCE = 500;

type Options = { images?: string; search?: string; add?: string; remove?: string };
type Shown = { tags: TagCount[]; changed?: number; images?: string[] };

export function addTagsCommand(program: Command): void {
  program
    .command('tags')
    .argument('<collection>', 'number or name')
    .option('--images <tag>', 'list the images that have a tag')
    .option('--add <tag>', 'give a tag to the images of the collection, or to those of --search')
    .option('--remove <tag>', 'take a tag away from the images of the collection, or from those of --search')
    .option('--search <text>', 'only images whose path contains this text')
    .description('list the tags of images, give images tags, or take them away')
    .action(async (which: string, options: Options, command: Command) => {
      const { output, withSession } = contextOf(command);
      await withSession(async ({ client }) => {
        const { id } = await findCollection(client, which);
        const isChange = options.add !== undefined || options.remove !== undefined;
        const changed = isChange ? await change(client, id, options) : undefined;
        const images = options.images === undefined ? undefined : await pathsOf(client, id, options);
        const tags = await client.tags.list({ collectionId: id });
        const shown: Shown = {
          tags,
          ...(changed !== undefined && { changed }),
          ...(images && { images }),
        };
        output.result(shown, linesOf);
      });
    });
}

function linesOf({ tags, changed, images }: Shown): string[] {
  if (images) return images.map(printable);
  return [
    ...(changed === undefined ? [] : [`Changed: ${countText(changed, 'image')}`]),
    ...(tags.length === 0 ? ['No image has a tag.'] : []),
    ...tags.map((one) => `${printable(one.tag)}: ${countText(one.images, 'image')}`),
  ];
}

async function change(client: Client, id: CollectionId, { search, add, remove }: Options): Promise<number> {
  const ids = await idsOf(client, id, { search });
  let changed = 0;
  for (let at = 0; at < ids.length; at += IMAGES_AT_ONCE) {
    const done = await client.tags.change({
      imageIds: ids.slice(at, at + IMAGES_AT_ONCE),
      add: add === undefined ? [] : [add],
      remove: remove === undefined ? [] : [remove],
    });
    changed += done.changed;
  }
  return changed;
}

async function pathsOf(
  client: Client,
  id: CollectionId,
  { images: tag, search }: Options,
): Promise<string[]> {
  const ids = await idsOf(client, id, { search, tag });
  const paths: string[] = [];
  for (let at = 0; at < ids.length; at += IMAGES_AT_ONCE) {
    const images = await client.images.many({ ids: ids.slice(at, at + IMAGES_AT_ONCE) });
    paths.push(...images.map(({ relPath }) => relPath));
  }
  return paths;
}

async function idsOf(
  client: Client,
  collectionId: CollectionId,
  { search, tag }: { search: string | undefined; tag?: string | undefined },
): Promise<ImageId[]> {
  const ids: ImageId[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: ImageId[]; nextCursor: string | null } = await client.images.ids({
      collectionId,
      statuses: ['ok', 'changed'],
      ...(search !== undefined && { search }),
      ...(tag !== undefined && { tag }),
      cursor,
    });
    ids.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return ids;
}
