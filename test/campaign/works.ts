/** Where a command finds what it works on, and where it writes. */
export type Place = {
  /** Of the journey: photos, and what earlier work has left. */
  folder: string;
  /** Where an export or a file goes. */
  target: string;
  /** The data folder. */
  data: string;
};

export type WorkDefinition = {
  command: (place: Place) => string[];
  /** The kind of work that has to be done before, on the same data folder; none: an empty folder. */
  after?: string;
  /** Commands that are run before it. */
  commands?: (place: Pick<Place, 'folder'>) => string[][];
  /** Kinds of work whose targets are read, by the names under which they are found below the journey's folder. */
  reads?: Record<string, string>;
  /** Rows that say what finished work has led to, the same whenever the work is the same. */
  result: string;
  /** The kind of its job, and how many jobs of that kind came before it. A job that was stopped is resumed. */
  job?: { kind: string; before?: number };
  /** Continues work whose row was kept, but not that of its job. */
  resume?: { table: string; command: string[] };
  /** Without a job: a question that has a row once the work is done. Files are asked whether they are there. */
  done?: string;
  /** What it writes to the target. */
  writes?: 'export' | 'file' | 'portable file';
};

const TINY = ['--set', 'encoder=resnet18-half', 'viewPx=64', 'batchSize=4', 'checkpointMinutes=0.001'];
/** The step of an import in a data folder in which nothing was changed before. */
const IMPORT_STEP = '1';

const IMAGES =
  'SELECT rel_path, status, hex(content_hash) AS hash, width_px, height_px, note FROM images ORDER BY rel_path';
const DESCRIPTIONS =
  'SELECT mask_count, image_count, skipped_count, changed_count, finished_at_ms IS NOT NULL AS isFinished FROM descriptions';
const MODELS =
  'SELECT m.name, hex(m.file_sha256) AS hash, r.step FROM models m LEFT JOIN runs r ON r.id = m.run_id ORDER BY m.id';
const MASKS = `
  SELECT d.rel_path, d.is_preliminary, m.level, m.review, m.origin, m.score, c.number, hex(s.rle) AS shape
  FROM segmented_images d
    LEFT JOIN masks m ON m.segmentation_id = d.segmentation_id AND m.image_id = d.image_id
    LEFT JOIN mask_shapes s ON s.mask_id = m.id LEFT JOIN concepts c ON c.id = m.concept_id
  ORDER BY d.rel_path, m.level, m.score DESC, shape`;
const undone = (count: 0 | 1) =>
  `SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM mask_edits WHERE is_undone = ${count})`;

