import { readdirSync } from 'node:fs';
import { copyFile, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { phrase, type Phrase } from '../contract/error-texts/error-text.ts';
import { userError } from '../contract/errors.ts';
import { RunMetric, type Run } from '../contract/run.ts';
import { checkpointName, isCheckpointName, runFolder } from '../domain/data-layout.ts';
import { givenPath } from '../domain/given-path.ts';
import type { MetricPoint } from '../domain/metric-point.ts';
import { isRegularFile } from '../domain/regular-file.ts';
import { refuseOwnFolders, refuseUnwritable } from '../jobs/output-files.ts';
import { fileDigest } from './file-hash.ts';
import type { Service } from './service.ts';
import { parsedJson } from '../domain/parsed-json.ts';
import { makeFolder } from '../domain/make-folder.ts';

/** A header that is longer is none. */
const MAX_HEADER_BYTES = 16 * 2 ** 20;
/** Next to the checkpoints: a line for each step. */
const METRICS_FILE = 'metrics.jsonl';

const Description = z.object({ version: z.literal(1), step: z.number().int().nonnegative() });
const Header = z.object({ __metadata__: z.object({ r2o_checkpoint: z.string() }) }).loose();
const Entry = z.object({ shape: z.array(z.number().int()) });

/**
 * A folder that does not exist yet, or has nothing in it.
 * @throws UserError FOLDER_OVERLAPS inside a collection or the data folder, TARGET_NOT_EMPTY, FILE_UNUSABLE
 */
export function emptyFolder(service: Service, path: string): string {
  const folder = givenPath(path);
  refuseOwnFolders(service, folder);
  if (entriesOf(folder).length > 0) throw userError('plan-folder-taken', { path: folder });
  refuseUnwritable(folder);
  return folder;
}

/** What is in a folder, or the file itself; nothing for what does not exist. */
function entriesOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return isMissing ? [] : [path];
  }
}

/**
 * Makes a checkpoint of PyTorch that of a run, and adds its curves.
 * @throws UserError FILE_NOT_FOUND; CHECKPOINT_DAMAGED for another file, or that of another network
 */
export async function takeCheckpoint({ store, layout }: Service, run: Run, path: string): Promise<void> {
  const { step, shapes } = await readHeader(path, run);
  const folder = runFolder(layout, run.id);
  const own = store.runs.checkpoint(run.id);
  if (own) await refuseOtherNetwork(join(folder, own.file), shapes, { run, path });
  await makeFolder(folder);
  const file = checkpointName(step);
  const partial = join(folder, `${file}.taken.partial`);
  try {
    await copyFile(path, partial);
    const sha256 = await fileDigest(partial);
    await rename(partial, join(folder, file));
    store.runs.setCheckpoint(run.id, { file, sha256, step });
  } finally {
    await rm(partial, { force: true });
  }
  for (const name of entriesOf(folder)) {
    if (isCheckpointName(name) && name !== file) await rm(join(folder, name), { force: true });
  }
  store.runs.saveMetrics(run.id, await pointsIn(join(dirname(path), METRICS_FILE), step));
}

type Shapes = ReadonlyMap<string, string>;

async function readHeader(path: string, run: Run): Promise<{ step: number; shapes: Shapes }> {
  const refuse = (reason: Phrase) => userError('checkpoint-foreign', { path, name: run.name, reason });
  const header = Header.safeParse(await headerOf(path));
  if (!header.success) throw refuse(phrase('no-checkpoint-inside'));
  const { __metadata__: metadata, ...tensors } = header.data;
  const description = Description.safeParse(parsedJson(metadata.r2o_checkpoint));
  if (!description.success) throw refuse(phrase('no-checkpoint-inside'));
  const { step } = description.data;
  const { totalSteps } = run;
  if (step > totalSteps) throw refuse(phrase('checkpoint-too-far', { step, totalSteps }));
  return { step, shapes: shapesOf(tensors) };
}

/** Of all tensors that a network has; previews have any size. */
function shapesOf(tensors: Record<string, unknown>): Shapes {
  const entries = Object.entries(tensors).filter(([name]) => !name.startsWith('preview.'));
  return new Map(entries.map(([name, entry]) => [name, Entry.safeParse(entry).data?.shape.join() ?? '']));
}

async function refuseOtherNetwork(
  own: string,
  shapes: Shapes,
  { run, path }: { run: Run; path: string },
): Promise<void> {
  const header = Header.safeParse(await headerOf(own).catch(() => undefined));
  if (!header.success) return;
  const { __metadata__: _, ...tensors } = header.data;
  for (const [tensor, shape] of shapesOf(tensors)) {
    if (shapes.get(tensor) === shape) continue;
    throw userError('checkpoint-foreign', {
      path,
      name: run.name,
      reason: phrase('checkpoint-lacks', { tensor }),
    });
  }
}

/** The header of a safetensors file; undefined for another file. @throws UserError FILE_NOT_FOUND */
async function headerOf(path: string): Promise<unknown> {
  const file = (await isRegularFile(path)) ? await open(path, 'r').catch(() => undefined) : undefined;
  if (!file) throw userError('no-such-file', { path });
  await using handle = file;
  const start = Buffer.alloc(8);
  if ((await handle.read(start, 0, 8, 0)).bytesRead < 8) return undefined;
  const length = Number(start.readBigUInt64LE());
  if (length > MAX_HEADER_BYTES) return undefined;
  const text = Buffer.alloc(length);
  await handle.read(text, 0, length, 8);
  return parsedJson(text.toString());
}

/** The curves of the steps before `end`; none where there is no such file. Of a step that was done twice, the last. */
async function pointsIn(path: string, end: number): Promise<MetricPoint[]> {
  const text = (await isRegularFile(path)) ? await readFile(path, 'utf8').catch(() => '') : '';
  const points = new Map<string, MetricPoint>();
  for (const line of text.split('\n')) {
    const record = z.record(z.string(), z.unknown()).safeParse(parsedJson(line)).data;
    const step = z.number().int().safeParse(record?.step).data;
    if (!record || step === undefined || step >= end) continue;
    for (const name of RunMetric.options) {
      const value = z.number().safeParse(record[name]).data;
      if (value !== undefined) points.set(`${name} ${step}`, { name, step, value });
    }
  }
  return [...points.values()];
}
