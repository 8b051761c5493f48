/**
 * `npm start` (electron-vite's `preview`) and `npm run dev`: the desktop app, as built or following the sources. The first
 * start downloads Electron's binary, which no other part needs. Further options are electron-vite's.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const electronFolder = `${root}node_modules/electron/`;
const isWindows = process.platform === 'win32';

/** What Chromium says before it ends because the system refuses it a sandbox, and what helps. */
const REFUSED = [
  {
    said: /Running as root without --no-sandbox/,
    cause: 'The desktop app does not run as root: Chromium refuses its sandbox then.',
    next: 'Start it as another user.',
  },
  {
    said: /No usable sandbox|SUID sandbox helper binary/,
    cause: 'This Linux system refuses Chromium its sandbox, so that the window cannot open.',
    next:
      'Install the deb package, which registers the app with the system, or allow sandboxes until the next start of the system:\n' +
      '    sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0    (Ubuntu)\n' +
      '    sudo sysctl -w kernel.unprivileged_userns_clone=1                (Debian)',
  },
];
const MAX_KEPT = 100_000;

const hasBinary =
  process.env.ELECTRON_EXEC_PATH !== undefined ||
  (existsSync(`${electronFolder}dist`) && readdirSync(`${electronFolder}dist`).length > 0);
if (
  !hasBinary &&
  spawnSync('npx', ['install-electron'], { cwd: root, stdio: 'inherit', shell: isWindows }).status !== 0
) {
  console.error(
    "error: Electron's binary could not be downloaded.\n" +
      '  Connect to the internet once, or set ELECTRON_MIRROR; until then `npx r2o serve` gives the same app in a browser.',
  );
  process.exit(1);
}

const app = spawn('npx', ['electron-vite', ...process.argv.slice(2)], {
  cwd: root,
  stdio: ['inherit', 'inherit', 'pipe'],
  shell: isWindows,
});
// Ctrl-C reaches the app, too, which then ends.
process.on('SIGINT', () => undefined);
let said = '';
app.stderr.on('data', (bytes) => {
  process.stderr.write(bytes);
  said = `${said}${bytes}`.slice(-MAX_KEPT);
});
app.on('close', (code) => {
  const refused = REFUSED.find((one) => one.said.test(said));
  if (refused) {
    console.error(
      `error: ${refused.cause}\n  ${refused.next}\n  Without a window, \`npx r2o serve\` gives the same app in a browser.`,
    );
  }
  // Where a signal ended Chromium, electron-vite ends with 0.
  process.exitCode = refused ? 1 : (code ?? 1);
});
