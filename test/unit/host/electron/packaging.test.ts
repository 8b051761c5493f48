import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, matchesGlob, resolve } from 'node:path';
import { getConfig, validateConfiguration } from 'app-builder-lib/out/util/config/config.js';
import { DebugLogger } from 'builder-util';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { APP_ID } from '../../../../src-main/host/electron/job-signs.ts';

const root = resolve(import.meta.dirname, '../../../..');
const PLATFORMS = ['linux', 'mac', 'win'] as const;
type Platform = (typeof PLATFORMS)[number];
type Target = { platform: Platform; arch: 'x64' | 'arm64' };
/** ONNX Runtime ships no binary for Intel Macs. */
const TARGETS: Target[] = [
  { platform: 'linux', arch: 'x64' },
  { platform: 'linux', arch: 'arm64' },
  { platform: 'mac', arch: 'arm64' },
  { platform: 'win', arch: 'x64' },
  { platform: 'win', arch: 'arm64' },
];

/** electron-builder gathers patterns into objects with a filter. */
const Patterns = z
  .array(z.union([z.string(), z.object({ filter: z.array(z.string()) })]))
  .transform((parts) => parts.flatMap((part) => (typeof part === 'string' ? [part] : part.filter)));
const Config = z.object({
  appId: z.string(),
  files: Patterns,
  asarUnpack: Patterns,
  electronFuses: z.record(z.string(), z.boolean()),
  publish: z.null(),
  extraResources: z.array(z.object({ from: z.string() })),
  linux: z.object({ files: Patterns, icon: z.string() }),
  mac: z.object({ files: Patterns, icon: z.string() }),
  win: z.object({ files: Patterns, icon: z.string() }),
});

const IS_NATIVE = /\.(node|dll|dylib|so(\.\d+)*)$/;
/** What tells, in a native file's path, for which platform it is. */
const MARKS: Record<Platform, RegExp> = {
  linux: /linux(?!musl)/,
  mac: /darwin/,
  win: /win32/,
};

/** Folders of the packages that the packaged app needs, as the lock file has them. */
function runtimePackages(): string[] {
  const { packages } = z
    .object({ packages: z.record(z.string(), z.looseObject({ dev: z.boolean().optional() })) })
    .parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  return Object.entries(packages).flatMap(([path, { dev }]) =>
    path !== '' && !dev && existsSync(join(root, path)) ? [path] : [],
  );
}

/** All native files below runtime packages, relative to the root. */
function nativeFiles(): string[] {
  return runtimePackages().flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => IS_NATIVE.test(file) && !file.includes('node_modules'))
      .map((file) => `${folder}/${file.replaceAll('\\', '/')}`),
  );
}

describe('electron-builder.yml', () => {
  let config: z.infer<typeof Config>;
  let natives: string[];
  beforeAll(async () => {
    const raw = await getConfig(root, join(root, 'electron-builder.yml'), null);
    await validateConfiguration(raw, new DebugLogger(false));
    config = Config.parse(raw);
    natives = nativeFiles();
  });

  const isPacked = (file: string, { platform, arch }: Target) =>
    ![...config.files, ...config[platform].files].some(
      (pattern) => pattern.startsWith('!') && matchesGlob(file, pattern.slice(1).replaceAll('${arch}', arch)),
    );

  test('sees the native modules that there are', () => {
    const owners = new Set(
      natives.map((file) =>
        file
          .split('/')
          .slice(1, file.includes('/@') ? 3 : 2)
          .join('/'),
      ),
    );
    expect([...owners]).toEqual(expect.arrayContaining(['better-sqlite3', 'onnxruntime-node']));
    expect([...owners].some((name) => name.startsWith('@img/sharp-'))).toBe(true);
  });

  test.each(TARGETS)('unpacks every native file that it packs for $platform, $arch', (target) => {
    const packed = natives.filter((file) => isPacked(file, target));
    const unreachable = packed.filter(
      (file) => !config.asarUnpack.some((pattern) => matchesGlob(file, pattern)),
    );
    expect(packed.length).toBeGreaterThan(0);
    expect(unreachable).toEqual([]);
  });

  test.each(TARGETS)(
    'packs for $platform, $arch what it needs, and no binary of another machine',
    (target) => {
      const isMeant = (file: string) => MARKS[target.platform].test(file) && file.includes(target.arch);
      const shared = natives.filter((file) => /onnxruntime-node|better-sqlite3/.test(file));
      const packed = shared.filter((file) => isPacked(file, target));
      const needed = packed.filter(isMeant);
      expect(needed.some((file) => file.includes('onnxruntime-node'))).toBe(true);
      expect(needed.some((file) => file.includes('better-sqlite3'))).toBe(true);
      expect(packed.filter((file) => !isMeant(file))).toEqual([]);
    },
  );

  test('has the id by which the app names itself', () => {
    expect(config.appId).toBe(APP_ID);
  });

  test('leaves no way to run other code with our binary', () => {
    expect(config.electronFuses).toMatchObject({
      runAsNode: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      onlyLoadAppFromAsar: true,
      enableEmbeddedAsarIntegrityValidation: true,
    });
  });

  test('names files that exist, and knows no address for updates', () => {
    for (const { from } of config.extraResources) expect(existsSync(join(root, from)), from).toBe(true);
    expect(readFileSync(join(root, 'resources/app-update.yml'), 'utf8')).toContain("url: ''");
    for (const platform of PLATFORMS) expect(existsSync(join(root, config[platform].icon))).toBe(true);
  });
});

describe('the icons', () => {
  const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

  test('of Windows hold a PNG of every size up to 256', () => {
    const ico = readFileSync(join(root, 'resources/icons/icon.ico'));
    const sizes = Array.from({ length: ico.readUInt16LE(4) }, (_, index) => {
      const at = 6 + 16 * index;
      const offset = ico.readUInt32LE(at + 12);
      expect(ico.subarray(offset, offset + 4)).toEqual(PNG);
      // Width stands in the PNG's first chunk.
      const width = ico.readUInt32BE(offset + 16);
      expect(ico.readUInt8(at)).toBe(width % 256);
      return width;
    });
    expect(sizes).toEqual([16, 24, 32, 48, 64, 128, 256]);
  });

  test('of macOS hold PNGs up to 1024', () => {
    const icns = readFileSync(join(root, 'resources/icons/icon.icns'));
    expect(icns.toString('ascii', 0, 4)).toBe('icns');
    expect(icns.readUInt32BE(4)).toBe(icns.length);
    const widths: number[] = [];
    for (let at = 8; at < icns.length; at += icns.readUInt32BE(at + 4)) {
      expect(icns.subarray(at + 8, at + 12)).toEqual(PNG);
      widths.push(icns.readUInt32BE(at + 24));
    }
    expect(Math.max(...widths)).toBe(1024);
  });

  test('of Linux are as large as their names say', () => {
    for (const file of readdirSync(join(root, 'resources/icons/linux'))) {
      const width = readFileSync(join(root, 'resources/icons/linux', file)).readUInt32BE(16);
      expect(file).toBe(`${width}x${width}.png`);
    }
  });
});
