import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { tempFolder } from '../../../support/temp-folder.ts';

const runner = resolve(import.meta.dirname, '../../../support/run-desktop.mjs');

test('the built desktop app starts, keeps its window to its own page, and survives crashes beside it', async () => {
  const folder = join(tempFolder(), 'data');
  const env = { ...process.env, R2O_DATA: folder };
  const { stdout } = await promisify(execFile)(process.execPath, [runner], { env });
  const found: unknown = JSON.parse(stdout);
  expect(found).toMatchObject({
    schemes: [{ scheme: 'r2o', privileges: { standard: true, secure: true } }],
    webPreferences: { contextIsolation: true, sandbox: true, nodeIntegration: false, webSecurity: true },
    loaded: ['r2o://app/index.html'],
    menus: 1,
    reloads: 1,
    errors: [],
    page: { status: 200, policy: expect.stringContaining("default-src 'none'") as unknown },
    otherHost: 404,
    noImage: 404,
    noFile: 404,
    opened: { action: 'deny' },
    prevented: ['will-navigate', 'will-frame-navigate', 'will-attach-webview'],
    clipboard: [true, true],
    camera: [false, false],
    picked: '/chosen',
    staysOpen: false,
  });
  expect(found).not.toHaveProperty('refused');
  expect(found).toHaveProperty('webPreferences.preload', expect.stringMatching(/preload\.cjs$/));
  expect(existsSync(join(folder, 'window.json'))).toBe(true);
});
