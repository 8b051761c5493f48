import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { drawnImage } from '../support/drawn-images.ts';
import { bitmapOf } from '../support/masks.ts';
import { clippedControls, openPage, seriousFindings } from '../support/page.ts';
import { waitForState } from '../support/running-service.ts';
import { startSegmented } from '../support/segmented-service.ts';
import { tempFolder } from '../support/temp-folder.ts';

const LAKE = bitmapOf('..........', '.########.', '.########.', '.########.', '.########.', '..........');
const BOAT = bitmapOf('..........', '..........', '...####...', '...####...', '..........', '..........');

describe.skipIf(!hasChromium)(`the order of masks, in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('is changed by button and by key, undone, and followed by exports', async () => {
    const running = startSegmented([
      await drawnImage('a.png', [
        { bitmap: LAKE, className: 'lake', score: 0.9 },
        { bitmap: BOAT, className: 'boat', score: 0.5 },
      ]),
    ]);
    const { page, client, complaints } = await openPage(browser, { running });
    await page.getByRole('link', { name: 'Masks' }).click();
    await page.getByRole('grid', { name: 'Segmented images' }).locator('[data-id]').first().click();
    const rows = page.getByRole('list', { name: 'Masks' }).getByRole('listitem');
    const names = () => rows.locator('.name').allTextContents();
    await expect.poll(names).toEqual(['lake', 'boat']);
    const order = page.getByRole('toolbar', { name: 'Order' });
    await page.keyboard.press('Shift+Home');
    await page.getByText('Select a mask first.').waitFor();

    // A click on the place of the boat meets the lake once that is in front.
    const stage = (await page.locator('.stage').boundingBox()) ?? expect.fail('no picture');
    const boat = [stage.x + stage.width / 2, stage.y + stage.height / 2] as const;
    const chosen = () => rows.locator('[aria-pressed=true] .name').allTextContents();
    await page.mouse.click(...boat);
    await expect.poll(chosen).toEqual(['boat']);
    await page.keyboard.press('Shift+PageDown');
    await expect.poll(names).toEqual(['boat', 'lake']);
    await page.mouse.click(...boat);
    await expect.poll(chosen).toEqual(['lake']);
    await order.getByRole('button', { name: 'Bring forward' }).click();
    await page.getByText('The selected masks are there already').waitFor();
    await page.getByRole('button', { name: 'Undo: order' }).click();
    await expect.poll(names).toEqual(['lake', 'boat']);
    await page.keyboard.press('Control+Shift+z');
    await expect.poll(names).toEqual(['boat', 'lake']);
    expect(await seriousFindings(page)).toEqual([]);
    await page.setViewportSize({ width: 1024, height: 700 });
    expect(await clippedControls(page)).toEqual([]);

    const { id } = await client.datasets.create({
      name: 'lakes',
      recipe: { segmentationIds: [running.segmentationId] },
    });
    const outPath = join(tempFolder(), 'labels');
    mkdirSync(join(outPath, '..'), { recursive: true });
    const options = { format: 'index-png', outPath } as const;
    const { job } = await client.exports.start({ versionId: id, options });
    await waitForState(client, job.id, 'done');
    const version = await client.datasets.version({ id });
    const lake = version.classes.find(({ name }) => name === 'lake')?.number;
    const labels = await sharp(readFileSync(join(outPath, 'labels/train/a.png'))).raw().toBuffer(); // prettier-ignore
    expect(new Set(labels)).toEqual(new Set([0, lake]));
    expect(complaints).toEqual([]);
  });
});
