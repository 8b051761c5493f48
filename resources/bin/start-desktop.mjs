/**
 * `npm start` and, with the argument `dev`, `npm run dev`: the desktop app, as built or following the sources. The first
 * start downloads Electron's binary, which no other part needs.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const electronFolder = `${root}node_modules/electron/`;
const run = (command, args) =>
  spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' }).status ?? 1;

const hasBinary = existsSync(`${electronFolder}dist`) && readdirSync(`${electronFolder}dist`).length > 0;
if (!hasBinary && run('npx', ['install-electron']) !== 0) {
  console.error(
    "error: Electron's binary could not be downloaded.\n" +
      '  Connect to the internet once, or set ELECTRON_MIRROR; until then `npx r2o serve` gives the same app in a browser.',
  );
  process.exit(1);
}
process.exit(run('npx', ['electron-vite', process.argv[2] ?? 'preview']));
