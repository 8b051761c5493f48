import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { extractFile, listPackage } from '@electron/asar';
import { expect, test } from 'vitest';
import { type DistPlatform, fusesOf, writeElectronDist } from '../support/electron-dist.ts';
import { tempFolder } from '../support/temp-folder.ts';

const root = resolve(import.meta.dirname, '../..');
const MIB = 2 ** 20;

type Target = {
  platform: DistPlatform;
  arch: 'x64' | 'arm64';
  option: string;
  /** Where electron-builder puts the app, and in it the resources and the file with the switches. */
  folder: string;
  resources: string;
  binary: string;
  /** What all but Electron may take, unpacked. */
  budget: number;
};
/** Packing takes a quarter of a minute each; with R2O_TEST_DIST=all, all machines are packed for. */
const ALL: Target[] = [
  ...(['x64', 'arm64'] as const).map((arch) => ({
    platform: 'linux' as const,
    arch,
    option: '--linux',
    folder: arch === 'x64' ? 'linux-unpacked' : 'linux-arm64-unpacked',
    resources: 'resources',
    binary: 'r2o-studio',
    budget: 110 * MIB,
  })),
  ...(['x64', 'arm64'] as const).map((arch) => ({
    platform: 'win32' as const,
    arch,
    option: '--win',
    folder: arch === 'x64' ? 'win-unpacked' : 'win-arm64-unpacked',
    resources: 'resources',
    binary: 'R2O Studio.exe',
    budget: 130 * MIB,
  })),
  {
    platform: 'darwin',
    arch: 'arm64',
    option: '--mac',
    folder: 'mac-arm64/R2O Studio.app/Contents',
    resources: 'Resources',
    binary: 'Frameworks/Electron Framework.framework/Electron Framework',
    budget: 160 * MIB,
  },
];
const DEFAULT = ['linux-x64', 'win32-arm64', 'darwin-arm64'];
const TARGETS = ALL.filter(
  ({ platform, arch }) => process.env.R2O_TEST_DIST === 'all' || DEFAULT.includes(`${platform}-${arch}`),
);

/** Files below a folder, relative to it. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

async function pack({ platform, arch, option, folder }: Target): Promise<string> {
  const base = tempFolder();
  const dist = join(base, 'electron');
  mkdirSync(dist);
  writeElectronDist(dist, platform, arch);
  const cli = join(root, 'node_modules/electron-builder/cli.js');
  const settings = [`-c.electronDist=${dist}`, `-c.directories.output=${base}/out`];
  const args = [cli, '--dir', option, `--${arch}`, '--publish', 'never', ...settings];
  await promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 10 * MIB });
  return join(base, 'out', folder);
}

/** The names of packages that a built file imports or requires. */
function importedBy(source: string): string[] {
  const names = Array.from(
    source.matchAll(
      /(?:^(?:import|export) (?:.* from )?|(?<![.\w])(?:import|require)\()["']((?:@[\w-]+\/)?\w[\w/.-]*)["']/gm,
    ),
    ([, name = '']) => name,
  );
  return names
    .filter((name) => !name.startsWith('node:') && !builtinModules.includes(name))
    .map((name) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    );
}

test.each(TARGETS)(
  'the desktop package for $platform, $arch has what the app imports, and binaries of that machine only',
  async (target) => {
    const app = await pack(target);
    const resources = join(app, target.resources);
    const archive = join(resources, 'app.asar');
    const paths = listPackage(archive, { isPack: false }).map((path) => path.slice(1).replaceAll('\\', '/'));

    const tops = new Set(paths.map((path) => path.split('/')[0]));
    expect([...tops].sort()).toEqual(['node_modules', 'out', 'package.json', 'resources']);
    // Of the resources, only the pictures to try the app with, all of them, and the package for Python without its tests.
    const sample = filesBelow(join(root, 'resources/sample')).map((path) => `resources/sample/${path}`);
    const torch = filesBelow(join(root, 'resources/torch'))
      .filter((path) => !/^tests|__pycache__/.test(path))
      .map((path) => `resources/torch/${path}`);
    const shipped = paths.filter((path) => /^resources\/.*\.\w+$/.test(path));
    expect(shipped.sort()).toEqual([...sample, ...torch].sort());
    // Next to the archive, in which Python cannot read.
    const beside = filesBelow(join(resources, 'app.asar.unpacked/resources'));
    expect(beside.map((path) => `resources/${path}`).sort()).toEqual(torch.sort());
    expect(paths.filter((path) => path.endsWith('.map'))).toEqual([]);
    expect(paths).toEqual(
      expect.arrayContaining(['out/renderer/sbom.cdx.json', 'out/renderer/third-party-notices.txt']),
    );

    const scripts = paths.filter((path) => /^out\/(main|preload)\/.*\.c?js$/.test(path));
    const imported = new Set(scripts.flatMap((path) => importedBy(extractFile(archive, path).toString())));
    expect([...imported]).toEqual(expect.arrayContaining(['better-sqlite3', 'electron', 'sharp']));
    const absent = [...imported].filter((name) => !paths.includes(`node_modules/${name}/package.json`));
    // Electron is around the archive.
    expect(absent).toEqual(['electron']);

    const natives = filesBelow(resources).filter((path) => /\.(node|dll|dylib|so(\.\d+)*)$/.test(path));
    await expect(natives.sort().join('\n') + '\n').toMatchFileSnapshot(
      `../golden/fixtures/packages/${target.platform}-${target.arch}.txt`,
    );
    const isOfMachine = (path: string) => path.includes(target.platform) && path.includes(target.arch);
    expect(natives.filter((path) => !isOfMachine(path))).toEqual([]);

    // In the order of @electron/fuses: the switches of electron-builder.yml, and two that it leaves as they are.
    expect(fusesOf(readFileSync(join(app, target.binary)))).toBe('01001110');

    const size = filesBelow(resources).reduce((sum, path) => sum + statSync(join(resources, path)).size, 0);
    console.log(`${target.platform}-${target.arch}: ${(size / MIB).toFixed(0)} MiB besides Electron`);
    expect(size).toBeLessThan(target.budget);
  },
);
