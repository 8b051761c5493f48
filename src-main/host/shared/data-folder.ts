import { isAbsolute, resolve } from 'node:path';
import envPaths from 'env-paths';
import { UserError } from '../../contract/errors.ts';

/** The environment variable that overrides where the app keeps its data. */
export const DATA_FOLDER_VARIABLE = 'R2O_DATA';

/**
 * Where the database, the caches and the logs live: an explicit choice, else the environment, else the
 * platform's convention (XDG on Linux, Library/Application Support on macOS, LOCALAPPDATA on Windows).
 * @throws UserError DATA_FOLDER_UNUSABLE where that gives no absolute path
 */
export function dataFolder(chosen: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  const folder = chosen ?? env[DATA_FOLDER_VARIABLE];
  if (folder) return resolve(folder);
  const usual = envPaths('r2o-studio', { suffix: '' }).data;
  if (isAbsolute(usual)) return usual;
  // An empty HOME would put the data below whatever folder a command is started in.
  throw new UserError(
    'DATA_FOLDER_UNUSABLE',
    'There is no home folder to keep the data in (HOME is not set).',
    {
      hint: `Choose a folder with --data or ${DATA_FOLDER_VARIABLE}.`,
    },
  );
}
