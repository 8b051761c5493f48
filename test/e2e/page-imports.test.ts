import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { drawnImage } from '../support/drawn-images.ts';
import { bitmapOf } from '../support/masks.ts';
import { openPage, seriousFindings } from '../support/page.ts';
import { forkBuiltWorker, galleryOf } from '../support/running-service.ts';
import { saveDrawn, startSegmented } from '../support/segmented-service.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Jobs take seconds on a busy machine. */
const left = bitmapOf('####....', '####....', '####....', '........');

/** A COCO file in which one mask is narrower than before, one is new, and one belongs to no image. */
function corrected(): string {
  const path = join(tempFolder(), 'corrected.json');
  const square = (x: number, y: number, width: number, height: number) => [
    [x, y, x + width, y, x + width, y + height, x, y + height],
  ];
  const of = (id: number, image_id: number, segmentation: number[][]) => ({
    id,
    image_id,
    category_id: 1,
    segmentation,
  });
  const image = { width: 8, height: 4 };
  const images = [
    { id: 1, file_name: 'a.png', ...image },
    { id: 2, file_name: 'nowhere.png', ...image },
  ];
  const annotations = [
    of(1, 1, square(0, 0, 3, 3)),
    of(2, 1, square(5, 1, 2, 2)),
    of(3, 2, square(0, 0, 2, 2)),
  ];
  writeFileSync(path, JSON.stringify({ images, annotations, categories: [{ id: 1, name: 'cat' }] }));
  return path;
}

describe.skipIf(!hasChromium)(`an import in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('is shown before it is made, and is undone and redone as one step', async () => {
    const drawn = await drawnImage('a.png', [{ bitmap: left, className: 'cat', score: 0.9 }]);
    const running = startSegmented([drawn], forkBuiltWorker);
    const { page, client, complaints } = await openPage(browser, { running });
    const id = running.segmentationId;
    const imageId = (await galleryOf(client, { id }))[0]?.imageId ?? expect.fail('no image');
    const areas = async () =>
      (await client.masks.ofImage({ id, imageId })).map(({ areaPx }) => areaPx).toSorted((a, b) => a - b);

    await page.getByRole('link', { name: 'Datasets' }).click();
    await page.getByRole('button', { name: 'Import corrected masks' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('File or folder').fill(corrected());
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByText('Preview: nothing has been changed yet.').waitFor();
    await dialog.getByText('1 image: 0 masks unchanged, 1 changed, 1 added, 0 rejected.').waitFor();
    await dialog
      .getByText(/nowhere\.png/)
      .first()
      .waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    expect(await areas()).toEqual([12]);

    await dialog.getByRole('button', { name: 'Import', exact: true }).click();
    await expect.poll(areas).toEqual([4, 9]);
    await dialog.getByRole('button', { name: 'Undo' }).click();
    await dialog.getByText('Undone: the masks are as they were before.').waitFor();
    expect(await areas()).toEqual([12]);
    await dialog.getByRole('button', { name: 'Redo' }).click();
    await expect.poll(areas).toEqual([4, 9]);
    expect(complaints).toEqual([]);
  });

  test.each([
    ['en-US', 'Masks', 'Import corrected masks', 'File or folder', 'Import', 'Segmentation'],
    [
      'de-DE',
      'Masken',
      'Korrigierte Masken importieren',
      'Datei oder Ordner',
      'Importieren',
      'Segmentierung',
    ],
  ] as const)(
    'starts on the screen of masks, too, into the segmentation that is shown (%s)',
    async (locale, screen, button, field, action, picker) => {
      const drawn = await drawnImage('a.png', [{ bitmap: left, className: 'cat', score: 0.9 }]);
      const running = startSegmented([drawn], forkBuiltWorker);
      // A newer one: the dialog has to name the one that the screen shows.
      saveDrawn(running, running.collection, [drawn]);
      const { page, client, complaints } = await openPage(browser, { running, locale });
      const id = running.segmentationId;
      await page.getByRole('link', { name: screen, exact: true }).click();
      await page.getByLabel(picker, { exact: true }).selectOption(String(id));
      await page.getByRole('button', { name: button }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel(field).fill(corrected());
      await dialog.getByRole('button', { name: action, exact: true }).click();
      const imageId = (await galleryOf(client, { id }))[0]?.imageId ?? expect.fail('no image');
      await expect.poll(async () => (await client.masks.ofImage({ id, imageId })).length).toBe(2);
      expect(complaints).toEqual([]);
    },
  );
});
