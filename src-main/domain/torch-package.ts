import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Levels from a file of the app, built or not, to the folder with its resources. */
const LEVELS = 4;

/**
 * The folder with the Python package r2o_torch, its tests and its requirements. In the desktop app, it is next to the archive
 * of the other files, because Python cannot read in that.
 * @param from folder of the file that asks
 * @throws Error if the app was packed without it
 */
export function torchPackageFolder(from: string): string {
  for (let level = 0, folder = from; level <= LEVELS; level++, folder = join(folder, '..')) {
    const inside = join(folder, 'resources', 'torch');
    const outside = inside.replace('app.asar', 'app.asar.unpacked');
    for (const one of [outside, inside]) if (existsSync(join(one, 'r2o_torch', '__main__.py'))) return one;
  }
  throw new Error('the package r2o_torch is missing');
}
