import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import { startServer, type LocalServer } from '../../src-main/host/server/server.ts';
import { chromiumReason, hasChromium, launchChromium } from '../support/chromium.ts';
import { makeHostileFolder } from '../support/hostile-folder.ts';
import { makePhotos } from '../support/photo-folder.ts';
import { startService, type RunningService } from '../support/running-service.ts';
import { tempFolder } from '../support/temp-folder.ts';

const pageFolder = resolve(import.meta.dirname, '../../out/renderer');
/** Set to renew the pictures of the README. */
const screenshots = process.env.R2O_SCREENSHOTS;

describe.skipIf(!hasChromium)(`the page in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launchChromium()));
  afterAll(() => browser.close());

  async function open(): Promise<RunningService & { page: Page; complaints: string[]; server: LocalServer }> {
    const running = startService();
    const server = await startServer({ service: running.service, port: 0, pageFolder });
    onTestFinished(() => server.close());
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' });
    onTestFinished(() => page.close());
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(server.pageUrl);
    return { ...running, page, complaints, server };
  }

  async function addFolder(page: Page, folder: string): Promise<void> {
    await page.getByLabel('Add a folder of this machine').fill(folder);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
  }

  test('opens empty, without the token in its address, and without a complaint', async () => {
    const { page, complaints, server } = await open();
    await page.getByText('No images yet').waitFor();
    expect(page.url()).toBe(`${server.url}/`);
    expect(complaints).toEqual([]);
  });

  test('shows images while the scan goes on, and all of them at its end', async () => {
    const { page, complaints } = await open();
    const folder = tempFolder();
    await writeScenes(folder, { count: 40, seed: 1 });
    await addFolder(page, join(folder, 'images'));
    await page.getByRole('heading', { name: 'images' }).waitFor();
    await page.getByText('40 images', { exact: true }).waitFor();
    await expect.poll(() => page.getByRole('img').count()).toBe(40);
    await expect.poll(() => page.getByRole('region', { name: 'Scan' }).count()).toBe(0);
    const isDrawn = await page
      .getByRole('img')
      .first()
      .evaluate((image) => (image as HTMLImageElement).naturalWidth > 0);
    expect(isDrawn).toBe(true);
    expect(complaints).toEqual([]);
    if (screenshots) await takeScreenshots(page, screenshots);
  });

  test('pauses, survives a reload in mid-job, and resumes', async () => {
    const { page } = await open();
    const folder = join(tempFolder(), 'photos');
    await makePhotos(folder, 600);
    await addFolder(page, folder);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('600 images', { exact: true }).waitFor();
  });

  test('offers to resume when the worker is killed in mid-job', async () => {
    const { page, service } = await open();
    const folder = join(tempFolder(), 'photos');
    await makePhotos(folder, 600);
    await addFolder(page, folder);
    await page.getByText(/reading images/).waitFor();
    process.kill(service.queue.workerPid ?? Number.NaN, 'SIGKILL');
    await page.getByRole('alert').getByText('The worker process went away').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('600 images', { exact: true }).waitFor();
  });

  test('explains a folder that cannot be added, and every file that cannot be used', async () => {
    const { page } = await open();
    await addFolder(page, '/no/such/folder');
    await page.getByRole('alert').getByText('The folder /no/such/folder does not exist.').waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    expect(await page.getByRole('alert').count()).toBe(0);

    const folder = join(tempFolder(), 'hostile');
    const { problems } = await makeHostileFolder(folder);
    await addFolder(page, folder);
    await page.getByText(`${problems.size} files cannot be used`).click();
    await page.getByText('The file is empty (0 bytes)').waitFor();
  });

  test('forgets a collection when the person agrees', async () => {
    const { page } = await open();
    const folder = join(tempFolder(), 'photos');
    await makePhotos(folder, 3);
    await addFolder(page, folder);
    await page.getByText('3 images', { exact: true }).waitFor();
    page.once('dialog', (dialog) => void dialog.accept());
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('No images yet').waitFor();
  });

  test('says so when the server is gone, and goes on when it is back', async () => {
    const { page, service, server } = await open();
    await page.getByText('No images yet').waitFor();
    await server.close();
    await page.getByRole('alert').getByText('R2O Studio is not reachable.').waitFor();
    const port = Number(new URL(server.url).port);
    const again = await startServer({ service, port, pageFolder, token: server.token });
    onTestFinished(() => again.close());
    await expect.poll(() => page.getByRole('alert').count(), { timeout: 10_000 }).toBe(0);
    await page.getByText('No images yet').waitFor();
  });
});

async function takeScreenshots(page: Page, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(folder, `library-${colorScheme}.png`) });
  }
}
