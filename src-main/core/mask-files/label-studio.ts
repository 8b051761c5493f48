import { z } from 'zod';
import { firstGrid } from './first-grid.ts';
import { claimedSize, type GridSize } from './image-grid.ts';
import { imagePathIn } from './image-address.ts';
import { hasArea, regionMask } from './label-studio-region.ts';
import type { MaskFileContext, MaskRecord } from './mask-record.ts';
import { ObjectParts } from './object-parts.ts';
import { shareOf } from './score.ts';

const Text = z.union([z.string(), z.number()]).transform(String);
const Fields = z.record(z.string(), z.unknown());
type Fields = z.infer<typeof Fields>;
const Answer = z.object({
  id: Text.nullish().catch(null),
  result: z
    .array(z.unknown())
    .nullable()
    .transform((result) => result ?? []),
  was_cancelled: z.boolean().nullish().catch(null),
  ground_truth: z.boolean().nullish().catch(null),
  updated_at: Text.nullish().catch(null),
});
type Answer = z.infer<typeof Answer>;
const Answers = z.array(z.unknown()).catch([]);
const Task = z.object({
  id: Text.nullish().catch(null),
  data: Fields,
  annotations: Answers,
  /** What versions before 1.0 call annotations. */
  completions: Answers,
  predictions: Answers,
});
const MinTask = z.looseObject({ id: Text.nullish().catch(null) });
const Region = z.object({
  id: Text.nullish().catch(null),
  type: z.string().catch('region'),
  value: Fields.catch({}),
  original_width: z.unknown().optional(),
  original_height: z.unknown().optional(),
  image_rotation: z.unknown().optional(),
  item_index: z.unknown().optional(),
  score: z.unknown().optional(),
});
type Region = z.infer<typeof Region>;

/**
 * The masks of tasks of Label Studio, as JSON or JSON-MIN: brush masks, bitmasks, polygons, closed vectors, rectangles and ellipses. What a
 * person submitted counts; a task without it has the predictions. Each region without an area is a problem that names it.
 * Source: Label Studio documentation, "Export annotations", Label Studio JSON format of annotated tasks.
 * @param json content of the whole file
 */
export function* readLabelStudio(json: unknown, context: MaskFileContext): Generator<MaskRecord> {
  const tasks = Array.isArray(json) ? (json as unknown[]) : [json];
  for (const [index, entry] of tasks.entries()) {
    const task = taskOf(entry, `${context.name}: tasks[${index}]`);
    if (typeof task === 'string') {
      yield { kind: 'problem', name: `${context.name}: tasks[${index}]`, detail: task };
    } else yield* readTask(task, context);
  }
}

/** A task, and what is used of its answers. */
type UsedTask = {
  name: string;
  imageName: string;
  regions: Region[];
  /** Answers whose regions are not used. */
  unused: { name: string; detail: string }[];
  odd: string[];
};

function taskOf(entry: unknown, name: string): UsedTask | string {
  const { data: task } = Task.safeParse(entry);
  const { data: min } = task ? { data: undefined } : MinTask.safeParse(entry);
  const data = task?.data ?? min;
  if (!data) return 'It is not a task of Label Studio.';
  const imageName = imageNameOf(data);
  if (imageName === undefined) return 'Its data names no image.';
  const shown = `${name} of ${imageName}`;
  if (min) return { name: shown, imageName, regions: minRegionsOf(min), unused: [], odd: [] };
  const submitted = [...(task?.annotations ?? []), ...(task?.completions ?? [])];
  const { used, others } = answersOf(submitted, task?.predictions ?? []);
  const unused = others.map(({ id, was_cancelled }, index) => ({
    name: `${shown}: annotation ${id ?? index}`,
    detail: was_cancelled === true ? SKIPPED : OTHER_USED,
  }));
  const odd = submitted.flatMap((entry, index) =>
    Answer.safeParse(entry).success ? [] : [`${shown}: annotations[${index}]`],
  );
  return { name: shown, imageName, regions: (used?.result ?? []).map(regionOf), unused, odd };
}

/** The answer that counts: the ground truth, else the latest annotation, else the latest prediction. */
function answersOf(annotations: readonly unknown[], predictions: readonly unknown[]) {
  const answers = annotations.flatMap(answerOf);
  const submitted = answers.filter(({ was_cancelled }) => was_cancelled !== true);
  const withRegions = answers.filter(
    ({ was_cancelled, result }) => was_cancelled === true && result.length > 0,
  );
  if (submitted.length === 0) return { used: predictions.flatMap(answerOf).at(-1), others: withRegions };
  const [used, ...others] = submitted.toSorted(
    (a, b) => Number(b.ground_truth ?? false) - Number(a.ground_truth ?? false) || newerFirst(a, b),
  );
  return { used, others: [...others, ...withRegions] };
}

const OTHER_USED = 'Another annotation of the task is used: the ground truth, or else the latest.';
const SKIPPED = 'The task was skipped in Label Studio with this annotation, so it is not imported.';

function newerFirst(a: Answer, b: Answer): number {
  const [timeA, timeB] = [a.updated_at ?? '', b.updated_at ?? ''];
  return timeA < timeB ? 1 : timeA > timeB ? -1 : 0;
}

function answerOf(entry: unknown): Answer[] {
  const { data } = Answer.safeParse(entry);
  return data ? [data] : [];
}

