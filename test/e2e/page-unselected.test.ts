import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { drawnImage } from '../support/drawn-images.ts';
import { bitmapOf } from '../support/masks.ts';
import { openPage, seriousFindings } from '../support/page.ts';
import { forkBuiltWorker, galleryOf } from '../support/running-service.ts';
import { startSegmented, type SegmentedService } from '../support/segmented-service.ts';

const PAGE_MS = 180_000;
const [WIDTH, HEIGHT] = [16, 12];

/** An object of 6 x 4 pixels at the left above. */
const bitmap = bitmapOf(
  ...['................', '.######.........', '.######.........', '.######.........', '.######.........'],
  ...Array.from({ length: 7 }, () => '................'),
);

/** Drags the pointer from one place of the picture to another, given in its pixels. */
async function drag(page: Page, from: [number, number], to: [number, number]): Promise<void> {
  const box = await page.getByRole('img', { name: 'a.png' }).boundingBox();
  if (!box) throw new Error('no picture');
  const at = ([x, y]: [number, number]) =>
    [box.x + (x * box.width) / WIDTH, box.y + (y * box.height) / HEIGHT] as const;
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at(to), { steps: 8 });
  await page.mouse.up();
}

/** Areas of the objects of an image, the smallest first, and how many have a concept. */
async function objectsOf({ client, segmentationId: id }: SegmentedService) {
  const [image] = await galleryOf(client, { id });
  if (!image) throw new Error('no image');
  const masks = await client.masks.ofImage({ id, imageId: image.imageId });
  const objects = masks.filter(({ level }) => level === 0);
  return {
    areas: objects.map(({ areaPx }) => areaPx).sort((a, b) => a - b),
    named: objects.filter(({ conceptId }) => conceptId !== null).length,
  };
}

describe.skipIf(!hasChromium)(`tools without a selection in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  /** The editor over an image with one object; the collection has the concepts given. */
  async function edited(classNames: readonly string[]) {
    const running = startSegmented(
      [
        await drawnImage('a.png', [{ bitmap, className: 'cat' }]),
        await drawnImage(
          'b.png',
          classNames.map((className) => ({ bitmap, className })),
        ),
      ],
      forkBuiltWorker,
    );
    const opened = await openPage(browser, { running });
    await opened.page.getByRole('link', { name: 'Masks' }).click();
    await opened.page.getByRole('button', { name: /^a\.png, 1 object/ }).click();
    await opened.page
      .getByRole('region', { name: 'Mask editor' })
      .getByRole('list', { name: 'Masks' })
      .waitFor();
    return { ...opened, running };
  }

  test(
    'a line across nothing says why nothing is divided, and one across an object divides it',
    { timeout: PAGE_MS },
    async () => {
      const { page, running, complaints } = await edited(['cat']);
      await page.keyboard.press('c');
      await drag(page, [10, 8], [14, 11]);
      await page.getByText('Draw the line across an object, or select the object first.').waitFor();
      expect(await objectsOf(running)).toEqual({ areas: [24], named: 1 });
      expect(await seriousFindings(page)).toEqual([]);
      await drag(page, [4, 0.2], [4, 6]);
      await expect.poll(async () => (await objectsOf(running)).named).toBe(2);
      expect((await objectsOf(running)).areas.reduce((sum, area) => sum + area, 0)).toBe(24);
      expect(complaints).toEqual([]);
    },
  );

  test(
    'a stroke on nothing says what to do; a new mask takes the only concept',
    { timeout: PAGE_MS },
    async () => {
      const { page, running, complaints } = await edited(['cat']);
      await page.keyboard.press('b');
      await drag(page, [11, 8], [13, 8]);
      await page.getByText('Select the object to paint on, or press N to draw a new one.').waitFor();
      expect(await objectsOf(running)).toEqual({ areas: [24], named: 1 });
      await page.keyboard.press('n');
      await drag(page, [11, 8], [13, 8]);
      await expect.poll(async () => (await objectsOf(running)).named).toBe(2);
      expect(complaints).toEqual([]);
    },
  );

  test('a new mask that may be of several concepts asks for one', { timeout: PAGE_MS }, async () => {
    const { page, running, complaints } = await edited(['cat', 'dog']);
    await page.keyboard.press('n');
    await drag(page, [11, 8], [13, 8]);
    await page.getByText('The new mask has no concept yet. Press T to assign one.').waitFor();
    const { areas, named } = await objectsOf(running);
    expect([areas.length, named]).toEqual([2, 1]);
    await page.keyboard.press('t');
    await page.keyboard.type('do');
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await objectsOf(running)).named).toBe(2);
    expect(complaints).toEqual([]);
  });
});
