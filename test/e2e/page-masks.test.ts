import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Client } from '../../src-main/contract/contract.ts';
import type { ImageId, SegmentationId } from '../../src-main/contract/ids.ts';
import type { ForegroundNote, ShapedMask } from '../../src-main/contract/segmentation.ts';
import { decodeRle, type Bitmap } from '../../src-main/core/mask/rle.ts';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { drawnImage } from '../support/drawn-images.ts';
import { openPage, seriousFindings } from '../support/page.ts';
import { startPrepared } from '../support/prepared-scenes.ts';
import { forkBuiltWorker, galleryOf } from '../support/running-service.ts';
import { startSegmented } from '../support/segmented-service.ts';

const IMAGES = 6;
const [WIDTH, HEIGHT] = [320, 240];

function rectangle(left: number, top: number, right: number, bottom: number): Bitmap {
  const data = new Uint8Array(WIDTH * HEIGHT);
  for (let y = top; y < bottom; y++) data.fill(1, y * WIDTH + left, y * WIDTH + right);
  return { data, widthPx: WIDTH, heightPx: HEIGHT };
}

const tilesOf = (page: Page) => page.getByRole('grid', { name: 'Segmented images' }).locator('[data-id]');
const drawnOf = (page: Page) => page.locator('[data-state=shown] img[src*="/drawn/"]');

/** What the service knows of an image's objects, the first made first. */
async function objectsOf(client: Client, id: SegmentationId, imageId: ImageId): Promise<ShapedMask[]> {
  const masks = await client.masks.ofImage({ id, imageId });
  return masks.filter(({ level }) => level === 0).sort((a, b) => a.id - b.id);
}

function isInside({ gridWidth, gridHeight, counts }: ShapedMask, x: number, y: number): boolean {
  const { data } = decodeRle({ gridWidth, gridHeight, rle: Buffer.from(counts, 'latin1') });
  return data[y * gridWidth + x] === 1;
}

/** Drags the pointer through places of the picture, given in its own pixels. */
async function drag(page: Page, name: string, ...places: [number, number][]): Promise<void> {
  const box = await page.getByRole('img', { name }).boundingBox();
  if (!box) throw new Error('no picture');
  const at = ([x, y]: [number, number]) =>
    [box.x + ((x + 0.5) * box.width) / WIDTH, box.y + ((y + 0.5) * box.height) / HEIGHT] as const;
  const [first, ...others] = places;
  if (!first) throw new Error('nowhere to drag');
  await page.mouse.move(...at(first));
  await page.mouse.down();
  for (const place of others) await page.mouse.move(...at(place), { steps: 8 });
  await page.mouse.up();
}

