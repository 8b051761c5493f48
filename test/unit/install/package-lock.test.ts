import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

const root = resolve(import.meta.dirname, '../../..');
const text = readFileSync(resolve(root, 'package-lock.json'), 'utf8');
const Entry = z.looseObject({ hasInstallScript: z.boolean().optional(), gypfile: z.boolean().optional() });
const { packages } = z.object({ packages: z.record(z.string(), Entry) }).parse(JSON.parse(text));

/** Packages whose install scripts are known, with what they do. */
const KNOWN_SCRIPTS = new Set([
  'node', // picks the package of this platform, from the registry
  'esbuild', // checks its binary
  'electron-winstaller', // chooses between two binaries that it ships
  'fsevents', // macOS only, ships its binary
]);

describe('npm ci', () => {
  // See resources/bin/mark-prebuilt.mjs; `npm run lock` puts the marks back.
  test.each(['better-sqlite3', 'onnxruntime-node'])('does not compile or download %s', (name) => {
    expect(packages[`node_modules/${name}`]).toMatchObject({ gypfile: false });
    expect(packages[`node_modules/${name}`]?.hasInstallScript).toBeUndefined();
  });

  test('runs no install script that has not been looked at', () => {
    const scripted = Object.entries(packages).flatMap(([path, { hasInstallScript }]) =>
      hasInstallScript ? [path.replace(/^.*node_modules\//, '')] : [],
    );
    expect(scripted.filter((name) => name !== '' && !KNOWN_SCRIPTS.has(name))).toEqual([]);
  });

  test('names no registry', () => {
    expect(text).not.toMatch(/"resolved":/);
  });
});
