import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { phrase } from '../contract/error-texts/error-text.ts';
import { UserError, userError } from '../contract/errors.ts';
import { FORMAT_IMAGES, type ExportResult } from '../contract/export.ts';
import type { ExportImageName, ExportImageRow, ExportPlan } from '../domain/export-plan.ts';
import type { ImageLimits } from '../core/image/image-limits.ts';
import { ImageProblemError } from '../core/image/image-problem.ts';
import type { NotedReader } from '../core/image/noted-reader.ts';
import { refuseGoneFolder, resolveFile } from '../core/image/walk.ts';
import type { ExportContext, ExportedImage, ExportedMask, ExportWriter } from './format.ts';
import { formatOf } from './formats.ts';
import { ImageNames, NameCollisions } from './image-names.ts';
import { placeImage, type Placed } from './place-image.ts';
import { manifestOf, translateWriteError } from './output-folder.ts';
import { csvField, TextFile } from './text-file.ts';

/** How many reasons why images are left out are reported individually; the rest are counted. */
const PROBLEMS_KEPT = 200;
/** Copying is bound by the disk and, where pictures are turned, by the CPU. */
const IMAGES_IN_FLIGHT_A_CORE = 2;

export type ExportRun = {
  plan: ExportPlan;
  /** Folder or file to write; see ExportTarget. */
  path: string;
  /** Whether an earlier run has left images there. */
  isResumed: boolean;
  limits: ImageLimits;
  reader: NotedReader;
  cores: number;
  signal: AbortSignal;
  /** Images by id, after this one; none at the end. */
  nextPage: (afterId: number) => Promise<ExportImageRow[]>;
  /** The same of paths alone: of the version (null), or of all images in the collection of that folder. */
  nextNames: (rootPath: string | null, afterId: number) => Promise<ExportImageName[]>;
  onProgress: (done: number) => void;
};

/**
 * Writes a dataset version in one format, page by page: what is in memory does not grow with the dataset.
 * An image that cannot be exported is left out and reported, and the export continues with the rest.
 * @throws UserError BAD_INPUT, DISK_FULL, TARGET_UNUSABLE; or the signal's reason
 */
export async function writeExport(run: ExportRun): Promise<ExportResult> {
  const { plan, path } = run;
  const format = formatOf(plan.options.format);
  refuseUnsuitable(plan);
  const report = new Report();
  const context: ExportContext = {
    path,
    plan,
    finalPath: plan.options.outPath,
    note: (text) => report.note(text),
    remark: ({ relPath }, detail) => report.remark(relPath, detail),
  };
  try {
    await using writer = await format.open(context);
    await using list =
      format.target === 'folder' ? await ImageList.create(join(path, 'images.csv')) : undefined;
    await writeImages(run, { writer, list, report });
    const result = report.result();
    if (result.images === 0) throw nothingLeft(plan, result);
    const manifest = manifestOf(plan, result);
    await writer.finish(manifest.text);
    await list?.finish();
    if (format.target === 'folder') {
      await writeFile(join(path, manifest.name), manifest.text);
      await writeAbout(run, result);
    }
    return result;
  } catch (error) {
    throw translateWriteError(error, plan.options.outPath);
  }
}

function refuseUnsuitable(plan: ExportPlan): void {
  const { format: name, images } = plan.options;
  const format = formatOf(name);
  const allowed = FORMAT_IMAGES[name];
  if (!allowed.includes(images)) {
    throw userError('format-images', {
      format: name,
      images,
      reason: format.imagesReason === undefined ? '' : phrase(format.imagesReason),
      allowed: allowed.join(', '),
    });
  }
  const refusal = format.refusal?.(plan);
  if (refusal === undefined) return;
  throw userError('format-classes', { format: name, refusal });
}

type NamedImage = { row: ExportImageRow; name: string };
type Sinks = { writer: ExportWriter; list: ImageList | undefined; report: Report };

