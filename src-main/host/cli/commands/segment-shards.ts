import { existsSync, readdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Client } from '../../../contract/contract.ts';
import { UserError, userError } from '../../../contract/errors.ts';
import type { SegmentRequest } from '../../../contract/segmentation.ts';
import { ShardCount, ShardPlace, type WrittenRecipe, type WrittenShard } from '../../../contract/shard.ts';
import { refuseImageFolder, refuseOwnFolders } from '../../../jobs/output-files.ts';
import { dataLayout } from '../../../domain/data-layout.ts';
import type { RecipeFacts } from '../../../domain/recipe.ts';
import { knownCollections } from '../../../store/known-collections.ts';
import { RecipeFile } from '../../../store/recipe-file.ts';
import { removeDataFolder } from '../../../store/remove-data-folder.ts';
import { ShardFile } from '../../../store/shard-file.ts';
import type { CliContext } from '../context.ts';
import { Cancelled, followJob } from '../follow-job.ts';
import { countText, fileSizeText, printable, type Output } from '../output.ts';
import { Owner } from '../owner.ts';
import { leaveSessions, openSession, type Session } from '../session.ts';

/** Where a shard's number is read from if it is not on the command line: Kubernetes indexed jobs, Slurm arrays. */
const INDEX_VARIABLES = ['JOB_COMPLETION_INDEX', 'SLURM_ARRAY_TASK_ID'];

/** The options of `r2o segment` that are about shards. */
export type ShardOptions = {
  plan?: string;
  shards?: string;
  recipe?: string;
  shard?: string;
  out?: string;
  work?: string;
  skipMissing?: boolean;
  model?: string;
  device?: string;
  force?: boolean;
};

/**
 * Learns from a collection and writes the recipe by which other machines segment it.
 * @throws as `followJob`; UserError BAD_INPUT, and what writing a file throws
 */
export async function planShards(
  client: Client,
  request: SegmentRequest,
  { plan = '', shards = '1', force, output }: ShardOptions & { output: Output },
): Promise<WrittenRecipe> {
  const count = ShardCount.safeParse(Number(shards));
  if (!count.success) throw badShard('--shards is a whole number from 1 on.');
  const { segmentation, job } = await client.shards.plan(request);
  try {
    await followJob(client, job.id);
  } catch (error) {
    if (error instanceof Cancelled) output.note('Stopped before the collection was learned: plan it again.');
    throw error;
  }
  const path = resolve(plan);
  return client.shards.writeRecipe({
    id: segmentation.id,
    path,
    count: count.data,
    overwrite: force === true,
  });
}

/** What to do with a recipe. */
export function recipeLines({
  path,
  sizeBytes,
  segmentationId,
  weights,
  ...recipe
}: WrittenRecipe): string[] {
  const { imageCount, shardCount } = recipe;
  return [
    `Wrote ${printable(path)} (${fileSizeText(sizeBytes)}): ${countText(imageCount, 'image')} in ${countText(shardCount, 'shard')}, planned as segmentation ${segmentationId}.`,
    ...(weights
      ? [`  It needs ${printable(weights.path)} (${fileSizeText(weights.sizeBytes)}) next to it.`]
      : []),
    `  On each machine: r2o segment <images> --recipe ${printable(path)} --shard 0/${shardCount} --out shard-0.sqlite`,
    '  Then, here: r2o segmentations merge shard-*.sqlite',
  ];
}

/**
 * Segments one shard of a recipe, in a separate data folder that is removed when the shard is written.
 * @param images the folder of the images; that of the recipe where undefined
 * @param context.folder the data folder of other commands, into whose collections nothing is written either
 * @throws as `followJob`; UserError for a recipe, weights, images or a folder that cannot be used
 */
export async function runShard(
  images: string | undefined,
  options: ShardOptions,
  { output, folder }: Pick<CliContext, 'output' | 'folder'>,
): Promise<WrittenShard | { path: string; isDone: true }> {
  const { recipe = '', out, model, device, skipMissing = false, force = false } = options;
  if (out === undefined) throw badShard('A shard needs the file to write: --out <file>.');
  const path = resolve(out);
  const work = resolve(options.work ?? `${path}.work`);
  const facts = factsOf(resolve(recipe));
  const place = placeOf(options.shard, facts);
  const rootPath = images === undefined ? facts.rootPath : resolve(images);
  // Before anything is written into the folder of the originals.
  for (const written of [path, work]) {
    refuseImageFolder({ name: facts.collection, rootPath }, written);
    refuseOwnFolders(
      { store: { collections: { list: () => knownCollections(folder) } }, layout: { folder } },
      written,
    );
  }
  if (!force && isWritten(path, facts, place)) return { path, isDone: true };
  refuseForeignFolder(work);
  const { client } = await openWork(work, output);
  // Known before hours of work rather than after them.
  await client.system.checkOutput({ path, overwrite: force });
  const { segmentation, job } = await client.shards.open({
    recipe: resolve(recipe),
    place,
    images: rootPath,
    skipsMissing: skipMissing,
    ...(model === undefined ? {} : { weights: resolve(model) }),
    ...(device === undefined ? {} : { device }),
  });
  if (job) await followShard(client, job.id, { output, device: segmentation.device });
  const written = await client.shards.write({ path, overwrite: force });
  await leaveSessions(output.note);
  removeDataFolder(work);
  return written;
}