function regionOf(entry: unknown): Region {
  return Region.safeParse(entry).data ?? { type: 'region', value: {} };
}

/** JSON-MIN has regions in lists named after the tags, without `value`. */
function minRegionsOf(task: Fields): Region[] {
  return Object.values(task).flatMap((list) =>
    Array.isArray(list) && list.some((entry) => Fields.safeParse(entry).success)
      ? list.map((entry: unknown) => {
          const { data } = Fields.safeParse(entry);
          return regionOf({ ...data, type: 'region', value: data });
        })
      : [],
  );
}

const IMAGE_SUFFIX = /\.(jpe?g|png|webp|gif|bmp|tiff?|avif|heic|heif)\b/i;

/** The image is called `image` as a rule, but the labeling interface may call it anything. */
function imageNameOf(data: Fields): string | undefined {
  const addresses = Object.entries(data)
    .filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '')
    .toSorted(([a], [b]) => Number(b === 'image') - Number(a === 'image'));
  const isImage = ([key, value]: [string, string]) => key === 'image' || IMAGE_SUFFIX.test(value);
  return addresses.filter(isImage).flatMap(([, value]) => imagePathIn(value) ?? [])[0];
}

function* readTask(
  { name, imageName, regions, unused, odd }: UsedTask,
  context: MaskFileContext,
): Generator<MaskRecord> {
  for (const note of unused) yield { kind: 'note', ...note };
  for (const entry of odd)
    yield { kind: 'problem', name: entry, detail: 'It is not an annotation with a list "result".' };
  const objects = new ObjectParts();
  const grids = new Grids(imageName, context);
  let skipped = odd.length;
  for (const [index, parts] of groupedById(regions).entries()) {
    const [first] = parts;
    const labels = parts.flatMap(({ value }) => labelsOf(value));
    const className = labels[0] ?? null;
    const mask = maskOf(parts, grids);
    const region = `${name}: region ${first?.id ?? index + 1}${className === null ? '' : ` '${className}'`}`;
    if (typeof mask === 'string') {
      skipped++;
      yield { kind: 'problem', name: region, detail: mask };
      continue;
    }
    objects.add(undefined, mask, { className, score: shareOf(first?.score) });
    if (new Set(labels).size > 1) {
      yield { kind: 'note', name: region, detail: `It has several labels; ${className ?? ''} is used.` };
    }
  }
  const grid = grids.any();
  if (typeof grid === 'string') return;
  yield {
    kind: 'masks',
    imageName: grids.imageName,
    ...grid,
    masks: objects.masks(),
    ignored: null,
    skipped,
  };
}

/** A shape and its label may be separate entries with the same id. */
function groupedById(regions: readonly Region[]): Region[][] {
  return [...Map.groupBy(regions, ({ id }) => id ?? Symbol('no id')).values()];
}

function maskOf(parts: readonly Region[], grids: Grids) {
  const shape = parts.find(({ value }) => hasArea(value));
  if (!shape) return `A region of the type ${parts[0]?.type ?? ''} has no area, so it is not imported.`;
  const { value, image_rotation, item_index } = shape;
  if (Number(image_rotation ?? 0) !== 0) {
    return 'Its image was turned in Label Studio: turn it back there, then export again.';
  }
  if (Number(item_index ?? 0) !== 0) return 'It belongs to another image of a task of several.';
  const grid = grids.of(shape);
  return typeof grid === 'string' ? grid : regionMask(value, grid);
}

/** Our exports are served from the folder that contains them: EXPORT/images/SPLIT/NAME. */
const IN_EXPORT = /^[^/]+\/(images\/(?:train|val|test)\/([^/]+))$/;

/** What an image may be called: the path below the document root, that below an export, and its name there. */
function namesOf(imageName: string): [string, ...string[]] {
  const [, below, name] = IN_EXPORT.exec(imageName) ?? [];
  return below === undefined || name === undefined ? [imageName] : [imageName, below, name];
}

/** Every region says how large its image is. */
class Grids {
  #names: [string, ...string[]];
  readonly #context: MaskFileContext;
  readonly #known = new Map<string, GridSize | string>();

  constructor(imageName: string, context: MaskFileContext) {
    this.#names = namesOf(imageName);
    this.#context = context;
  }

  of({
    original_width,
    original_height,
  }: Pick<Region, 'original_width' | 'original_height'>): GridSize | string {
    const claimed = claimedSize(original_width, original_height);
    const key = claimed ? `${claimed.widthPx} ${claimed.heightPx}` : '';
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const { imageName, grid } = firstGrid(this.#names, this.#context.gridOf, claimed);
    if (typeof grid !== 'string') this.#names = [imageName];
    this.#known.set(key, grid);
    return grid;
  }

  /** The name by which the image was found. */
  get imageName(): string {
    return this.#names[0];
  }

  /** A size that fits, if any region has one. */
  any(): GridSize | string {
    const fitting = [...this.#known.values()].find((grid) => typeof grid !== 'string');
    return fitting ?? this.of({ original_width: undefined, original_height: undefined });
  }
}

function labelsOf(value: Fields): string[] {
  const lists = Object.entries(value).filter(([key]) => /labels$/i.test(key));
  return lists.flatMap(([, list]) => [list].flat().filter((one) => typeof one === 'string'));
}
