import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { ImageId } from '../../src-main/contract/ids.ts';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { clickPhoto } from '../support/click-photo.ts';
import { openPage, seriousFindings } from '../support/page.ts';
import { forkBuiltWorker, galleryOf } from '../support/running-service.ts';
import { startSegmented } from '../support/segmented-service.ts';

const SIZE = { widthPx: 320, heightPx: 240, px: 120 };

/** Places on the screen of places of the picture, given in its own pixels. */
async function onScreen(page: Page): Promise<(x: number, y: number) => [number, number]> {
  const box = await page.getByRole('img', { name: 'square.png' }).boundingBox();
  if (!box) throw new Error('no picture');
  return (x, y) => [box.x + (x * box.width) / SIZE.widthPx, box.y + (y * box.height) / SIZE.heightPx];
}

describe.skipIf(!hasChromium)(`clicks on an image in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('give an object that is kept as a mask, and undone', async () => {
    const running = startSegmented([await clickPhoto('square.png', SIZE)], forkBuiltWorker);
    const { page, client, complaints } = await openPage(browser, { running });
    const [tile] = await galleryOf(client, { id: running.segmentationId });
    const key = { id: running.segmentationId, imageId: tile?.imageId ?? ImageId.parse(1) };
    const masks = () => client.masks.ofImage(key);
    await page.getByRole('link', { name: 'Masks' }).waitFor();
    await page.keyboard.press('Control+3');
    await page.getByRole('grid', { name: 'Segmented images' }).locator('[data-id]').first().dblclick();
    const editor = page.getByRole('region', { name: 'Mask editor' });
    await editor.getByRole('img', { name: 'square.png' }).waitFor();
    const status = editor.getByRole('status');

    await page.keyboard.press('k');
    const tool = editor.getByRole('button', { name: 'Object by clicks' });
    expect(await tool.getAttribute('aria-pressed')).toBe('true');
    await status.getByText(/^Click an object/).waitFor();
    const at = await onScreen(page);
    await page.mouse.click(...at(120, 120));
    await status.getByText(/^Answer \d of \d$/).waitFor();
    expect(await page.locator('[data-seeds="1"]').count()).toBe(1);
    expect(await seriousFindings(page)).toEqual([]);
    const first = await status.getByText(/^Answer/).textContent();
    await page.keyboard.press('Tab');
    await expect.poll(() => status.getByText(/^Answer/).textContent()).not.toBe(first);
    expect(await masks()).toEqual([]);

    // What is said to be outside, and dropped again.
    await page.keyboard.down('Alt');
    await page.mouse.click(...at(290, 20));
    await page.keyboard.up('Alt');
    await page.locator('[data-seeds="2"]').waitFor({ state: 'attached' });
    await page.keyboard.press('Escape');
    await status.getByText(/^Click an object/).waitFor();

    // A box around it, kept.
    await page.mouse.move(...at(40, 40));
    await page.mouse.down();
    await page.mouse.move(...at(200, 200), { steps: 6 });
    await page.mouse.up();
    await status.getByText(/^Answer \d of \d$/).waitFor();
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await masks()).length).toBe(1);
    const [kept] = await masks();
    expect(kept).toMatchObject({ origin: 'hand', review: 'accepted' });
    expect(Math.abs((kept?.areaPx ?? 0) - SIZE.px ** 2)).toBeLessThan(300);
    await expect.poll(() => editor.getByRole('list', { name: 'Masks' }).getByRole('listitem').count()).toBe(1); // prettier-ignore

    await page.keyboard.press('Control+z');
    await expect.poll(async () => (await masks()).length).toBe(0);
    expect(complaints).toEqual([]);
  });
});
