import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { MaskId } from '../../src-main/contract/ids.ts';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { openPage, seriousFindings } from '../support/page.ts';
import { startPrepared } from '../support/prepared-scenes.ts';
import { galleryOf } from '../support/running-service.ts';

const IMAGES = 12;

describe.skipIf(!hasChromium)(`a proposal in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('follows five corrected objects, applies to the others, and is undone', async () => {
    const running = await startPrepared({ count: IMAGES, seed: 5 }, { conceptCount: 4 });
    const { client } = running;
    const { id } = running.segmentation;
    // Five of the largest objects are right, the five smallest are not.
    const tiles = await galleryOf(client, { id });
    const masks = await Promise.all(tiles.map(({ imageId }) => client.masks.ofImage({ id, imageId })));
    const objects = masks
      .flat()
      .filter(({ level }) => level === 0)
      .sort((a, b) => b.areaPx - a.areaPx);
    const idsOf = (some: typeof objects): MaskId[] => some.map((mask) => mask.id);
    await client.masks.review({ ids: idsOf(objects.slice(0, 5)), review: 'accepted' });
    await client.masks.review({ ids: idsOf(objects.slice(-5)), review: 'rejected' });
    const before = (await client.masks.reviewProgress({ id })).counts;

    const { page, complaints } = await openPage(browser, { running });
    await page.getByRole('link', { name: 'Masks' }).click();
    await page.getByRole('button', { name: 'Fix all' }).click();
    const apply = page.getByRole('button', { name: /^Apply all/ });
    await apply.waitFor();
    const proposed = page.getByRole('grid', { name: 'Proposed objects' }).locator('button[data-id]');
    await proposed.first().waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    // One is left out.
    await proposed.first().click();
    await page.getByText('1 object is left out').waitFor();
    const leftOut = Number(await proposed.first().getAttribute('data-id'));
    await apply.click();
    await page.getByText(/objects? changed as proposed/).waitFor();
    const after = (await client.masks.reviewProgress({ id })).counts;
    expect(after.pending).toBeLessThan(before.pending);
    const untouched = objects.find((mask) => Number(mask.id) === leftOut) ?? expect.fail('no such object');
    const now = await client.masks.ofImage({ id, imageId: untouched.imageId });
    expect(now.find((mask) => mask.id === untouched.id)?.review).toBe('pending');

    await page.getByRole('button', { name: 'Undo', exact: true }).click();
    await expect.poll(async () => (await client.masks.reviewProgress({ id })).counts).toEqual(before);
    expect(complaints).toEqual([]);
  });
});