/** The kinds of work that campaigns disturb: jobs of all kinds that there are, and what changes rows or files without one. */
const DEFINITIONS = {
  scan: {
    command: ({ folder }) => ['collections', 'add', `${folder}/photos/images`, '--name', 'photos'],
    result: IMAGES,
    job: { kind: 'scan' },
    resume: { table: 'collections', command: ['collections', 'rescan', '1'] },
  },
  verify: {
    after: 'scan',
    command: () => ['collections', 'rescan', 'photos', '--verify'],
    result: IMAGES,
    job: { kind: 'scan', before: 1 },
  },
  measure: {
    command: ({ folder }) => ['collections', 'add', `${folder}/photos/deep`, '--name', 'deep'],
    result: `
      SELECT i.rel_path, i.status, hex(i.content_hash) AS hash, i.note, c.brightness, r.kind, r.level_from, r.level_to
      FROM images i JOIN collections c ON c.id = i.collection_id LEFT JOIN brightness_ranges r ON r.collection_id = c.id
      ORDER BY i.rel_path, r.kind`,
    job: { kind: 'scan' },
    resume: { table: 'collections', command: ['collections', 'rescan', '1'] },
  },
  pretrain: {
    after: 'scan',
    command: () => ['pretrain', 'photos', '--device', 'onnx:cpu', '--epochs', '3', ...TINY],
    result: MODELS,
    job: { kind: 'pretrain' },
    resume: { table: 'runs', command: ['runs', 'resume', '1'] },
  },
  'pretrain on masks': {
    after: 'scan',
    command: () => [
      'pretrain',
      'photos',
      '--preset',
      'masks',
      '--device',
      'onnx:cpu',
      '--epochs',
      '2',
      ...TINY,
    ],
    result: MODELS,
    job: { kind: 'pretrain' },
    resume: { table: 'runs', command: ['runs', 'resume', '1'] },
  },
  segment: {
    after: 'scan',
    command: () => ['segment', 'photos', '--concepts', '3'],
    result: MASKS,
    job: { kind: 'segment' },
    resume: { table: 'segmentations', command: ['segmentations', 'resume', '1'] },
  },
  freeze: {
    after: 'segment',
    command: () => ['dataset', 'create', 'photos', '--segmentation', '1'],
    result: `
      SELECT v.number, v.state, i.rel_path, i.split, m.class_number, hex(m.rle) AS shape
      FROM dataset_versions v JOIN dataset_images i ON i.version_id = v.id LEFT JOIN dataset_masks m ON m.image_id = i.id
      WHERE v.id = (SELECT max(id) FROM dataset_versions) ORDER BY i.rel_path, m.id`,
    done: `SELECT 1 FROM dataset_versions WHERE state = 'frozen'`,
  },
  export: {
    after: 'freeze',
    command: ({ target }) => ['export', 'photos', '--format', 'labelme', '--out', target],
    result: 'SELECT format, finished_at_ms IS NOT NULL AS isFinished FROM exports',
    job: { kind: 'export' },
    writes: 'export',
  },
  // Not of the dataset: masks that are missing are rejected only where an export had them.
  import: {
    after: 'export',
    reads: { labels: 'export' },
    command: ({ folder }) => ['import-masks', '1', `${folder}/labels/export`, '--reject-missing'],
    result: MASKS,
    job: { kind: 'import' },
  },
  undo: {
    after: 'import',
    command: () => ['review', '1', '--undo', IMPORT_STEP],
    result: MASKS,
    done: undone(0),
  },
  redo: {
    after: 'undo',
    command: () => ['review', '1', '--redo', IMPORT_STEP],
    result: MASKS,
    done: undone(1),
  },
  model: {
    after: 'weights',
    reads: { weights: 'weights' },
    command: ({ folder }) => ['models', 'import', `${folder}/weights/export`, '--name', 'imported'],
    result: 'SELECT name, hex(file_sha256) AS hash FROM models ORDER BY id',
    done: `SELECT 1 FROM models WHERE name = 'imported'`,
  },
  describe: {
    after: 'segment',
    command: () => ['similar', '1'],
    result: DESCRIPTIONS,
    job: { kind: 'describe' },
  },
  recut: {
    commands: ({ folder }) => [
      ['collections', 'add', `${folder}/colours/images`, '--name', 'colours'],
      ['models', 'untrained', 'resnet18-half', '--seed', '1'],
      ['segment', 'colours', '--model', '1', '--set', 'keepsRegions=false'],
      ['import-masks', '1', `${folder}/colours/labels`, '--reject-missing'],
    ],
    command: () => ['propose', '1', '--foregrounds'],
    result: `
      SELECT p.verdict, p.cut_count, i.rel_path, f.likeness, o.x, o.y, o.area_px, o.score, hex(o.rle) AS shape
      FROM foreground_proposals p
        LEFT JOIN proposed_foregrounds f ON f.segmentation_id = p.segmentation_id
        LEFT JOIN images i ON i.id = f.image_id LEFT JOIN proposed_objects o ON o.image_id = f.image_id
      ORDER BY i.rel_path, o.x, o.y, o.area_px`,
    job: { kind: 'recut' },
  },
  map: { after: 'describe', command: () => ['map', '1'], result: DESCRIPTIONS, job: { kind: 'map' } },
  compare: {
    after: 'scan',
    command: () => ['duplicates', 'photos'],
    result: `
      SELECT c.compared_count, c.skipped_count, c.same_count, c.similar_count, i.rel_path, l.grade, l.group_number, l.place
      FROM comparisons c LEFT JOIN look_alikes l ON l.collection_id = c.collection_id LEFT JOIN images i ON i.id = l.image_id
      ORDER BY l.grade, l.group_number, l.place`,
    job: { kind: 'compare' },
  },
  move: {
    after: 'freeze',
    command: ({ folder }) => ['collections', 'move', 'photos', `${folder}/moved`],
    result: `
      SELECT i.rel_path, i.status, c.root_path LIKE '%/moved' AS hasMoved,
        (SELECT count(*) FROM dataset_images d WHERE d.root_path = c.root_path) AS frozenCount
      FROM images i JOIN collections c ON c.id = i.collection_id ORDER BY i.rel_path`,
    job: { kind: 'scan', before: 1 },
  },
  tag: {
    after: 'scan',
    command: () => ['tags', 'photos', '--add', 'bright'],
    result: 'SELECT rel_path, tag FROM image_tags t JOIN images i ON i.id = t.image_id ORDER BY rel_path',
    done: 'SELECT 1 FROM image_tags',
  },
  weights: {
    after: 'pretrain',
    command: ({ target }) => ['models', 'export', '1', '--format', 'safetensors', '--out', target, '--force'],
    result: MODELS,
    writes: 'file',
  },
  sheet: {
    after: 'segment',
    command: ({ target }) => ['segmentations', 'sheet', '1', '--out', target, '--force'],
    result: MASKS,
    writes: 'file',
  },
  plan: {
    after: 'scan',
    command: ({ target }) => ['segment', 'photos', '--concepts', '3', '--plan', target, '--force'],
    result: 'SELECT position, rel_path, hex(content_hash) AS hash FROM images ORDER BY position',
    writes: 'portable file',
  },
  shard: {
    reads: { recipe: 'plan' },
    command: ({ folder, data, target }) => [
      ...['segment', `${folder}/photos/images`, '--recipe', `${folder}/recipe/export`],
      ...['--shard', '0/1', '--work', `${data}-work`, '--out', target, '--force'],
    ],
    result: `
      SELECT i.rel_path, i.problem, m.level, m.score, m.concept, hex(m.rle) AS shape
      FROM images i LEFT JOIN masks m ON m.image_id = i.id ORDER BY i.rel_path, m.level, m.score DESC, shape`,
    writes: 'portable file',
  },
  merge: {
    after: 'plan',
    reads: { shard: 'shard' },
    command: ({ folder }) => ['segmentations', 'merge', `${folder}/shard/export`],
    result: MASKS,
    done: 'SELECT 1 FROM segmentations WHERE finished_at_ms IS NOT NULL',
  },
  remove: {
    after: 'map',
    command: () => ['collections', 'remove', 'photos', '--yes'],
    result: `
      SELECT (SELECT count(*) FROM images) AS images, (SELECT count(*) FROM masks) AS masks,
        (SELECT count(*) FROM segmentations) AS segmentations, (SELECT count(*) FROM descriptions) AS descriptions`,
    done: 'SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM collections)',
  },
} as const satisfies Record<string, WorkDefinition>;

export type Work = keyof typeof DEFINITIONS;
export const WORKS = Object.keys(DEFINITIONS) as [Work, ...Work[]];

/** Work on masks, of which each image has all or nothing. */
export const MASK_WORKS: readonly Work[] = ['import', 'undo', 'redo'];

/** What a kind of work is. */
export function definitionOf(work: Work): WorkDefinition {
  return DEFINITIONS[work];
}
