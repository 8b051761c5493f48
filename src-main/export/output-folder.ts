import { constants } from 'node:fs';
import { access, lstat, readdir, readFile, rename, rm, rmdir, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { UserError, userError } from '../contract/errors.ts';
import { isDiskFull } from '../domain/system-errors.ts';
import { ExportResult, FORMAT_IMAGES } from '../contract/export.ts';
import { MANIFEST_NAME, partialExportPath, type ExportPlan } from '../domain/export-plan.ts';
import { formatOf } from './formats.ts';
import { makeFolder } from '../domain/make-folder.ts';

/** In addition to the images: labels of a mask, in whatever format, are a few hundred bytes. */
const BYTES_A_MASK = 600;

const Manifest = z.object({ exportId: z.number(), startedAtMs: z.number(), result: ExportResult });

/**
 * Where an export is written: next to its target, in a hidden folder, which takes the target's place once it is whole.
 * So a half export is never taken for a whole one. An export that is paused or killed finds its folder again and
 * keeps the images that are already in it.
 */
export class ExportTarget {
  /** What is written: a folder, or a file. */
  readonly path: string;
  readonly finalPath: string;
  /** Whether an earlier run of this export has left images here. */
  isResumed = false;
  readonly #folder: string;

  private constructor(plan: ExportPlan, isFile: boolean) {
    const { outPath } = plan.options;
    this.finalPath = outPath;
    this.#folder = partialExportPath({ ...plan, outPath });
    this.path = isFile ? join(this.#folder, basename(outPath)) : this.#folder;
  }

  /**
   * Checks everything that can be checked before the first byte is written.
   * @throws UserError TARGET_NOT_EMPTY, TARGET_UNUSABLE or DISK_FULL
   */
  static async open(plan: ExportPlan, { isFile }: { isFile: boolean }): Promise<ExportTarget> {
    const target = new ExportTarget(plan, isFile);
    await refuseTaken(target.finalPath, isFile);
    const parent = dirname(target.finalPath);
    try {
      await makeFolder(parent);
      await access(parent, constants.W_OK);
      await refuseFullDisk(parent, plan);
      target.isResumed = !(await makeFolder(target.#folder));
      if (isFile) await rm(target.path, { force: true });
    } catch (error) {
      throw translateWriteError(error, target.finalPath);
    }
    return target;
  }

  /** Puts the whole export into its place. */
  async moveIntoPlace(): Promise<void> {
    try {
      // An empty folder may be there; Windows does not replace it by renaming.
      await rmdir(this.finalPath).catch(() => undefined);
      await rename(this.path, this.finalPath);
      if (this.path !== this.#folder) await rm(this.#folder, { recursive: true, force: true });
    } catch (error) {
      throw translateWriteError(error, this.finalPath);
    }
  }

  /** Removes all that was written. */
  async discard(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The text of the file that describes an export; its presence shows that the export is complete. */
export function manifestOf(plan: ExportPlan, result: ExportResult): { name: string; text: string } {
  const { exportId, startedAtMs, options, datasetName, versionNumber, createdAtMs, classes, appVersion } =
    plan;
  const { format, images } = options;
  const value = {
    app: `R2O Studio ${appVersion}`,
    dataset: datasetName,
    version: versionNumber,
    format,
    images,
    createdAt: new Date(createdAtMs).toISOString(),
    classes,
    exportId,
    startedAtMs,
    result,
  };
  return { name: MANIFEST_NAME, text: `${JSON.stringify(value, null, 2)}\n` };
}

/**
 * The result of this very export where it is in its place already: killed just before it could say so. What it had
 * next to its place is removed then.
 */
export async function finishedResult(plan: ExportPlan): Promise<ExportResult | undefined> {
  const { format, outPath } = plan.options;
  const { target, readManifest } = formatOf(format);
  const text =
    target === 'file'
      ? readManifest?.(outPath)
      : await readFile(join(outPath, MANIFEST_NAME), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const manifest = Manifest.safeParse(json).data;
  const isThis = manifest?.exportId === plan.exportId && manifest.startedAtMs === plan.startedAtMs;
  if (!isThis) return undefined;
  await rm(partialExportPath({ ...plan, outPath }), { recursive: true, force: true });
  return manifest.result;
}

async function refuseTaken(path: string, isFile: boolean): Promise<void> {
  // A link exists even if its target does not.
  const stats = await stat(path).catch(() => lstat(path).catch(() => undefined));
  if (!stats) return;
  const isEmptyFolder = stats.isDirectory() && (await readdir(path)).length === 0;
  if (isEmptyFolder && !isFile) return;
  const taken = isEmptyFolder ? 'target-is-folder' : 'target-not-empty';
  throw userError(stats.isDirectory() ? taken : 'target-exists', { path });
}

async function refuseFullDisk(parent: string, { counts, options, sizeBytes }: ExportPlan): Promise<void> {
  const needed = counts.masks * BYTES_A_MASK + (options.images === 'copy' ? sizeBytes : 0);
  const { bavail, bsize } = await statfs(parent);
  const free = bavail * bsize;
  if (needed <= free) return;
  const thrifty = FORMAT_IMAGES[options.format].filter((images) => images !== 'copy').join(', ');
  const room = { needed: toMb(needed), path: parent, free: toMb(free) };
  throw thrifty === ''
    ? userError('export-disk-full', room)
    : userError('export-disk-full-copies', { ...room, thrifty });
}

const toMb = (bytes: number) => `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;

/** The error of writing as a person can act on it; bugs come back unchanged. */
export function translateWriteError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof UserError || !('code' in error)) return error;
  const code = String(error.code);
  if (isDiskFull(error)) {
    return userError('export-stopped-full', { path }, { cause: error });
  }
  if (!('syscall' in error) && !code.startsWith('SQLITE_')) return error;
  return userError('target-unusable', { path, errno: code }, { cause: error });
}
