import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import type { DrawnImage } from '../support/drawn-images.ts';
import { openPage, seriousFindings } from '../support/page.ts';
import { forkBuiltWorker } from '../support/running-service.ts';
import { startSegmented } from '../support/segmented-service.ts';
import { sharpOf } from '../support/test-images.ts';

const SIZE = 64;
const COUNT = 20;

/** A square of a colour on grey; the third one, a red one, is of the class blue. */
async function square(index: number): Promise<DrawnImage> {
  const isRed = index % 2 === 0;
  const data = Buffer.alloc(SIZE * SIZE * 3, 128);
  const bitmap = { data: new Uint8Array(SIZE * SIZE), widthPx: SIZE, heightPx: SIZE };
  for (let y = 12; y < 40; y++) {
    for (let x = 8 + (index % 9); x < 40; x++) {
      data.set(isRed ? [200, 40 + index, 40] : [40, 60 + index, 200], (y * SIZE + x) * 3);
      bitmap.data[y * SIZE + x] = 1;
    }
  }
  const bytes = await sharpOf({ data, widthPx: SIZE, heightPx: SIZE }).png().toBuffer();
  const className = isRed && index !== 2 ? 'red' : 'blue';
  const relPath = `${String(index).padStart(2, '0')}.png`;
  return { relPath, bytes, widthPx: SIZE, heightPx: SIZE, masks: [{ bitmap, className, score: 0.8 }] };
}

describe.skipIf(!hasChromium)(`what is probably wrong in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('shows an object with the wrong concept, moves it to that of its neighbours, and takes that back', async () => {
    const images = await Promise.all(Array.from({ length: COUNT }, (_, at) => square(at)));
    const running = startSegmented(images, forkBuiltWorker);
    const { client, segmentationId: id } = running;
    const { page, complaints } = await openPage(browser, { running });
    await page.getByRole('link', { name: 'Masks' }).click();
    await page.getByRole('button', { name: 'Check', exact: true }).click();
    const list = page.getByLabel('What to look through');
    await list.waitFor();
    await expect.poll(() => list.locator('option').allTextContents()).toContain('Wrong concept (1)');
    const suspects = page.getByRole('grid', { name: 'Suspicious objects' }).locator('button[data-id]');
    await suspects.first().waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await suspects.first().click();
    const concepts = async () =>
      (await client.concepts.list({ id })).map(({ name, maskCount }) => [name, maskCount]);
    expect(await concepts()).toEqual([
      ['blue', 11],
      ['red', 9],
    ]);
    await page.getByRole('button', { name: 'Move to “red”' }).click();
    await page.getByText('1 object moved').waitFor();
    await page.getByText('Nothing suspicious').waitFor();
    expect(await concepts()).toEqual([
      ['blue', 10],
      ['red', 10],
    ]);
    await page.getByRole('button', { name: 'Undo', exact: true }).click();
    await suspects.first().waitFor();
    expect(await concepts()).toEqual([
      ['blue', 11],
      ['red', 9],
    ]);
    await list.selectOption({ label: 'Wrong outline (0)' });
    await page.getByText('Nothing suspicious').waitFor();
    expect(complaints).toEqual([]);
  });
});
