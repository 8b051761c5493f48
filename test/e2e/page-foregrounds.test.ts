import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { openPage, seriousFindings } from '../support/page.ts';
import { galleryOf } from '../support/running-service.ts';
import { correctToRed, likenessToRed, startTwoColours } from '../support/two-colours.ts';

const LONG_MS = 240_000;
const CORRECTED = 6;

describe.skipIf(!hasChromium)(`new foregrounds in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('follow six corrected images, apply to the others, and are undone', { timeout: LONG_MS }, async () => {
    const { id, ...running } = await startTwoColours();
    const { client } = running;
    await correctToRed(client, id, CORRECTED);
    const before = await likenessToRed(client, id, CORRECTED);

    const { page, complaints } = await openPage(browser, { running });
    await page.getByRole('link', { name: 'Masks' }).click();
    await page.getByRole('button', { name: 'Fix all' }).click();
    await page.getByText('Foregrounds', { exact: true }).click();
    const apply = page.getByRole('button', { name: /^Apply to/ });
    await apply.waitFor({ timeout: LONG_MS / 2 });
    await page.getByText(`Learned from ${CORRECTED} corrected images.`).waitFor();
    const images = page.getByRole('grid', { name: 'Images with new foregrounds' }).locator('button[data-id]');
    await images.first().locator('img').nth(1).waitFor();
    await page.waitForFunction(() =>
      [...document.querySelectorAll('button[data-id] img')].every(
        (image) => image instanceof HTMLImageElement && image.complete && image.naturalWidth > 0,
      ),
    );
    expect(await seriousFindings(page)).toEqual([]);
    // One is left out.
    const leftOut = Number(await images.first().getAttribute('data-id'));
    const objectsOf = async () =>
      (await galleryOf(client, { id })).find(({ imageId }) => Number(imageId) === leftOut)?.version;
    const untouched = await objectsOf();
    await images.first().click();
    await page.getByText('1 image is left out').waitFor();
    await apply.click();
    await page.getByText(/images? (has|have) new objects/).waitFor();
    expect(await likenessToRed(client, id, CORRECTED)).toBeGreaterThan(before + 0.1);
    expect(await objectsOf()).toBe(untouched);

    await page.getByRole('button', { name: 'Undo', exact: true }).click();
    await expect.poll(() => likenessToRed(client, id, CORRECTED)).toBeCloseTo(before);
    expect(complaints).toEqual([]);
  });

  test('say what is missing where too little is corrected', { timeout: LONG_MS }, async () => {
    const running = await startTwoColours();
    const { page, complaints } = await openPage(browser, { running });
    await page.getByRole('link', { name: 'Masks' }).click();
    await page.getByRole('button', { name: 'Fix all' }).click();
    await page.getByText('Foregrounds', { exact: true }).click();
    await page.getByText('Too few corrected images yet').waitFor({ timeout: LONG_MS / 2 });
    expect(complaints).toEqual([]);
  });
});
