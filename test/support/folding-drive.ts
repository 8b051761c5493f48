import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingPython, pythonPath } from './python.ts';

const SCRIPT = join(import.meta.dirname, 'folding_fs.py');

/** A drive that ignores case and composition in names, and keeps accents apart from their letters: see folding_fs.py. */
type FoldingDrive = { folder: string; unmount: () => void };

/** @throws Error where none can be mounted */
export async function mountFoldingDrive(): Promise<FoldingDrive> {
  const base = mkdtempSync(join(tmpdir(), 'r2o-folding-'));
  const [kept, folder] = [join(base, 'kept'), join(base, 'drive')];
  for (const one of [kept, folder]) mkdirSync(one);
  writeFileSync(join(kept, 'is-mounted'), '');
  const child = spawn(pythonPath, [SCRIPT, kept, folder], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (text: Buffer) => (complaint += text.toString()));
  const unmount = (): void => {
    child.kill();
    spawnSync('umount', ['-l', folder]);
    rmSync(base, { recursive: true, force: true });
  };
  for (let tries = 0; !existsSync(join(folder, 'IS-MOUNTED')); tries++) {
    if (child.exitCode !== null || tries > 100) {
      unmount();
      throw new Error(`no drive was mounted: ${complaint}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { folder, unmount };
}

/** Why no such drive can be mounted here; undefined where one can. */
export async function noFoldingDrive(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'only on Linux';
  const missing = missingPython('mfusepy');
  if (missing !== undefined) return missing;
  if (!existsSync('/dev/fuse')) return 'there is no /dev/fuse';
  try {
    (await mountFoldingDrive()).unmount();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
