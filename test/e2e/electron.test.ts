import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import {
  appEnvironment,
  BRIDGE,
  canRunElectron,
  electronReason,
  openApp,
  type OpenApp,
} from '../support/electron.ts';
import { makePhotos } from '../support/photo-folder.ts';
import { tempFolder } from '../support/temp-folder.ts';

const root = resolve(import.meta.dirname, '../..');
const WELCOME = 'Start with a folder of images';
/** So many that their scan is still running when it is looked at. */
const MANY_PHOTOS = 3_000;

/** Adds a folder through the button that opens the system's dialog; the dialog answers by itself. */
async function addFolder({ app, page }: OpenApp, folder: string): Promise<void> {
  await app.evaluate(({ dialog }, path) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [path] });
  }, folder);
  await page.getByRole('button', { name: 'Select folder' }).click();
}

/** Ends the compute worker the hard way, as the system does when memory runs out. */
async function killWorker({ app }: OpenApp): Promise<void> {
  const pid = await app.evaluate(
    ({ app }) => app.getAppMetrics().find(({ name }) => name === 'R2O compute worker')?.pid,
  );
  if (pid === undefined) throw new Error('no compute worker is running');
  process.kill(pid, 'SIGKILL');
}

const heading = (page: Page, name: string) => page.getByRole('heading', { name });

describe.skipIf(!canRunElectron)(`the desktop app${electronReason}`, () => {
  test('shows the page from its own scheme, which has nothing of Node in it', async () => {
    const { page } = await openApp(join(tempFolder(), 'data'));
    await page.getByText(WELCOME).waitFor();
    expect(page.url()).toMatch(/^r2o:\/\/app\/index\.html/);
    expect(await page.evaluate(() => Object.keys(window.r2oDesktop ?? {}).sort())).toEqual(BRIDGE);
    const leaks = await page.evaluate(() =>
      ['require', 'process', 'module', 'Buffer', 'ipcRenderer'].filter((name) => name in window),
    );
    expect(leaks).toEqual([]);
  });

  test('goes nowhere else, and opens no second window', async () => {
    const { app, page } = await openApp(join(tempFolder(), 'data'));
    await page.getByText(WELCOME).waitFor();
    const opened = await page.evaluate(() => window.open('https://example.org/') === null);
    await page.evaluate(() => location.assign('https://example.org/'));
    await page.getByText(WELCOME).waitFor();
    expect(opened).toBe(true);
    expect(page.url()).toMatch(/^r2o:\/\/app\//);
    expect(app.windows()).toHaveLength(1);
    const isRefused = await page.evaluate(() =>
      fetch('https://example.org/').then(
        () => false,
        () => true,
      ),
    );
    expect(isRefused).toBe(true);
  });

  test('adds a folder that the system dialog gives, and shows its images by their ids', async () => {
    const opened = await openApp(join(tempFolder(), 'data'));
    const folder = join(tempFolder(), 'photos');
    await makePhotos(folder, 5);
    await addFolder(opened, folder);
    await heading(opened.page, 'photos').waitFor();
    const image = opened.page.locator('[role=grid] [data-state=shown] img').first();
    await image.waitFor();
    expect(await image.evaluate((img) => (img as HTMLImageElement).naturalWidth)).toBe(96);
    expect(await image.getAttribute('src')).toMatch(/^\/images\/\d+\/thumbnail/);
  });

  test('keeps its window when the worker dies, and goes on from what was saved', async () => {
    const opened = await openApp(join(tempFolder(), 'data'));
    const folder = join(tempFolder(), 'photos');
    await makePhotos(folder, MANY_PHOTOS);
    await addFolder(opened, folder);
    const { page } = opened;
    const scan = page.getByRole('region', { name: 'Scan' });
    await scan.waitFor();
    await killWorker(opened);
    await page.getByRole('button', { name: 'Resume' }).first().click();
    await page.getByRole('tab', { name: `Images ${MANY_PHOTOS.toLocaleString('en-US')}` }).waitFor();
  });

  test('asks before it closes over a running job, and stays when the answer is no', async () => {
    const opened = await openApp(join(tempFolder(), 'data'));
    const folder = join(tempFolder(), 'photos');
    await makePhotos(folder, MANY_PHOTOS);
    await addFolder(opened, folder);
    await opened.page.getByRole('region', { name: 'Scan' }).waitFor();
    const asked = await opened.app.evaluate(async ({ BrowserWindow, dialog }) => {
      const question = new Promise<string>((answer) => {
        dialog.showMessageBox = (...given: unknown[]) => {
          const options = given.at(-1) as { message: string; cancelId: number };
          answer(options.message);
          return Promise.resolve({ response: options.cancelId, checkboxChecked: false });
        };
      });
      BrowserWindow.getAllWindows()[0]?.close();
      return question;
    });
    expect(asked).not.toBe('');
    expect(opened.app.windows()).toHaveLength(1);
    await opened.page.getByRole('navigation').waitFor();
    // With the other answer it ends, and with it the test.
    await opened.app.evaluate(({ dialog }) => {
      dialog.showMessageBox = () => Promise.resolve({ response: 1, checkboxChecked: false });
    });
    await opened.app.close();
  });

  test('runs once: a second start shows the first window', async () => {
    const dataFolder = join(tempFolder(), 'data');
    const { app, page } = await openApp(dataFolder);
    await page.getByText(WELCOME).waitFor();
    const binary = await app.evaluate(() => process.execPath);
    const second = spawn(binary, [root, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])], {
      env: appEnvironment(dataFolder),
      stdio: 'ignore',
    });
    const [code] = (await once(second, 'exit')) as [number | null];
    expect(code).toBe(0);
    expect(app.windows()).toHaveLength(1);
  });

  test('opens where it was left', async () => {
    const dataFolder = join(tempFolder(), 'data');
    const first = await openApp(dataFolder);
    await first.page.getByText(WELCOME).waitFor();
    const bounds = { x: 60, y: 50, width: 1_000, height: 700 };
    await first.app.evaluate(
      ({ BrowserWindow }, to) => BrowserWindow.getAllWindows()[0]?.setBounds(to),
      bounds,
    );
    await first.app.close();
    const again = await openApp(dataFolder);
    const found = await again.app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.getBounds(),
    );
    expect(found).toMatchObject({ width: bounds.width, height: bounds.height });
  });
});