describe.skipIf(!hasChromium)(`the masks screen in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('marks objects that are likely right, shows what has to be checked first, and accepts the rest in one step', async () => {
    const scores = [0.95, 0.7, 0.92, 0.3];
    const running = startSegmented(
      await Promise.all(
        scores.map((score, at) =>
          drawnImage(`${at}.png`, [
            { bitmap: rectangle(20 * at, 40, 20 * at + 120, 200), className: 'cat', score },
          ]),
        ),
      ),
      forkBuiltWorker,
    );
    const note: ForegroundNote = {
      way: 'head',
      agreement: 0.7,
      imageCount: 40,
      from: null,
      taughtBy: [],
      hasThingMetric: false,
    };
    running.service.store.segmentations.setForeground(running.segmentationId, note);
    const { page, client, complaints } = await openPage(browser, { running });
    await page.getByRole('link', { name: 'Masks' }).waitFor();
    await page.keyboard.press('Control+3');
    const marked = tilesOf(page).and(page.getByRole('button', { name: /Likely right/ }));
    await expect.poll(() => marked.count()).toBe(2);
    expect(await page.getByTitle(/^Likely right\. Likely right means a score of 0\.90/).count()).toBe(2);
    expect(await seriousFindings(page)).toEqual([]);

    const filter = page.getByLabel('Likely right or to check');
    await filter.selectOption({ label: 'To check' });
    await expect.poll(() => tilesOf(page).count()).toBe(2);
    const names = () => tilesOf(page).evaluateAll((all) => all.map((tile) => tile.getAttribute('title')));
    await expect.poll(names).toEqual(['3.png', '1.png']);

    await filter.selectOption({ label: 'Likely right' });
    await page.getByRole('button', { name: 'Accept all 2 likely right' }).click();
    await page.getByText('Accept 2 objects that are likely right?').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('alertdialog').getByRole('button', { name: 'Accept', exact: true }).click();
    const counts = async () => (await client.masks.reviewProgress({ id: running.segmentationId })).counts;
    await expect.poll(async () => (await counts()).accepted).toBe(2);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(async () => (await counts()).accepted).toBe(0);

    await tilesOf(page).first().dblclick();
    const list = page.getByRole('region', { name: 'Mask editor' }).getByRole('list', { name: 'Masks' });
    await list.getByText('Likely right').waitFor({ state: 'attached' });
    expect(complaints).toEqual([]);
  });

  test('selects a range by the marks of two images, and keeps the filters in sight', async () => {
    const bitmap = rectangle(20, 40, 140, 200);
    const images = ['a.png', 'b.png', 'c.png', 'd.png'].map((name) =>
      drawnImage(name, [{ bitmap, className: 'cat' }]),
    );
    const running = startSegmented(await Promise.all(images), forkBuiltWorker);
    const { page, complaints } = await openPage(browser, { running });
    await page.getByRole('link', { name: 'Masks' }).waitFor();
    await page.keyboard.press('Control+3');
    await page.getByRole('button', { name: 'Select b.png' }).click();
    await page.getByRole('button', { name: 'Select d.png' }).click({ modifiers: ['Shift'] });
    await page.getByText('3 images selected').waitFor();
    expect(await page.getByRole('gridcell', { selected: true }).count()).toBe(3);
    expect(await page.getByLabel('Review', { exact: true }).isVisible()).toBe(true);
    expect(await seriousFindings(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('shows segmented images with their objects, filters and sorts them, and reviews many at once by keyboard', async () => {
    const { segmentation, ...running } = await startPrepared({ count: IMAGES, seed: 5 }, { conceptCount: 4 });
    const { id } = segmentation;
    const { page, client, complaints } = await openPage(browser, { running });
    await page.getByRole('link', { name: 'Masks' }).waitFor();
    await page.keyboard.press('Control+3');
    await expect.poll(() => tilesOf(page).count()).toBe(IMAGES);
    await expect.poll(() => drawnOf(page).count()).toBe(IMAGES);
    await expect
      .poll(() =>
        drawnOf(page)
          .first()
          .evaluate((image) => (image as HTMLImageElement).naturalWidth),
      )
      .toBe(320);
    await expect.poll(() => tilesOf(page).count()).toBe(IMAGES);
    expect(await seriousFindings(page)).toEqual([]);

    await tilesOf(page).first().focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Shift+ArrowRight');
    await page.getByText('3 images selected').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('a');
    await page.getByText(/^\d+ objects? reviewed/).waitFor();
    const accepted = () => galleryOf(client, { id, review: 'accepted' });
    await expect.poll(async () => (await accepted()).length).toBe(3);

    await page.getByLabel('Review', { exact: true }).selectOption({ label: 'Accepted' });
    await expect.poll(() => tilesOf(page).count()).toBe(3);
    await expect.poll(async () => JSON.stringify(await client.view.get())).toContain('accepted');
    await page.reload();
    await expect.poll(() => tilesOf(page).count()).toBe(3);
    await page.getByLabel('Sort order', { exact: true }).selectOption({ label: 'By score' });
    await page.getByLabel('Score', { exact: true }).selectOption({ label: 'Score 0.25 or lower' });
    await page.getByLabel('Largest object').selectOption({ label: 'Less than 1,000 px' });
    await page.getByText('No matching images').waitFor();
    await page.getByRole('button', { name: 'Show all' }).first().click();
    await expect.poll(() => tilesOf(page).count()).toBe(IMAGES);

    await tilesOf(page).first().focus();
    await page.keyboard.press('Enter');
    const editor = page.getByRole('region', { name: 'Mask editor' });
    await editor.getByText(`1 of ${IMAGES}`).waitFor();
    await editor.getByRole('list', { name: 'Masks' }).getByRole('button').first().waitFor();
    const objects = await editor.getByRole('list', { name: 'Masks' }).getByRole('button').count();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press(',');
    await editor.getByText(/^\d+ concepts?$/).waitFor();
    await page.keyboard.press(',');
    await editor.getByText(/^\d+ regions?$/).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('m');
    await editor.getByText(new RegExp(`^${objects + 1} objects$`)).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await editor.getByText(`2 of ${IMAGES}`).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('Split along a line').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Back to grid' }).click();
    await expect.poll(() => editor.count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('corrects masks to the pixel, and takes every step back, also after a reload', async () => {
    const running = startSegmented(
      [
        await drawnImage('a.png', [
          { bitmap: rectangle(40, 60, 130, 160), className: 'cat', score: 0.9 },
          { bitmap: rectangle(200, 60, 280, 160), className: 'cat', score: 0.4 },
        ]),
        await drawnImage('b.png', [{ bitmap: rectangle(10, 10, 60, 60), className: 'dog' }]),
      ],
      forkBuiltWorker,
    );
    const { client, segmentationId: id } = running;
    const { page, complaints } = await openPage(browser, { running });
    await page.getByRole('link', { name: 'Masks' }).click();
    await page.getByRole('button', { name: /^a\.png, 2 objects/ }).click();
    const imageId = (await galleryOf(client, { id }))[0]?.imageId;
    if (imageId === undefined) throw new Error('no image');
    const objects = () => objectsOf(client, id, imageId);
    const areas = async () => (await objects()).map(({ areaPx }) => areaPx);
    const editor = page.getByRole('region', { name: 'Mask editor' });
    const rows = editor.getByRole('list', { name: 'Masks' }).getByRole('button');
    await expect.poll(() => rows.count()).toBe(2);

    // Review by keyboard.
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('a');
    await expect
      .poll(async () => (await objects()).map(({ review }) => review))
      .toEqual(['accepted', 'pending']);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('r');
    await expect
      .poll(async () => (await objects()).map(({ review }) => review))
      .toEqual(['accepted', 'rejected']);

    // A stroke of 24 pixels, from one mask towards the other.
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('b');
    await drag(page, 'a.png', [120, 110], [180, 110]);
    await expect.poll(async () => (await areas())[0]).toBeGreaterThan(9_000);
    const [stroked] = await objects();
    if (!stroked) throw new Error('no mask');
    expect(stroked).toMatchObject({ review: 'edited', revision: 2 });
    expect([[160, 110], [160, 99], [160, 121], [160, 97], [160, 123], [195, 110]].map(([x, y]) => isInside(stroked, x ?? 0, y ?? 0)))
      .toEqual([true, true, true, false, false, false]); // prettier-ignore
    await page.keyboard.press('e');
    await drag(page, 'a.png', [60, 80], [70, 80]);
    await expect.poll(async () => isInside((await objects())[0] ?? stroked, 65, 80)).toBe(false);
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+z');
    await expect.poll(areas).toEqual([9_000, 8_000]);
    await page.keyboard.press('Control+Shift+z');
    await expect.poll(async () => (await areas())[0]).toBe(stroked.areaPx);
    await page.keyboard.press('Control+z');
    await expect.poll(areas).toEqual([9_000, 8_000]);

    // The same without a pointer: from the middle of the picture to the right.
    for (const key of ['b', 'd', 'Shift+ArrowRight', 'Shift+ArrowRight', 'd']) await page.keyboard.press(key);
    await expect.poll(async () => (await areas())[0]).toBeGreaterThan(9_400);
    expect(isInside((await objects())[0] ?? stroked, 160, 120)).toBe(true);
    await page.keyboard.press('Control+z');
    await expect.poll(areas).toEqual([9_000, 8_000]);

    // Two become one, and one two.
    await page.keyboard.press('v');
    await page.keyboard.press('Control+a');
    await page.keyboard.press('m');
    await expect.poll(areas).toEqual([17_000]);
    await expect.poll(() => rows.count()).toBe(1);
    await page.keyboard.press('s');
    await expect.poll(areas).toEqual([9_000, 8_000]);
    await expect.poll(() => rows.count()).toBe(2);

    // A cut, and a mask of one's own.
    await rows.first().click();
    await page.keyboard.press('c');
    await drag(page, 'a.png', [85, 50], [85, 170]);
    await expect.poll(async () => (await areas()).length).toBe(3);
    expect((await areas()).reduce((sum, areaPx) => sum + areaPx, 0)).toBe(17_000);
    await expect.poll(() => rows.count()).toBe(3);
    await page.keyboard.press('n');
    await drag(page, 'a.png', [160, 200], [190, 210]);
    await expect.poll(async () => (await objects()).at(-1)?.origin).toBe('hand');
    await expect.poll(() => rows.count()).toBe(4);
    await editor.getByLabel('Assign concept').selectOption({ label: 'dog · 2' });
    await expect.poll(async () => (await objects()).at(-1)?.conceptId).not.toBeNull();
    // The keyboard goes back to the image, and a click beside all masks lets them go.
    await page.keyboard.press('Escape');
    await page.keyboard.press('v');
    await page.mouse.click(400, 200);
    expect(await seriousFindings(page)).toEqual([]);

    await page.reload();
    await expect.poll(() => rows.count()).toBe(4);
    for (const left of [4, 3, 2, 1, 2]) {
      await editor.getByRole('button', { name: /^Undo: / }).click();
      await expect.poll(() => rows.count()).toBe(left);
    }
    await expect.poll(areas).toEqual([9_000, 8_000]);
    await page.keyboard.press('ArrowRight');
    await editor.getByText('2 of 2').waitFor();
    // By its button, as the first Escape may be for the tooltip under the pointer.
    await editor.getByRole('button', { name: 'Back to grid' }).click();
    await expect.poll(() => editor.count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('speaks German', async () => {
    const running = startSegmented(
      [await drawnImage('a.png', [{ bitmap: rectangle(9, 9, 90, 90), className: 'cat' }])],
      forkBuiltWorker,
    );
    const { page, complaints } = await openPage(browser, { running, locale: 'de-DE' });
    await page.getByRole('link', { name: 'Masken' }).click();
    await page.getByRole('button', { name: /^a\.png, 1 Objekt, 1 nicht geprüft/ }).click();
    await page.getByRole('region', { name: 'Maskeneditor' }).waitFor();
    expect(complaints).toEqual([]);
  });
});