async function writeImages(run: ExportRun, { writer, list, report }: Sinks): Promise<void> {
  const names = new ImageNames(await collisionsOf(run));
  const presentRoots = await presentOf(run.plan.rootPaths);
  const limit = pLimit(run.cores * IMAGES_IN_FLIGHT_A_CORE);
  const classNames = new Map(run.plan.classes.map(({ number, name }) => [number, name]));
  let [afterId, done, maskNumber] = [0, 0, 0];
  for (;;) {
    run.signal.throwIfAborted();
    const rows = await run.nextPage(afterId);
    const named = rows.map((row) => ({ row, name: names.take(row) }));
    const placed = await placeAll(run, named, (image) =>
      limit(() => placeOrReport(run, image, { report, presentRoots })),
    );
    for (const image of named) {
      run.signal.throwIfAborted();
      const { row, name } = image;
      const place = placed.get(image);
      if (place) {
        report.departure(place.departure);
        const masks = row.masks.map((mask): ExportedMask => ({
          ...mask,
          number: ++maskNumber,
          className: classNames.get(mask.classNumber) ?? '',
          shape: { gridWidth: row.widthPx, gridHeight: row.heightPx, rle: mask.rle },
        }));
        const exported: ExportedImage = {
          number: report.images + 1,
          name,
          split: row.split,
          file: place.file,
          masks,
          widthPx: row.widthPx,
          heightPx: row.heightPx,
          contentHash: row.contentHash,
          relPath: row.relPath,
        };
        await writer.add(exported);
        await list?.add(exported);
        report.added(masks.length, run.plan, row);
      }
      run.onProgress(++done);
    }
    const last = rows.at(-1);
    if (!last) return;
    afterId = last.id;
  }
}

/** Several at a time, except for suspects: see [Note: Files that end their reader]. */
async function placeAll(
  { reader }: ExportRun,
  images: readonly NamedImage[],
  place: (image: NamedImage) => Promise<Placed | undefined>,
): Promise<Map<NamedImage, Placed | undefined>> {
  const placed = new Map<NamedImage, Placed | undefined>();
  const placeOne = async (image: NamedImage) => void placed.set(image, await place(image));
  const isSuspect = ({ row }: NamedImage) => reader.isSuspect(resolveFile(row.rootPath, row.file));
  const [suspects, others] = [images.filter(isSuspect), images.filter((image) => !isSuspect(image))];
  for (const suspect of suspects) await placeOne(suspect);
  await allSettled(others.map(placeOne));
  return placed;
}

/**
 * The names that several images would get, also images that are not in the version: without the list of the export,
 * the name alone says which image it was.
 */
async function collisionsOf({ plan, nextNames, signal }: ExportRun): Promise<NameCollisions> {
  const collisions = new NameCollisions();
  for (const folder of [null, ...plan.rootPaths]) {
    for (let afterId = 0; ;) {
      signal.throwIfAborted();
      const images = await nextNames(folder, afterId);
      for (const { rootPath, relPath } of images) collisions.note(rootPath, relPath);
      const last = images.at(-1);
      if (!last) break;
      afterId = last.id;
    }
  }
  return collisions;
}

/** As Promise.all, but fails only once nothing is in progress: what is written is about to be removed. */
async function allSettled(promises: readonly Promise<void>[]): Promise<void> {
  for (const one of await Promise.allSettled(promises)) if (one.status === 'rejected') throw one.reason;
}

async function placeOrReport(
  { plan, path, limits, signal, isResumed, reader }: ExportRun,
  { row, name }: NamedImage,
  { report, presentRoots }: { report: Report; presentRoots: ReadonlySet<string> },
): Promise<Placed | undefined> {
  const format = formatOf(plan.options.format);
  // A format that keeps images inside its own file reads them there; all others have them next to their labels.
  const folder = format.target === 'folder' ? path : `${path}.images`;
  try {
    const placing = {
      images: plan.options.images,
      onlyJpeg: format.needsJpeg === true,
      folder,
      name,
      isResumed,
      imageFolder: format.imageFolder(row.split),
      rootPaths: plan.rootPaths,
      limits: { ...limits, brightness: plan.brightness[row.rootPath] },
      signal,
    };
    return await reader.read(resolveFile(row.rootPath, row.file), () => placeImage(row, placing));
  } catch (error) {
    if (!(error instanceof ImageProblemError)) throw error;
    // A drive that goes away meanwhile would leave an export without its images.
    if (presentRoots.has(row.rootPath)) await refuseGoneFolder(row.rootPath);
    report.problem(row.relPath, error.message);
    return undefined;
  }
}

