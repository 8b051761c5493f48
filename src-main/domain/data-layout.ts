import { basename, join } from 'node:path';
import type { RunId, SegmentationId } from '../contract/ids.ts';

/** Every file and folder at the top of the data folder, and the log. */
export type DataLayout = {
  folder: string;
  database: string;
  /** SQLite's own, next to the database: what is not yet written into it. */
  writeAheadLog: string;
  cache: string;
  models: string;
  runs: string;
  segmentations: string;
  /** Pictures that ship with the app, once somebody has added them. */
  sample: string;
  /** TensorFlow and what binds it to Node, once somebody has installed them. */
  tensorflow: string;
  /** PyTorch in a Python environment, or the name of a Python that has it; once somebody has installed it. */
  torch: string;
  logs: string;
  logFile: string;
  /** The log before this one: a log that has grown too long is set aside under this name. */
  previousLogFile: string;
  /** Address and token of the process that owns the folder. */
  endpoint: string;
  /** Locked by the process that owns the folder. */
  lock: string;
  /** Names that process, for messages to people. */
  lockHolder: string;
  /** The machines that this one is paired with, and what shows them who it is. */
  remotes: string;
  /** Size and place of the desktop's window. */
  windowState: string;
};

export function dataLayout(folder: string): DataLayout {
  const database = join(folder, 'studio.sqlite');
  const logs = join(folder, 'logs');
  const logFile = join(logs, 'r2o.log');
  return {
    folder,
    database,
    writeAheadLog: `${database}-wal`,
    cache: join(folder, 'cache'),
    models: join(folder, 'models'),
    runs: join(folder, 'runs'),
    segmentations: join(folder, 'segmentations'),
    sample: join(folder, 'sample'),
    tensorflow: join(folder, 'tensorflow'),
    torch: join(folder, 'torch'),
    logs,
    logFile,
    previousLogFile: `${logFile}.1`,
    endpoint: join(folder, 'endpoint.json'),
    lock: join(folder, 'lock.sqlite'),
    lockHolder: join(folder, 'lock.json'),
    remotes: join(folder, 'remotes.json'),
    windowState: join(folder, 'window.json'),
  };
}

/** Whether a name at the top of a data folder is one that the app uses. */
export function isOfDataFolder(layout: DataLayout, name: string): boolean {
  return (
    Object.values(layout).includes(join(layout.folder, name)) || name.startsWith(basename(layout.database))
  );
}

/** A file that a process creates and removes at once, to learn whether the data folder can be written. */
export function writeTestFile(folder: string, pid: number): string {
  return join(folder, `.write-test-${pid}`);
}

/**
 * The copy of a database that is made before its schema leaves `version`. Only a whole copy bears the name of a
 * backup; it is written as `partial` first.
 */
export function backupFiles(database: string, version: number, stamp: string) {
  const stem = `${database}.v${version}`;
  return { partial: `${stem}.partial`, whole: `${stem}.${stamp}.bak` };
}

/** Whether a file next to the database is a backup of it, by its name. */
export function isBackup(database: string, name: string): boolean {
  return name.startsWith(`${basename(database)}.v`) && name.endsWith('.bak');
}

/** The weights of a model; its row keeps the name of the file. */
export function modelFile(modelsFolder: string, file: string): string {
  return join(modelsFolder, file);
}

/**
 * Where a segmentation keeps what it learned from its collection: for its own images, and, smaller, what those images
 * taught, for the heads of other collections; and the recipe that was made from it, for the shards that come back.
 */
export function segmentationFiles({ segmentations }: DataLayout, id: SegmentationId) {
  const file = (suffix: string) => join(segmentations, `${id}.${suffix}`);
  return {
    model: file('model'),
    lessons: file('lessons'),
    recipe: file('recipe'),
    // The vectors of its images and masks, and where these lie on its map.
    vectors: file('vectors'),
    map: file('map'),
    // A layout that was stopped.
    mapCheckpoint: file('map-checkpoint'),
  };
}

/** The folder of a run: its image list and checkpoints. */
export function runFolder({ runs }: DataLayout, id: RunId): string {
  return join(runs, String(id));
}

/** The list of the images that a run trains on, in the run's folder. */
export const imageListFile = (folder: string): string => join(folder, 'images.json');

/** The masks that a run learns from, with their images, in the run's folder until it is finished. */
export const maskLessonsFile = (folder: string): string => join(folder, 'lessons.safetensors');

/** The encoder of the best preview so far, in the run's folder. */
export const bestEncoderFile = (folder: string): string => join(folder, 'best.safetensors');

/** Name of a checkpoint in its run's folder; the run's row keeps it. */
export const checkpointName = (step: number): string => `checkpoint-${step}.safetensors`;

/** Whether a file is a checkpoint, or what a killed process left of one that it was writing. */
export const isCheckpointName = (name: string): boolean =>
  /^checkpoint-\d+\.safetensors(\.\w+\.partial)?$/.test(name);

/** The caches below the cache folder, with the suffix that the entries of each bear. */
const CACHE_SUFFIXES = {
  thumbnails: '.webp',
  /** Objects cropped from their images. */
  crops: '.webp',
  /** Thumbnails with the masks of their images. */
  drawn: '.webp',
  decoded: '.rgb',
  superpixels: '.slic',
  embeddings: '.emb',
} as const;
export type CacheName = keyof typeof CACHE_SUFFIXES;

type CachePlace = { folder: string; suffix: string };

/** @param cacheFolder the folder that all caches share */
export function cachePlace(cacheFolder: string, name: CacheName): CachePlace {
  return { folder: join(cacheFolder, name), suffix: CACHE_SUFFIXES[name] };
}

/** Where the entry of a key lies, or would lie: in folders small enough for every file system. */
export function cacheEntry({ folder, suffix }: CachePlace, key: string): string {
  return join(folder, key.slice(0, 2), key + suffix);
}

/** What the comparisons of this machine's devices with its CPU found. */
export const deviceVerdictsFile = (cacheFolder: string): string => join(cacheFolder, 'devices.json');

/** What a run on PyTorch needs, in the run's folder until it is finished. */
export const torchPlanFolder = (folder: string): string => join(folder, 'torch');

/** Names a Python that has PyTorch: `{"python": "/usr/bin/python3"}`. */
export const torchPythonFile = (torchFolder: string): string => join(torchFolder, 'python.json');

/** The Python of the environment in `torchFolder`. */
export const torchVenvPython = (torchFolder: string): string =>
  process.platform === 'win32'
    ? join(torchFolder, 'venv', 'Scripts', 'python.exe')
    : join(torchFolder, 'venv', 'bin', 'python');

/** What the readers of a job note while they read; see [Note: Files that end their reader]. */
export const readingFolder = (cacheFolder: string, job: string): string => join(cacheFolder, 'reading', job);

/** Contact sheets on their way to the page. */
export const sheetsFolder = (cacheFolder: string): string => join(cacheFolder, 'sheets');

/** A download on its way: the file under its own name, and what is known of it. */
export function downloadFiles(cacheFolder: string, name: string, fileName: string) {
  const folder = join(cacheFolder, 'downloads', name);
  return { folder, file: join(folder, fileName), note: join(folder, 'download.json') };
}
