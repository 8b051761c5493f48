import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { z } from 'zod';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import {
  redPlace,
  SQUARE_PX,
  TWO_COLOURS_SIZE,
  twoColoursName,
  writeTwoColours,
} from '../support/two-colour-pictures.ts';
import { isDone, lastJob, resultOf, rowsOf, type Prepared } from './results.ts';
import { runCommand, type CommandEnd } from './running-command.ts';
import { definitionOf, WORKS, type Place, type Work } from './works.ts';

const SCENES = { count: 16, seed: 5 };
/** Pictures of two things each, and those of them in which a person has corrected what is one. */
const [COLOURS, CORRECTED_COLOURS] = [14, 6];
/** Images with 16 bits per sample, each brighter than the last, so that a range of some of them is not that of all. */
const DEEP_IMAGES = 12;
const DEEP_SIDE_PX = 64;
/** Nobody writes so much over it that it is the same. */
const OLD_FILE = 'What somebody has written there before.';

/** The folders of one case. */
export type CasePlace = Pick<Place, 'data' | 'target'>;

/** Photos, and for each kind of work a data folder that is ready for it and what it leads to if nothing disturbs it. */
export class Journey implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'r2o-campaign-'));
  readonly #prepared = new Map<Work, Promise<Prepared>>();

  static async open(): Promise<Journey> {
    const journey = new Journey();
    await writeScenes(join(journey.folder, 'photos'), SCENES);
    await writeDeepImages(join(journey.folder, 'photos/deep'));
    await writeTwoColours(join(journey.folder, 'colours/images'), COLOURS);
    writeRedLabels(join(journey.folder, 'colours/labels'), CORRECTED_COLOURS);
    cpSync(join(journey.folder, 'photos/images'), join(journey.folder, 'moved'), { recursive: true });
    return journey;
  }

  /** Made once, when it is first needed. */
  prepared(work: Work): Promise<Prepared> {
    const known = this.#prepared.get(work) ?? this.#prepare(work);
    this.#prepared.set(work, known);
    return known;
  }

  /** Lays out a case: the data folder before the work, and an older file where one is to be written. @returns its command */
  async begin(work: Work, place: CasePlace): Promise<string[]> {
    const { before } = await this.prepared(work);
    if (existsSync(before)) cpSync(before, place.data, { recursive: true });
    this.#layOldFile(work, place);
    return this.command(work, place);
  }

  command(work: Work, place: CasePlace): string[] {
    return definitionOf(work).command({ folder: this.folder, ...place });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #layOldFile(work: Work, { target }: CasePlace): void {
    const { writes } = definitionOf(work);
    if (writes === undefined || writes === 'export') return;
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, OLD_FILE);
  }

  async #prepare(work: Work): Promise<Prepared> {
    const folder = join(this.folder, 'works', work);
    const [before, after, target] = ['before', 'after', 'target/export'].map((name) => join(folder, name)) as [string, string, string]; // prettier-ignore
    const { after: earlier, reads = {}, commands } = definitionOf(work);
    if (earlier !== undefined)
      cpSync((await this.prepared(workNamed(earlier))).after, before, { recursive: true });
    for (const [name, other] of Object.entries(reads)) await this.#bring(name, workNamed(other));
    for (const args of commands?.(this) ?? []) await succeed(before, args);
    if (work === 'import') correctLabels(join(this.folder, 'labels/export'));
    if (existsSync(before)) cpSync(before, after, { recursive: true });
    this.#layOldFile(work, { data: after, target });
    const startedAtMs = performance.now();
    await succeed(after, this.command(work, { data: after, target }));
    const durationMs = performance.now() - startedAtMs;
    const old = definitionOf(work).writes === 'export' ? undefined : OLD_FILE;
    return { before, after, target, durationMs, old, result: resultOf(work, { data: after, target }) };
  }

  /** Brings what other work has written to a place below the journey's folder. */
  async #bring(name: string, work: Work): Promise<void> {
    const { target } = await this.prepared(work);
    cpSync(dirname(target), join(this.folder, name), { recursive: true });
  }
}

