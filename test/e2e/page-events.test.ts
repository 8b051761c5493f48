import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { drawnImage } from '../support/drawn-images.ts';
import { bitmapOf } from '../support/masks.ts';
import { openPage } from '../support/page.ts';
import { startSegmented } from '../support/segmented-service.ts';

const NAMES = ['a.png', 'b.png', 'c.png'];

/** The methods that the page calls from now on. */
function callsOf(page: Page): string[] {
  const calls: string[] = [];
  page.on('websocket', (socket) =>
    socket.on('framesent', ({ payload }) => {
      const path = /"u(?:rl)?":"([^"]+)"/.exec(payload.toString())?.[1];
      if (path !== undefined) calls.push(path);
    }),
  );
  return calls;
}

describe.skipIf(!hasChromium)(`what the page reads after a change in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('is the image whose masks have changed, in the grid and behind the editor', async () => {
    const bitmap = bitmapOf('........', '..###...', '..###...', '........');
    const images = NAMES.map((name) => drawnImage(name, [{ bitmap, className: 'cat' }]));
    const running = startSegmented(await Promise.all(images));
    const { page, complaints } = await openPage(browser, { running });
    const calls = callsOf(page);
    await page.reload();
    await page.getByRole('link', { name: 'Masks' }).click();
    const tiles = page.getByRole('grid', { name: 'Segmented images' }).locator('[data-id]');
    await expect.poll(() => tiles.count()).toBe(NAMES.length);
    await page.getByText('0 of 3 objects reviewed').waitFor();
    expect(calls.join(' ')).toMatch(/galleryIds/);

    calls.length = 0;
    await tiles.nth(1).focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('a');
    await page.getByText('1 of 3 objects reviewed').waitFor();
    expect(calls.join(' ')).toMatch(/galleryTiles/);
    expect(calls.filter((call) => /galleryIds|segmentations\/list/.test(call))).toEqual([]);

    await tiles.nth(2).click();
    await page.getByRole('list', { name: 'Masks' }).getByRole('button').first().click();
    calls.length = 0;
    await page.keyboard.press('a');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.getByText('2 of 3 objects reviewed').waitFor();
    expect(calls.filter((call) => /galleryIds|segmentations\/list/.test(call))).toEqual([]);

    // Where the filter depends on reviews, the list itself is read again.
    await page.getByLabel('Review', { exact: true }).selectOption({ label: 'Not reviewed' });
    await expect.poll(() => tiles.count()).toBe(1);
    await tiles.first().focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('a');
    await expect.poll(() => tiles.count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});
