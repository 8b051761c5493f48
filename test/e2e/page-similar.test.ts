import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { openPage, seriousFindings, type OpenPage } from '../support/page.ts';
import { startPrepared } from '../support/prepared-scenes.ts';

const IMAGES = 6;

/** The page over a segmentation of synthetic scenes that has never been described. */
async function openMasks(browser: Browser): Promise<OpenPage> {
  const running = await startPrepared({ count: IMAGES, seed: 5 }, { conceptCount: 4 });
  const opened = await openPage(browser, { running });
  await opened.page.getByRole('link', { name: 'Masks' }).click();
  return opened;
}

describe.skipIf(!hasChromium)(`more like this in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('describes the images once, shows similar ones, and reviews them', async () => {
    const { page, client, complaints } = await openMasks(browser);
    const [segmentation] = await client.segmentations.list({});
    const id = segmentation?.id ?? expect.fail('no segmentation');
    const grid = page.getByRole('grid', { name: 'Segmented images' });
    const tiles = grid.locator('button[data-id]');
    await tiles.first().waitFor();
    const soughtId = Number(await tiles.nth(2).getAttribute('data-id'));
    await tiles.nth(2).focus();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'More images like this' }).click();
    await page.getByText(`${IMAGES - 1} results, the most similar first`).waitFor();
    await page.getByText('Compared by colour and outline only').waitFor();
    // The image itself comes first.
    await expect.poll(async () => Number(await tiles.first().getAttribute('data-id'))).toBe(soughtId);
    expect(await seriousFindings(page)).toEqual([]);

    await tiles.nth(0).focus();
    await page.keyboard.press('Space');
    await tiles.nth(1).focus();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Accept', exact: true }).click();
    await expect
      .poll(async () => (await client.masks.reviewProgress({ id })).counts.accepted)
      .toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Undo', exact: true }).click();
    await expect.poll(async () => (await client.masks.reviewProgress({ id })).counts.accepted).toBe(0);

    await page.getByRole('button', { name: 'Back to all images' }).click();
    await page.getByLabel('Sort order').waitFor();
    expect(complaints).toEqual([]);
  });

  test('shows objects like one in the editor, and moves them to a concept', async () => {
    const { page, client, complaints } = await openMasks(browser);
    const [segmentation] = await client.segmentations.list({});
    const id = segmentation?.id ?? expect.fail('no segmentation');
    const target = await client.concepts.create({ id, name: 'wanted' });
    const tiles = page.getByRole('grid', { name: 'Segmented images' }).locator('button[data-id]');
    await tiles.first().focus();
    await page.keyboard.press('Enter');
    const row = page.getByRole('list', { name: 'Masks' }).getByRole('button').first();
    await row.click();
    await page.getByRole('button', { name: 'More objects like this' }).click();
    await page.getByText(/results, the most similar first/).waitFor();
    const objects = page.getByRole('grid', { name: 'Similar objects' }).locator('button[data-id]');
    await objects.nth(2).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    const moved = await objects.evaluateAll((all) => all.slice(0, 3).map((one) => Number(one.dataset.id)));
    await objects.nth(0).click();
    await objects.nth(2).click({ modifiers: ['Shift'] });
    await page.getByLabel('Move to…').selectOption({ label: 'wanted' });
    const members = async () => {
      const { items } = await client.concepts.masks({ id: target.id });
      return items.map((mask) => Number(mask.id)).sort((a, b) => a - b);
    };
    await expect.poll(members).toEqual(moved.sort((a, b) => a - b));
    await page.getByRole('button', { name: 'Undo', exact: true }).click();
    await expect.poll(members).toEqual([]);
    // The way back leads into the image.
    await page.goBack();
    await page.getByRole('region', { name: 'Mask editor' }).waitFor();
    expect(complaints).toEqual([]);
  });
});
