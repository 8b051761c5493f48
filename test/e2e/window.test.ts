import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import { hasChromium, sharedChromium } from '../support/chromium.ts';
import { canRunElectron, electronReason, openAnyApp, type AnyOpenApp } from '../support/electron.ts';
import { tempFolder } from '../support/temp-folder.ts';

const IMAGES = 4;
const host = canRunElectron ? 'in Electron' : 'in Chromium, over a stand-in for Electron';

/** Adds a folder through the button that opens the system's dialog; the dialog answers by itself. */
async function addFolder({ app, page }: AnyOpenApp, folder: string): Promise<void> {
  await app.evaluate(({ dialog }, path) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [path] });
  }, folder);
  await page.getByRole('button', { name: 'Select folder' }).click();
  await page.getByRole('tab', { name: `Images ${IMAGES}` }).waitFor();
}

async function segment(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Masks' }).click();
  await page.getByRole('button', { name: 'Start segmenting' }).click();
  const tiles = page.getByRole('grid', { name: 'Segmented images' }).locator('[data-id]');
  await expect.poll(() => tiles.count()).toBe(IMAGES);
}

/** Accepts the objects of the first two images, as the keyboard does. */
async function accept(page: Page): Promise<void> {
  await page.getByRole('grid', { name: 'Segmented images' }).locator('[data-id]').first().focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('a');
  await page.getByText(/^\d+ objects? reviewed/).waitFor();
}

async function exportTo(page: Page, out: string): Promise<void> {
  await page.getByRole('link', { name: 'Datasets' }).click();
  await page.getByLabel('Dataset name').fill('scenes');
  await page.getByRole('button', { name: 'Freeze version' }).click();
  await page.getByRole('heading', { name: 'scenes · Version 1' }).waitFor();
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: /^COCO Detectron2/ }).check({ force: true });
  await dialog.getByLabel('New folder').fill(out);
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  await page.getByRole('article', { name: 'Export as COCO' }).getByText('Done').waitFor();
}

describe.skipIf(!canRunElectron && !hasChromium)(
  `the window, ${host}${hasChromium ? '' : electronReason}`,
  () => {
    let browser: Browser | undefined;
    beforeAll(async () => void (browser = canRunElectron ? undefined : await sharedChromium()));

    test('leads from a folder to an export, and shows all of it again after a restart', async () => {
      const data = join(tempFolder(), 'data');
      const folder = tempFolder();
      await writeScenes(folder, { count: IMAGES, seed: 4 });
      const out = join(tempFolder(), 'scenes-coco');

      const first = await openAnyApp(data, browser);
      await addFolder(first, join(folder, 'images'));
      await segment(first.page);
      await accept(first.page);
      await exportTo(first.page, out);
      expect(existsSync(join(out, 'annotations/instances_train.json'))).toBe(true);
      await first.app.close();

      const again = await openAnyApp(data, browser);
      // Where it was left.
      await again.page.getByRole('heading', { name: 'scenes · Version 1' }).waitFor();
      await again.page.getByRole('link', { name: 'Masks' }).click();
      const tiles = again.page.getByRole('grid', { name: 'Segmented images' }).locator('[data-id]');
      await expect.poll(() => tiles.count()).toBe(IMAGES);
      expect(again.app.windows()).toHaveLength(1);
      await again.app.close();
    });
  },
);
