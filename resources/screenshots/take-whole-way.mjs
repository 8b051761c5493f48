/**
 * `npm run screenshots`, second part: the whole way from a folder to an export as six pictures for the README, with the four
 * microscope pictures of the sample, which are in the public domain. Half a minute on two cores; needs Chromium.
 * Look at every picture before it is committed.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { go, rest, withPage } from './page-pictures.mjs';

const NAME = 'Nuclei';
const VIEWPORT = { width: 1000, height: 640 };
const WEBP = { quality: 80, effort: 6 };

const work = mkdtempSync(join(tmpdir(), 'r2o-way-'));
const folder = join(work, NAME);
cpSync(resolve(import.meta.dirname, '../sample/nuclei'), folder, { recursive: true });

/** What a person does on the way, and after each step the name of its picture. */
async function walk(page) {
  await page.getByLabel('Folder path on this machine').fill(folder);
  await page.locator('form').getByRole('button', { name: 'Add folder' }).click();
  await page.getByRole('tab', { name: 'Images 4' }).waitFor();
  await take(page, 'way-1-folder');

  await go(page, 'masks');
  await page.getByLabel('Number of concepts').fill('3');
  await page.getByLabel('Number of concepts').press('Tab');
  await page.getByRole('button', { name: 'Start segmenting' }).click();
  const tiles = page.getByRole('grid', { name: 'Segmented images' }).locator('[data-id]');
  await tiles.nth(3).waitFor();
  await page.locator('[role=progressbar]:not([aria-valuenow="100"])').waitFor({ state: 'detached' });
  await take(page, 'way-2-masks');

  await tiles.nth(1).click();
  await page.getByRole('list', { name: 'Masks' }).getByRole('button').nth(3).click();
  await page.keyboard.press('a');
  await take(page, 'way-3-review');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');

  await go(page, 'concepts');
  await page.locator('li button[data-id]').first().focus();
  await page.keyboard.press('F2');
  await page.locator('input:focus').waitFor();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('Nucleus');
  await page.keyboard.press('Enter');
  await page.locator('option', { hasText: 'Nucleus' }).first().waitFor({ state: 'attached' });
  await page.keyboard.press('Escape');
  await page.locator('li button[data-id]').first().click();
  await take(page, 'way-4-concepts');

  await go(page, 'datasets');
  await page.getByLabel('Dataset name').fill('nuclei');
  await page.getByRole('button', { name: 'Freeze version' }).click();
  await page.getByRole('heading', { name: 'nuclei · Version 1' }).waitFor();
  await take(page, 'way-5-dataset');

  await page.getByRole('button', { name: 'Export', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await take(page, 'way-6-export');
  await dialog.getByLabel('New folder').fill(join(work, 'nuclei-coco'));
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  await page.getByRole('article', { name: 'Export as COCO' }).getByText('Done').waitFor();
}

async function take(page, name) {
  await dismissMessages(page);
  await rest(page);
  await sharp(await page.screenshot())
    .webp(WEBP)
    .toFile(join(import.meta.dirname, `${name}.webp`));
}

/** Messages lie over what the picture is to show. */
async function dismissMessages(page) {
  const messages = page.getByRole('region', { name: 'Messages' });
  // All at once: some go by themselves meanwhile.
  await messages.getByRole('button', { name: 'Dismiss' }).evaluateAll((all) => {
    for (const button of all) button.click();
  });
  await messages.getByRole('button').first().waitFor({ state: 'detached' });
}

try {
  await withPage({ data: join(work, 'data'), viewport: VIEWPORT }, walk);
} finally {
  rmSync(work, { recursive: true, force: true });
}
