import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** Where the built parts lie, seen from any built entry file in out/main. */
const outFolder = join(import.meta.dirname, '..');

export const workerEntry = join(outFolder, 'main', 'worker.js');
export const sampleFolder = join(outFolder, '..', 'resources', 'sample');
export const rendererFolder = join(outFolder, 'renderer');

/** The app's version, from the package.json next to the built parts. */
export function appVersion(): string {
  const file = join(outFolder, '..', 'package.json');
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8'))).version;
}
