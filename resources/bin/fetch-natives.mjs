/**
 * Runs before electron-builder packs for a platform and processor: gets sharp's binaries for them, which npm installs for
 * the machine that it runs on only. Those of SQLite and ONNX Runtime come with their packages, for all machines.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const modules = fileURLToPath(new URL('../../node_modules/', import.meta.url));
/** As electron-builder numbers processors. */
const PROCESSORS = { 1: 'x64', 3: 'arm64' };

export default function fetchNatives({ electronPlatformName, arch }) {
  const processor = PROCESSORS[arch];
  if (!processor) throw new Error('R2O Studio is packaged for x64 and arm64 only.');
  if (electronPlatformName === 'darwin' && processor === 'x64') {
    throw new Error('ONNX Runtime has no binary for Intel Macs: package for arm64 instead.');
  }
  const wanted = Object.entries(sharpBinaries(`${electronPlatformName}-${processor}`));
  const missing = wanted.filter(([name]) => !existsSync(join(modules, name, 'package.json')));
  if (missing.length > 0) install(missing);
}

/** Names and versions of sharp's packages for a machine such as `win32-arm64`. */
export function sharpBinaries(machine) {
  const manifest = JSON.parse(readFileSync(join(modules, 'sharp/package.json'), 'utf8'));
  const names = [`@img/sharp-${machine}`, `@img/sharp-libvips-${machine}`];
  return Object.fromEntries(
    Object.entries(manifest.optionalDependencies).filter(([name]) => names.includes(name)),
  );
}

/** Installs elsewhere and copies: npm would remove the packages of this machine in exchange. */
function install(packages) {
  const folder = mkdtempSync(join(tmpdir(), 'r2o-natives-'));
  const names = packages.map(([name, version]) => `${name}@${version}`);
  // --force: they are not for this machine.
  const args = ['install', '--prefix', folder, '--ignore-scripts', '--prefer-offline', '--force', ...names];
  execFileSync('npm', args, { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' });
  for (const [name] of packages) {
    cpSync(join(folder, 'node_modules', name), join(modules, name), { recursive: true });
  }
  rmSync(folder, { recursive: true });
}