/**
 * The folder of the work is removed in the end, so that it must not be one of somebody else. A data folder is checked
 * when it is open.
 */
function refuseForeignFolder(work: string): void {
  if (!existsSync(work) || existsSync(dataLayout(work).database)) return;
  if (statSync(work).isDirectory() && readdirSync(work).length === 0) return;
  throw userError('plan-folder-taken', { path: work });
}

/** Opens the data folder of a shard, which nobody else may be using. @throws UserError DATA_FOLDER_BUSY */
async function openWork(work: string, output: Output): Promise<Session> {
  const session = await openSession(work, output.note);
  if (session instanceof Owner) return session;
  throw new UserError('DATA_FOLDER_BUSY', `Another process is working on this shard in ${work}.`, {
    hint: 'Wait for it, or choose another --out and --work.',
  });
}

/** What a shard consists of. */
export function shardLines(shard: WrittenShard | { path: string; isDone: true }): string[] {
  if ('isDone' in shard) return [`${printable(shard.path)} is already written; to write it again: --force`];
  const { path, sizeBytes, place, imageCount, maskCount, unreadCount, unreadImages } = shard;
  const others = unreadCount - unreadImages.length;
  return [
    `Wrote ${printable(path)} (${fileSizeText(sizeBytes)}): shard ${place.index}/${place.count}, ${countText(imageCount, 'image')}, ${countText(maskCount, 'mask')}`,
    ...unreadImages.map(({ relPath, detail }) => `  not segmented: ${printable(relPath)}: ${detail}`),
    ...(others > 0 ? [`  and ${countText(others, 'other')}`] : []),
  ];
}

async function followShard(
  client: Client,
  id: Parameters<typeof followJob>[1],
  { output, device }: { output: Output; device: string },
): Promise<void> {
  output.note(`Segmenting on ${device}.`);
  try {
    await followJob(client, id);
  } catch (error) {
    if (error instanceof Cancelled) output.note('Stopped. The same command continues it.');
    throw error;
  }
}

function factsOf(path: string): RecipeFacts {
  using recipe = new RecipeFile(path);
  return recipe.facts;
}

/** Whether a file is this shard already, so that a machine that starts over has nothing to do. */
function isWritten(path: string, { id }: RecipeFacts, { index, count }: ShardPlace): boolean {
  if (!existsSync(path) || !statSync(path).isFile()) return false;
  using shard = openShard(path);
  const facts = shard?.facts;
  return facts?.recipeId === id && facts.place.index === index && facts.place.count === count;
}

function openShard(path: string): ShardFile | undefined {
  try {
    return new ShardFile(path);
  } catch (error) {
    // Another file is refused with its own message when the shard is to be written.
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/**
 * The shard of `--shard I/N` or `--shard I`, or of the number that Kubernetes or Slurm gives this machine.
 * @throws UserError BAD_INPUT
 */
function placeOf(option: string | undefined, { shardCount }: RecipeFacts): ShardPlace {
  const variable = INDEX_VARIABLES.find((name) => process.env[name]);
  const text = option ?? (variable === undefined ? undefined : process.env[variable]);
  if (text === undefined) {
    throw badShard(
      `It is not known which shard to segment: --shard is missing, and so is ${INDEX_VARIABLES.join(' and ')}.`,
    );
  }
  const [, index, count = String(shardCount)] = /^(\d+)(?:\/(\d+))?$/.exec(text) ?? [];
  const place = ShardPlace.safeParse({ index: Number(index), count: Number(count) });
  if (place.success) return place.data;
  const from = option === undefined ? `${variable ?? ''} is '${text}'` : `--shard is '${text}'`;
  throw badShard(
    `${from}, but shards are counted from 0: 0/${shardCount} to ${shardCount - 1}/${shardCount}.`,
  );
}

function badShard(message: string): UserError {
  return new UserError('BAD_INPUT', message, { hint: 'See: r2o segment --help' });
}
