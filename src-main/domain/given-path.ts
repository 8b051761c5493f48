import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { userError } from '../contract/errors.ts';

/**
 * The absolute path that a person means. `~` is the home folder of whoever runs the app. A relative path would depend on
 * the folder that the app was started in, which nobody on a page knows; the command line resolves those itself.
 * @throws UserError BAD_INPUT for a relative path
 */
export function givenPath(path: string): string {
  if (path === '~') return homedir();
  if (/^~[/\\]/.test(path)) return join(homedir(), path.slice(2));
  if (isAbsolute(path)) return resolve(path);
  throw userError('incomplete-path', { path, example: join(homedir(), path) });
}