/** The folders that exist now; images of the others are skipped and listed. */
async function presentOf(rootPaths: readonly string[]): Promise<Set<string>> {
  const present = new Set(rootPaths);
  for (const path of rootPaths) await refuseGoneFolder(path).catch(() => present.delete(path));
  return present;
}

/** Counts what went in, and collects what a person should know. */
class Report {
  images = 0;
  #masks = 0;
  #leftOut = 0;
  #turned = 0;
  #asLinks = 0;
  #copiedUpright = 0;
  #copiedAcross = 0;
  readonly #problems: ExportResult['problems'] = [];
  readonly #notes = new Set<string>();

  added(masks: number, { options }: ExportPlan, { orientation }: ExportImageRow): void {
    this.images++;
    this.#masks += masks;
    if (orientation !== 1 && options.images === 'reference') this.#turned++;
    if (options.images === 'hardlink') this.#asLinks++;
  }

  departure(departure: Placed['departure']): void {
    if (departure === 'copied-upright') this.#copiedUpright++;
    if (departure === 'copied-instead-of-linked') this.#copiedAcross++;
  }

  problem(relPath: string, detail: string): void {
    this.#leftOut++;
    this.remark(relPath, detail);
  }

  remark(relPath: string, detail: string): void {
    if (this.#problems.length < PROBLEMS_KEPT) this.#problems.push({ relPath, detail });
  }

  note(text: string): void {
    this.#notes.add(text);
  }

  result(): ExportResult {
    const notes = [...this.#notes];
    if (this.#turned > 0) {
      notes.push(
        `${this.#turned} images are rotated by EXIF: tools that ignore EXIF show their masks rotated. --images copy writes upright copies.`,
      );
    }
    if (this.#asLinks > this.#copiedUpright + this.#copiedAcross) {
      notes.push(
        'The images are hard links: editing one of them edits the original. --images copy writes copies.',
      );
    }
    if (this.#copiedUpright > 0) {
      notes.push(
        `${this.#copiedUpright} images were copied upright, because their files cannot be used as they are.`,
      );
    }
    if (this.#copiedAcross > 0) {
      notes.push(
        `${this.#copiedAcross} images were copied, because the drive does not support hard links to them.`,
      );
    }
    return {
      images: this.images,
      masks: this.#masks,
      leftOut: this.#leftOut,
      problems: this.#problems,
      notes,
    };
  }
}

function nothingLeft(
  { datasetName, versionNumber }: ExportPlan,
  { problems, leftOut }: ExportResult,
): UserError {
  const [first] = problems;
  const none = { count: leftOut, dataset: datasetName, version: versionNumber };
  return first
    ? userError('export-empty-first', { ...none, path: first.relPath, detail: first.detail })
    : userError('export-empty', none);
}

/** Which name in the export is which image. */
class ImageList {
  readonly #file: TextFile;

  private constructor(file: TextFile) {
    this.#file = file;
  }

  static async create(path: string): Promise<ImageList> {
    const file = await TextFile.create(path);
    await file.write('name,split,file,original,width,height,masks,sha256\r\n');
    return new ImageList(file);
  }

  async add(image: ExportedImage): Promise<void> {
    const { name, split, file, relPath, widthPx, heightPx, masks, contentHash } = image;
    const fields = [name, split, file.path, relPath, widthPx, heightPx, masks.length, contentHash];
    await this.#file.write(`${fields.map(csvField).join(',')}\r\n`);
  }

  finish(): Promise<void> {
    return this.#file.flush();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file[Symbol.asyncDispose]();
  }
}

async function writeAbout({ plan, path }: ExportRun, result: ExportResult): Promise<void> {
  const { datasetName, versionNumber, options, appVersion } = plan;
  const lines = [
    `${datasetName}, version ${versionNumber}, written as ${options.format} by R2O Studio ${appVersion}.`,
    '',
    `${result.images} images, ${result.masks} masks. images.csv maps each image to its original.`,
    'Masks match the upright image, with EXIF orientation applied.',
    ...result.notes,
    '',
    ...formatOf(options.format).help(plan),
  ];
  await writeFile(join(path, 'README.txt'), `${lines.join('\n')}\n`);
}
