import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const LICENSE_FILE = /^(licen[cs]e|copying|notice|third[-_]?party[-_]?notices?)/i;
/** Packages whose README lists the licences of the libraries that they contain. */
const LISTED_IN_README = '@img/sharp-libvips';
const RULE = '='.repeat(80);

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      license: z.string().optional(),
      integrity: z.string().optional(),
      dev: z.boolean().optional(),
    }),
  ),
});
const Manifest = z.object({
  license: z.string().optional(),
  homepage: z.string().optional(),
  repository: z.union([z.string(), z.object({ url: z.string() })]).optional(),
});

/** A package that ships with the app. `integrity` is that of its archive in the registry, as npm writes it. */
export type ShippedPackage = {
  path: string;
  name: string;
  version: string;
  license: string | undefined;
  integrity: string | undefined;
};

/**
 * All packages that the app runs with, on every platform, and those that are part of what is built.
 * @param root folder of package.json and package-lock.json
 * @param bundled names of packages whose code is in what is built
 */
export function shippedPackages(root: string, bundled: ReadonlySet<string>): ShippedPackage[] {
  const { packages } = Lock.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  return Object.entries(packages).flatMap(([path, { version = '', license, integrity, dev }]) => {
    const name = nameOf(path);
    if (path === '' || (dev === true && !bundled.has(name))) return [];
    return [{ path, name, version, license, integrity }];
  });
}

/**
 * Names, licences and their texts of all packages that the app runs with, on every platform, and of those that are part
 * of the page.
 * @param root folder of package.json and node_modules
 * @param bundled names of packages whose code is in the page
 */
export function thirdPartyNotices(root: string, bundled: ReadonlySet<string>): string {
  const notices = shippedPackages(root, bundled).map((one) => notice(join(root, one.path), one));
  return [
    'R2O Studio ships with the following software. Libraries under the LGPL (libvips, libheif) are separate files',
    'that you may replace by other versions of them.',
    '',
    ...new Set(notices.toSorted()),
    ...commonTexts(root),
  ].join('\n');
}

/** The texts of licences that packages name without a copy, and of the GPL, which the LGPL refers to. */
function commonTexts(root: string): string[] {
  const folder = join(root, 'resources', 'licenses');
  return filesOf(folder).map((file) => `${RULE}\n${readFileSync(join(folder, file), 'utf8')}`);
}

/** The names of the packages that modules are from. @param ids paths of modules, as Vite has them */
export function packagesOf(ids: Iterable<string>): Set<string> {
  const names = Array.from(ids, (id) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1]);
  return new Set(names.filter((name) => name !== undefined));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function notice(folder: string, { name, version, license }: ShippedPackage): string {
  const files = filesOf(folder).filter(
    (file) => LICENSE_FILE.test(file) || (name.startsWith(LISTED_IN_README) && file === 'README.md'),
  );
  const manifest = manifestOf(folder);
  const repository = manifest?.repository;
  const source = typeof repository === 'string' ? repository : (repository?.url ?? manifest?.homepage);
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  const lines = [RULE, `${name} ${version}`, `License: ${license ?? manifest?.license ?? 'see its source'}`];
  if (source !== undefined) lines.push(`Source: ${source}`);
  return [...lines, '', ...texts, ''].join('\n');
}

/** None for a package that is installed on other platforms only. */
function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function manifestOf(folder: string): z.infer<typeof Manifest> | undefined {
  return filesOf(folder).includes('package.json')
    ? Manifest.safeParse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).data
    : undefined;
}
