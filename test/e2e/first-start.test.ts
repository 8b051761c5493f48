import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { acquireDataFolderLock } from '../../src-main/store/lock.ts';
import { tempFolder } from '../support/temp-folder.ts';

const runner = resolve(import.meta.dirname, '../support/start-desktop.mjs');

/** Starts the desktop app where it cannot start. @returns its exit code and its dialogs */
function start(dataFolder: string, options: readonly string[] = []): Promise<[unknown, string[]]> {
  return new Promise((done) => {
    const env = { ...process.env, R2O_DATA: dataFolder };
    execFile(process.execPath, [...options, runner], { env }, (error, stdout) =>
      done([error?.code ?? 0, JSON.parse(stdout) as string[]]),
    );
  });
}
/** As on a processor that no binary is for. */
const OTHER_PROCESSOR = `data:text/javascript,Object.defineProperty(process,'arch',{value:'riscv64'})`;

test('the desktop app says in a dialog that its native library is not for this processor', async () => {
  const [code, dialogs] = await start(join(tempFolder(), 'data'), ['--import', OTHER_PROCESSOR]);
  expect(code).toBe(1);
  expect(dialogs).toEqual([
    `SQLite's native library cannot be loaded on ${process.platform}-riscv64.\n\n` +
      `Install R2O Studio again, and choose the package for ${process.platform}-riscv64.`,
  ]);
});

test('the desktop app says in a dialog that it cannot write its data folder', async () => {
  const file = join(tempFolder(), 'a-file');
  writeFileSync(file, '');
  const [code, dialogs] = await start(join(file, 'data'));
  expect(code).toBe(1);
  expect(dialogs).toHaveLength(1);
  expect(dialogs[0]).toContain(`The data folder ${join(file, 'data')} cannot be created or written.`);
  expect(dialogs[0]).toContain('choose another folder');
});

test('the desktop app says in a dialog that another process has its data folder open', async () => {
  const folder = join(tempFolder(), 'data');
  using lock = acquireDataFolderLock(folder, { pid: process.pid, role: 'r2o scan' });
  expect(lock).toBeDefined();
  const [code, dialogs] = await start(folder);
  expect(code).toBe(1);
  expect(dialogs).toEqual([expect.stringContaining('is in use by an r2o command')]);
});

const launcher = resolve(import.meta.dirname, '../../resources/bin/start-desktop.mjs');

/** Runs `npm start` with a program in Electron's place. */
async function startWith(script: string): Promise<{ code: unknown; stderr: string }> {
  const electron = join(tempFolder(), 'electron');
  writeFileSync(electron, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return new Promise((done) => {
    const env = { ...process.env, ELECTRON_EXEC_PATH: electron };
    execFile(process.execPath, [launcher, 'preview', '--skipBuild'], { env }, (error, _, stderr) =>
      done({ code: error?.code ?? 0, stderr }),
    );
  });
}

test.skipIf(process.platform === 'win32').each([
  // As Chromium ends on a system that forbids user namespaces: by a signal, so that electron-vite ends with 0.
  [
    '[1:1201/0:FATAL:zygote_host_impl_linux.cc(132)] No usable sandbox! If you are',
    'kill -TRAP $$',
    'registers the app',
  ],
  [
    'The SUID sandbox helper binary was found, but is not configured correctly.',
    'kill -TRAP $$',
    'sudo sysctl -w',
  ],
  ['Running as root without --no-sandbox is not supported.', 'exit 1', 'as another user'],
])('npm start explains what to do where Chromium says "%s"', async (said, end, next) => {
  const { code, stderr } = await startWith(`echo '${said}' >&2; ${end}`);
  expect(code).toBe(1);
  expect(stderr).toContain(said);
  expect(stderr).toMatch(/error: .*(sandbox|root)/);
  expect(stderr).toContain(next);
});

test.skipIf(process.platform === 'win32')('npm start ends as the app ends', async () => {
  expect(await startWith('exit 0')).toEqual({ code: 0, stderr: '' });
  expect(await startWith('echo other >&2; exit 3')).toEqual({ code: 3, stderr: 'other\n' });
});
