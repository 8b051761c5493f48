import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { addFolder, openPage, seriousFindings } from '../support/page.ts';
import { tempFolder } from '../support/temp-folder.ts';

describe.skipIf(!hasChromium)(`the way from images to a dataset in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('starts with a sample, one click from an empty window', async () => {
    const { page, complaints } = await openPage(browser);
    await page.getByRole('button', { name: 'Try with a sample' }).click();
    await page.getByRole('heading', { name: 'New segmentation' }).waitFor();
    await page.getByText('7 images').first().waitFor();
    await page.getByRole('button', { name: 'Start segmenting' }).click();
    await page.getByRole('button', { name: 'Review the masks' }).first().click();
    await page.getByText(/^0 of \d+ objects reviewed$/).waitFor();
    expect(complaints).toEqual([]);
  });

  test('is one button after each step', async () => {
    const folder = tempFolder();
    await writeScenes(folder, { count: 4, seed: 3 });
    const { page, client, complaints } = await openPage(browser);
    await page.getByText('Objects in them, found without labels').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await addFolder(page, join(folder, 'images'));
    await page.getByRole('tab', { name: 'Images 4' }).waitFor();
    await page.getByRole('main').getByRole('button', { name: 'Segment', exact: true }).click();
    await page.getByRole('heading', { name: 'New segmentation' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Start segmenting' }).click();
    await page.getByRole('button', { name: 'Review the masks' }).first().click();
    await page.getByText(/^0 of \d+ objects reviewed$/).waitFor();
    expect(new URL(page.url()).hash).toMatch(/^#\/masks\/1/);
    await page.getByRole('button', { name: 'New dataset' }).click();
    await page.getByLabel('Dataset name').fill('things');
    await page.getByRole('button', { name: 'Freeze version' }).click();
    await page.getByRole('heading', { name: 'things · Version 1' }).waitFor();
    await page.getByRole('button', { name: 'Export', exact: true }).waitFor();

    // Activity leads to what was made.
    await page.getByRole('link', { name: 'Activity' }).click();
    await page
      .getByRole('article', { name: /^Scan/ })
      .getByRole('button', { name: 'Segment the images' })
      .waitFor();
    await page
      .getByRole('article', { name: /^Segmentation/ })
      .getByRole('button', { name: 'Review the masks' })
      .click();
    await expect.poll(() => new URL(page.url()).hash).toMatch(/^#\/masks\/1/);
    expect((await client.datasets.list()).length).toBe(1);
    expect(complaints).toEqual([]);
  });
});
