import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { z } from 'zod';
import type { ExportFormat } from '../../src-main/contract/export.ts';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import { openCvPolygonMask } from '../../src-main/core/mask/fill-opencv.ts';
import { exportedRow } from '../../src-main/export/polygons.ts';
import type { Campaign, Chance } from './campaign.ts';
import { runCommand } from './running-command.ts';

type Check = { tool: string; format: ExportFormat; options?: readonly string[] };

/** What is exported for each tool. */
const CHECKS: readonly Check[] = [
  { tool: 'pycocotools', format: 'coco' },
  { tool: 'pycocotools', format: 'coco-polygon' },
  { tool: 'datumaro', format: 'datumaro' },
  { tool: 'datumaro', format: 'cvat' },
  { tool: 'datumaro', format: 'coco' },
  { tool: 'datumaro', format: 'coco-polygon' },
  { tool: 'datumaro', format: 'voc' },
  { tool: 'cvat-sdk', format: 'cvat' },
  { tool: 'label-studio', format: 'label-studio' },
  { tool: 'label-studio-min', format: 'label-studio' },
  { tool: 'labelme', format: 'labelme' },
  { tool: 'labelme', format: 'labelme', options: ['--labelme-shapes', 'polygon'] },
  { tool: 'ultralytics', format: 'yolo' },
  { tool: 'supervision', format: 'yolo' },
];
/** Names of photos as people have them. */
const NAMES = ['plain', 'my cat', 'my_cat', 'ü # 100%', "o'clock & more", 'a.b.c', 'Ünïcode ñ', '写真'];
const FOLDER = import.meta.dirname;
const SIZE = { gridWidth: 320, gridHeight: 240 };

/** Masks of images by their names without extension: class and COCO's run lengths. */
const Masks = z.record(z.string(), z.array(z.tuple([z.string(), z.string()])));
type Masks = z.infer<typeof Masks>;
const Reading = z.object({ version: z.string(), masks: Masks, saved: z.string().nullable() });
const Imported = z.object({
  result: z.object({
    kept: z.number(),
    changed: z.number(),
    added: z.number(),
    rejected: z.number(),
    skipped: z.number(),
    problems: z.array(z.object({ name: z.string(), detail: z.string() })),
  }),
});

/** How many masks there were in all cases, and how many of them were right; `copy` is null for a tool that saves none. */
type Tally = { version: string; masks: number; read: number; untouched: number; copy: number | null };
type Tallies = Map<string, Tally>;

/**
 * Exports masks for every labeling tool whose code can be had as a package. The tool has to read each mask as it is, and what
 * comes back has to change nothing: the export untouched, and the copy that the tool saves.
 */
export const campaign: Campaign = {
  count: 3,
  open: () => {
    const python = preparePython();
    const tallies: Tallies = new Map();
    return Promise.resolve({
      run: (chance) =>
        'reason' in python ? Promise.resolve(python.reason) : checkTools(python.path, chance, tallies),
      [Symbol.asyncDispose]: () => {
        console.table(Object.fromEntries(tallies));
        return Promise.resolve();
      },
    });
  },
};

function preparePython(): { path: string } | { reason: string } {
  const { status, stdout, stderr } = spawnSync(join(FOLDER, 'tools/prepare.sh'), { encoding: 'utf8' });
  if (status === 0) return { path: stdout.trim() };
  if (status === 3) return { reason: `skipped: ${stderr.trim()}` };
  throw new Error(`the tools cannot be prepared:\n${stderr}`);
}