/** @throws Error for a name of nothing */
export function workNamed(name: string): Work {
  const work = WORKS.find((one) => one === name);
  if (work === undefined) throw new Error(`There is no work '${name}', but: ${WORKS.join(', ')}.`);
  return work;
}

/** Those of some kinds of work to which a run is limited; all without a limit. @param only names, divided by commas */
export function worksOf(
  only: string | undefined,
  all: readonly [Work, ...Work[]] = WORKS,
): readonly [Work, ...Work[]] {
  if (only === undefined) return all;
  const [first, ...others] = only.split(',').map(workNamed);
  return first === undefined ? all : [first, ...others];
}

/** Corrects masks as a person would: most are moved, one of each image is deleted, and one is drawn. */
function correctLabels(folder: string): void {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /^\w+[/\\].*\.json$/.test(name),
  );
  for (const name of files) {
    const path = join(folder, name);
    const file = LabelMe.parse(JSON.parse(readFileSync(path, 'utf8')));
    const moved = file.shapes
      .slice(1)
      .map((shape) => ({ ...shape, points: shape.points.map(([x, y]) => [x - 1, y - 1]) }));
    const drawn = { label: 'drawn', shape_type: 'polygon', points: [[1, 1], [9, 1], [9, 9]] }; // prettier-ignore
    writeFileSync(path, JSON.stringify({ ...file, shapes: [...moved, drawn] }));
  }
}

/** What a person would have drawn in the first pictures: the red squares. */
function writeRedLabels(folder: string, count: number): void {
  mkdirSync(folder);
  for (let index = 0; index < count; index++) {
    const { x, y } = redPlace(index);
    const points = [[x, y], [x + SQUARE_PX, y + SQUARE_PX]]; // prettier-ignore
    const imagePath = twoColoursName(index);
    const { width: imageWidth, height: imageHeight } = TWO_COLOURS_SIZE;
    const shapes = [{ label: 'red', shape_type: 'rectangle', points }];
    const file = join(folder, imagePath.replace('.png', '.json'));
    writeFileSync(file, JSON.stringify({ version: '5.0', imagePath, imageWidth, imageHeight, shapes }));
  }
}

const LabelMe = z.looseObject({
  shapes: z.array(z.looseObject({ points: z.array(z.tuple([z.number(), z.number()])) })),
});

async function succeed(dataFolder: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runCommand(dataFolder, args);
  if (code !== 0) throw new Error(`r2o ${args.join(' ')} ended with ${code}:\n${stderr}`);
}

/** Continues disturbed work as the messages say, until it is done. @throws Error if it does not get there */
export async function goOn(
  work: Work,
  place: CasePlace,
  { command, prepared }: { command: readonly string[]; prepared: Prepared },
): Promise<void> {
  let last: CommandEnd | undefined;
  for (let attempt = 0; attempt < 3; attempt++) {
    if (isDone(work, place, prepared)) return;
    last = await runCommand(place.data, nextCommand(work, place.data) ?? command);
  }
  if (isDone(work, place, prepared)) return;
  throw new Error(`cannot be continued: ${last?.stderr ?? ''}`);
}

/** What continues the work; undefined where nothing of it was kept. */
function nextCommand(work: Work, dataFolder: string): string[] | undefined {
  const { job: hasJob, resume } = definitionOf(work);
  const job = hasJob && lastJob(work, dataFolder);
  if (job && job.state !== 'done') return ['jobs', 'resume', String(job.id)];
  if (resume && rowsOf(dataFolder, `SELECT 1 FROM ${resume.table}`).length > 0) return resume.command;
  return undefined;
}

async function writeDeepImages(folder: string): Promise<void> {
  mkdirSync(folder);
  for (let index = 0; index < DEEP_IMAGES; index++) {
    const samples = Uint16Array.from({ length: DEEP_SIDE_PX ** 2 }, (_, at) => (index + 1) * 100 + (at % 64));
    const raw = { width: DEEP_SIDE_PX, height: DEEP_SIDE_PX, channels: 1 } as const;
    const picture = sharp(samples, { raw }).toColourspace('grey16').png();
    await picture.toFile(join(folder, `deep-${String(index).padStart(2, '0')}.png`));
  }
}
