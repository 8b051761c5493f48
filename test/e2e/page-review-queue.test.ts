import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import type { DrawnImage } from '../support/drawn-images.ts';
import { openPage, seriousFindings } from '../support/page.ts';
import { forkBuiltWorker } from '../support/running-service.ts';
import { startSegmented } from '../support/segmented-service.ts';
import { sharpOf } from '../support/test-images.ts';

const ROUND = 30;
const COUNT = 45;
const SIZE = 64;
const ESTIMATE =
  /Of the [\d,]+ objects not reviewed, about \d+\s?% \(\d+\s?% to \d+\s?%\) would be accepted\./;

/** A square on grey whose score rises with its number. */
async function square(index: number): Promise<DrawnImage> {
  const data = Buffer.alloc(SIZE * SIZE * 3, 128);
  const bitmap = { data: new Uint8Array(SIZE * SIZE), widthPx: SIZE, heightPx: SIZE };
  for (let y = 12; y < 40; y++) {
    for (let x = 8 + (index % 9); x < 40; x++) {
      data.set([200 - 3 * index, 40 + 4 * index, 90], (y * SIZE + x) * 3);
      bitmap.data[y * SIZE + x] = 1;
    }
  }
  const bytes = await sharpOf({ data, widthPx: SIZE, heightPx: SIZE }).png().toBuffer();
  const masks = [{ bitmap, className: 'square', score: (index + 0.5) / COUNT }];
  const relPath = `${String(index).padStart(2, '0')}.png`;
  return { relPath, bytes, widthPx: SIZE, heightPx: SIZE, masks };
}

describe.skipIf(!hasChromium)(`what to review next in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('leads through thirty objects, estimates how many of the others are right, and goes on', async () => {
    const images = await Promise.all(Array.from({ length: COUNT }, (_, at) => square(at)));
    const running = startSegmented(images, forkBuiltWorker);
    const { client, segmentationId: id } = running;
    const counts = async () => (await client.masks.reviewProgress({ id })).counts;
    const before = await counts();
    expect(before.pending).toBe(COUNT);

    const { page, complaints } = await openPage(browser, { running });
    await page.getByRole('link', { name: 'Masks' }).click();
    await page.getByRole('button', { name: 'Review next' }).click();
    const progress = (decided: number) =>
      page.getByRole('status').filter({ hasText: `${decided} of ${ROUND} reviewed in this round.` });
    await progress(0).waitFor();
    // The object that is asked about is the selected one.
    const selected = page.getByRole('list', { name: 'Masks' }).getByRole('button', { pressed: true });
    await selected.waitFor();
    expect(await seriousFindings(page)).toEqual([]);

    await page.keyboard.press('r');
    await progress(1).waitFor();
    expect(await counts()).toMatchObject({ rejected: 1 });
    // Back, and undone in its image.
    await page.keyboard.press('ArrowLeft');
    await page.getByText(`1 of ${ROUND}`, { exact: true }).waitFor();
    await page.getByRole('button', { name: /^Undo/ }).first().waitFor();
    await page.keyboard.press('Control+z');
    await expect.poll(counts).toEqual(before);

    for (let decided = 0; decided < ROUND; decided++) {
      await progress(decided).waitFor();
      await selected.waitFor();
      await page.keyboard.press(decided % 5 === 0 ? 'r' : 'a');
    }
    const estimate = page.getByText(ESTIMATE);
    await page.getByRole('heading', { name: /This round is finished|Good enough/ }).waitFor();
    await estimate.waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    expect(await counts()).toMatchObject({ pending: before.pending - ROUND, rejected: 6, accepted: 24 });
    const { estimates } = await client.reviewQueue.get({ id });
    expect(estimates).toMatchObject([{ round: 1, pending: before.pending - ROUND, audits: 10 }]);

    await page.keyboard.press('Enter');
    await estimate.waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Review next' }).waitFor();
    expect(complaints).toEqual([]);
  });
});