async function checkTools(python: string, { whole }: Chance, tallies: Tallies): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'r2o-campaign-'));
  try {
    const work = await segmentPhotos(folder, whole(1, 100_000));
    const failures: string[] = [];
    for (const [index, check] of CHECKS.entries()) {
      const name = [check.tool, check.format, ...(check.options ?? []).slice(-1)].join(' ');
      const tally = await checkTool({ ...work, python, folder: join(folder, String(index)) }, check);
      failures.push(...tally.failures.map((failure) => `${name}: ${failure}`));
      tallies.set(name, sumOf(tallies.get(name), tally));
    }
    if (failures.length > 0) throw new Error(failures.join('\n'));
    return `${CHECKS.length} checks`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function sumOf(before: Tally | undefined, { version, masks, read, untouched, copy }: Tally): Tally {
  if (!before) return { version, masks, read, untouched, copy };
  return {
    version,
    masks: before.masks + masks,
    read: before.read + read,
    untouched: before.untouched + untouched,
    copy: copy === null || before.copy === null ? null : before.copy + copy,
  };
}

/** A data folder with segmented photos and a dataset of them, and the masks of that dataset. */
type Work = { data: string; truth: Masks };

async function segmentPhotos(folder: string, seed: number): Promise<Work> {
  const data = join(folder, 'data');
  const photos = join(folder, 'photos/images');
  await writeScenes(join(folder, 'photos'), { count: NAMES.length, seed });
  for (const [index, file] of readdirSync(photos).sort().entries()) {
    renameSync(
      join(photos, file),
      join(photos, `${NAMES[index] ?? index}${file.slice(file.lastIndexOf('.'))}`),
    );
  }
  await r2o(data, 'collections', 'add', photos, '--name', 'photos');
  await r2o(data, 'segment', 'photos', '--concepts', '3');
  await r2o(data, 'dataset', 'create', 'masks', '--segmentation', '1');
  const file = join(folder, 'truth.sqlite');
  await r2o(data, 'export', 'masks', '--format', 'sqlite', '--out', file);
  return { data, truth: masksIn(file) };
}

async function r2o(data: string, ...command: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(data, command);
  if (code !== 0) throw new Error(`r2o ${command.join(' ')} ended with ${code}:\n${stderr}`);
  return stdout;
}

function masksIn(file: string): Masks {
  using db = new DisposableDatabase(file);
  const masks: Masks = {};
  for (const { image, className, rle } of db.masks()) (masks[image] ??= []).push([className, rle]);
  return masks;
}

class DisposableDatabase implements Disposable {
  readonly #db: Database.Database;

  constructor(file: string) {
    this.#db = new Database(file, { readonly: true });
  }

  masks(): { image: string; className: string; rle: string }[] {
    const sql =
      'SELECT i.name AS image, c.name AS className, m.rle FROM masks m JOIN images i ON i.id = m.image_id JOIN classes c ON c.id = m.class_id';
    return this.#db.prepare<[], { image: string; className: string; rle: string }>(sql).all();
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}

async function checkTool(
  { data, truth, python, folder }: Work & { python: string; folder: string },
  { tool, format, options = [] }: Check,
): Promise<Tally & { failures: string[] }> {
  const [exported, copy] = [join(folder, 'export'), join(folder, 'copy')];
  await r2o(data, 'export', 'masks', '--format', format, '--out', exported, ...options);
  const script = join(FOLDER, 'tools/labeling_tools.py');
  const { status, stdout, stderr } = spawnSync(python, [script, tool, format, exported, copy], {
    encoding: 'utf8',
  });
  const masks = Object.values(truth).flat().length;
  const untouched = await importBack(data, exported, masks);
  if (status !== 0) {
    const failures = [
      `it cannot read the export: ${stderr.trim().split('\n').at(-1) ?? ''}`,
      ...untouched.failures,
    ];
    return { version: '?', masks, read: 0, untouched: untouched.kept, copy: null, failures };
  }
  const { version, masks: found, saved } = Reading.parse(JSON.parse(stdout));
  const read = sameIn(format === 'yolo' ? asRows(truth) : truth, found);
  const back = saved === null ? undefined : await importBack(data, copy, masks);
  const failures = [
    ...(read === masks ? [] : [`it reads ${read} of ${masks} masks as they are`]),
    ...untouched.failures.map((failure) => `untouched, ${failure}`),
    ...(back?.failures ?? []).map((failure) => `as saved by it, ${failure}`),
  ];
  return { version, masks, read, untouched: untouched.kept, copy: back?.kept ?? null, failures };
}

/** How many masks are the same, with the same class, in both. */
function sameIn(truth: Masks, found: Masks): number {
  let same = 0;
  for (const [image, masks] of Object.entries(truth)) {
    const left = new Map<string, number>();
    const key = (mask: readonly string[]) => mask.join('\n');
    for (const mask of found[image] ?? []) left.set(key(mask), (left.get(key(mask)) ?? 0) + 1);
    for (const mask of masks) {
      const count = left.get(key(mask)) ?? 0;
      if (count > 0) same++;
      left.set(key(mask), count - 1);
    }
  }
  return same;
}

/** As rows of YOLO can hold them: with the pixels under the seams between parts. */
function asRows(masks: Masks): Masks {
  const grid = { widthPx: SIZE.gridWidth, heightPx: SIZE.gridHeight };
  const box = { x: 0, y: 0, width: grid.widthPx, height: grid.heightPx };
  const rowOf = (rle: string) => {
    const shape = { ...SIZE, rle: Buffer.from(rle, 'latin1') };
    const row = openCvPolygonMask(exportedRow({ shape, box }, { polygons: 'exact' }), grid);
    return Buffer.from(row?.shape.rle ?? []).toString('latin1');
  };
  return Object.fromEntries(
    Object.entries(masks).map(([image, ofImage]) => [
      image,
      ofImage.map(([className, rle]): [string, string] => [className, rowOf(rle)]),
    ]),
  );
}

/** Imports masks that should be the same as before, into a copy of the data folder. */
async function importBack(
  original: string,
  path: string,
  masks: number,
): Promise<{ kept: number; failures: string[] }> {
  const data = `${path}-data`;
  cpSync(original, data, { recursive: true });
  const printed = await r2o(data, 'import-masks', '1', path, '--reject-missing', '--json');
  const { result } = Imported.parse(JSON.parse(printed));
  const { kept, changed, added, rejected, skipped, problems } = result;
  if (kept === masks && changed + added + rejected + skipped === 0) return { kept, failures: [] };
  const [first] = problems;
  const why = first ? ` (${first.name}: ${first.detail})` : '';
  return {
    kept,
    failures: [
      `${kept} of ${masks} masks are unchanged, ${changed} changed, ${added} added, ${rejected} rejected, ${skipped} not used${why}`,
    ],
  };
}
