import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build } from 'vite';
import { bundledDependencies } from '../../electron.vite.config.ts';

const root = resolve(import.meta.dirname, '../..');

export type FinishedProcess = { status: number | null; stdout: string; stderr: string };

/**
 * Bundles a TypeScript file and runs it in a new Node process: for what needs its own environment
 * variables, its own memory, or may take the process down.
 * @param path relative to the repository's root
 */
export async function runBundled(
  path: string,
  options: { env?: Readonly<Record<string, string>>; nodeFlags?: readonly string[] } = {},
): Promise<FinishedProcess> {
  const { script, remove } = await bundle(path);
  try {
    return spawnSync(process.execPath, [...(options.nodeFlags ?? []), script], {
      encoding: 'utf8',
      cwd: dirname(script),
      env: { ...process.env, ...options.env },
    });
  } finally {
    remove();
  }
}

/**
 * Bundles a TypeScript file to a script that Node can start.
 * @param path absolute, or relative to the repository's root
 * @returns `remove` deletes the script
 */
export async function bundle(path: string): Promise<{ script: string; remove: () => void }> {
  // Below node_modules, where native packages resolve.
  const outDir = mkdtempSync(join(root, 'node_modules/.r2o-test-'));
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    ssr: { noExternal: bundledDependencies },
    build: {
      ssr: resolve(root, path),
      outDir,
      emptyOutDir: true,
      rolldownOptions: { output: { entryFileNames: 'main.mjs' } },
    },
  });
  return { script: join(outDir, 'main.mjs'), remove: () => rmSync(outDir, { recursive: true, force: true }) };
}
