import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { drawnImage } from '../support/drawn-images.ts';
import { bitmapOf } from '../support/masks.ts';
import { clippedControls, openPage, seriousFindings } from '../support/page.ts';
import { saveDrawn, startSegmented } from '../support/segmented-service.ts';

const LEFT = bitmapOf('####......', '####......', '####......', '..........', '..........', '..........');
const RIGHT = bitmapOf('......####', '......####', '......####', '..........', '..........', '..........');

/** Where the pictures of the editor are: what is drawn at a place of each. */
const placesOf = (page: Page) =>
  page
    .locator('.viewport .picture')
    .evaluateAll((all) => all.map((one) => (one as HTMLElement).style.transform));

describe.skipIf(!hasChromium)(`two segmentations side by side, in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('are in tiles and the editor, move together, and the address says so', async () => {
    const both = { bitmap: LEFT, className: 'cat', score: 0.9 };
    const other = { bitmap: RIGHT, className: 'cat', score: 0.8 };
    const images = await Promise.all(
      Array.from({ length: 4 }, (_, at) => drawnImage(`photo-${at}.png`, at === 0 ? [both, other] : [both])),
    );
    const running = startSegmented(images);
    const [first, second, third] = await Promise.all(
      ['photo-0.png', 'photo-1.png', 'photo-2.png'].map((name) => drawnImage(name, [other])),
    );
    if (!first || !second || !third) throw new Error('not drawn');
    const secondId = saveDrawn(running, running.collection, [first, second, third]);
    await running.client.segmentations.rename({ id: secondId, name: 'second way' });
    await running.client.segmentations.rename({ id: running.segmentationId, name: 'first way' });
    const { page, complaints } = await openPage(browser, { running });
    // Until it is connected, its address has what it connects with.
    await page.getByRole('navigation').waitFor();
    await page.goto(`${new URL(page.url()).origin}/#/masks/${running.segmentationId}`);
    const tiles = page.getByRole('grid', { name: 'Segmented images' }).locator('[data-id]');
    await expect.poll(() => tiles.count()).toBe(4);
    expect(await page.locator('[data-beside]').count()).toBe(0);

    await page.getByLabel('Second segmentation').selectOption({ label: 'Beside it: second way' });
    await expect.poll(() => page.locator('[data-beside] img').count()).toBe(3);
    await expect
      .poll(() => tiles.first().getAttribute('aria-label'))
      .toMatch(/2 objects, .*beside it: 1 object$/);
    await expect.poll(() => tiles.nth(3).getAttribute('aria-label')).toMatch(/beside it: Not segmented$/);
    expect(new URL(page.url()).hash).toMatch(new RegExp(`beside=${secondId}`));
    const names = page.getByRole('group', { name: 'Left and right' });
    await names.getByText('0 of 5 objects reviewed').waitFor();
    await names.getByText('0 of 3 objects reviewed').waitFor();
    expect(await seriousFindings(page)).toEqual([]);

    // One image: both are shown, and the wheel over either moves both.
    await tiles.first().click();
    const figure = page.getByRole('figure', { name: 'second way: 1 object' });
    await figure.waitFor();
    const box = (await figure.boundingBox()) ?? expect.fail('no picture');
    await page.mouse.move(box.x + box.width / 3, box.y + box.height / 2);
    await page.mouse.wheel(0, -400);
    await expect.poll(async () => new Set(await placesOf(page)).size).toBe(1);
    const zoomed = await placesOf(page);
    await page.keyboard.press('-');
    await expect.poll(() => placesOf(page)).not.toEqual(zoomed);
    expect(new Set(await placesOf(page)).size).toBe(1);
    await page.setViewportSize({ width: 1024, height: 700 });
    expect(await clippedControls(page)).toEqual([]);
    expect(await seriousFindings(page)).toEqual([]);

    // What is decided in the second one elsewhere is seen here, and the address reproduces all of it.
    const objects = await running.client.masks.ofImage({ id: secondId, imageId: (await running.client.segmentations.galleryIds({ id: secondId, cursor: null })).items[0] ?? expect.fail('no image') }); // prettier-ignore
    await running.client.masks.remove({ ids: objects.map(({ id }) => id) });
    await page.getByRole('figure', { name: 'second way: 0 objects' }).waitFor();
    await page.reload();
    await page.getByRole('figure', { name: 'second way: 0 objects' }).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('[data-beside]').count()).toBe(4);
    await page.getByLabel('Second segmentation').selectOption({ label: 'Compare with…' });
    await expect.poll(() => page.locator('[data-beside]').count()).toBe(0);
    expect(new URL(page.url()).hash).not.toMatch(/beside/);
    expect(complaints).toEqual([]);
  });
});
