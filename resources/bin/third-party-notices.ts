import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const LICENSE_FILE = /^(licen[cs]e|copying|notice|third[-_]?party[-_]?notices?)/i;
/** Packages whose README lists the licences of the libraries that they contain. */
const LISTED_IN_README = /^@img\/sharp-libvips/;
const RULE = '='.repeat(80);

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), license: z.string().optional(), dev: z.boolean().optional() }),
  ),
});
const Manifest = z.object({
  license: z.string().optional(),
  homepage: z.string().optional(),
  repository: z.union([z.string(), z.object({ url: z.string() })]).optional(),
});

/**
 * Names, licences and their texts of all packages that the app runs with, on every platform, and of those that are part
 * of the page.
 * @param root folder of package.json and node_modules
 * @param bundled names of packages whose code is in the page
 */
export function thirdPartyNotices(root: string, bundled: ReadonlySet<string>): string {
  const { packages } = Lock.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  const shipped = Object.entries(packages).filter(
    ([path, { dev }]) => path !== '' && (dev !== true || bundled.has(nameOf(path))),
  );
  const notices = shipped.map(([path, { version = '', license }]) =>
    notice(join(root, path), { name: nameOf(path), version, license }),
  );
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

function notice(
  folder: string,
  { name, version, license }: { name: string; version: string; license: string | undefined },
): string {
  const files = filesOf(folder).filter(
    (file) => LICENSE_FILE.test(file) || (LISTED_IN_README.test(name) && file === 'README.md'),
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
