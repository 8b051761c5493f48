import { resolve } from 'node:path';
import envPaths from 'env-paths';

/** The environment variable that overrides where the app keeps its data. */
export const DATA_FOLDER_VARIABLE = 'R2O_DATA';

/**
 * Where the database, the caches and the logs live: an explicit choice, else the environment, else the
 * platform's convention (XDG on Linux, Library/Application Support on macOS, LOCALAPPDATA on Windows).
 */
export function dataFolder(chosen: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  const folder = chosen ?? env[DATA_FOLDER_VARIABLE];
  return folder ? resolve(folder) : envPaths('r2o-studio', { suffix: '' }).data;
}
