import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { drawnImage } from '../support/drawn-images.ts';
import { bitmapOf } from '../support/masks.ts';
import { clippedControls, openPage, seriousFindings } from '../support/page.ts';
import { startSegmented, type SegmentedService } from '../support/segmented-service.ts';

const RING = bitmapOf('..........', '.######...', '.#....#...', '.#....#...', '.######...', '..........');
const BLOCK = bitmapOf('..........', '........##', '........##', '..........', '..........', '..........');

async function photos(): Promise<SegmentedService> {
  const images = Array.from({ length: 6 }, (_, at) =>
    drawnImage(`${at < 2 ? 'garden' : 'street'}/photo-${at}.png`, [
      { bitmap: RING, className: 'cat', score: 0.9 },
      ...(at === 0 ? [{ bitmap: BLOCK, className: 'kitten', score: 0.3 }] : []),
    ]),
  );
  return startSegmented(await Promise.all(images));
}

describe.skipIf(!hasChromium)(`what people do every day, in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('images are searched, sorted and filtered, and the address says how', async () => {
    const running = await photos();
    const { page, client, complaints } = await openPage(browser, { running });
    const tiles = page.getByRole('grid', { name: 'Images' }).locator('[data-id]');
    await tiles.first().waitFor();
    await expect.poll(() => tiles.count()).toBe(6);
    await page.keyboard.press('/');
    await page.keyboard.type('STREET');
    await expect.poll(() => tiles.count()).toBe(4);
    await page.getByText('4 images', { exact: true }).waitFor();
    expect(new URL(page.url()).hash).toMatch(/search=STREET/);
    expect(await seriousFindings(page)).toEqual([]);

    // The order is that of the viewer too, and both come back with the address.
    await page.getByRole('button', { name: 'Reverse order' }).click();
    await expect.poll(() => tiles.first().getAttribute('title')).toBe('street/photo-5.png');
    await tiles.first().click();
    await page.getByRole('heading', { name: 'street/photo-5.png' }).waitFor();
    await page.getByText('1 of 4').waitFor();
    await page.reload();
    await page.getByText('1 of 4').waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => tiles.count()).toBe(4);

    await page.getByRole('searchbox').fill('nothing like it');
    await page.getByText('No image matches').waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    await expect.poll(() => tiles.count()).toBe(6);
    await page.getByLabel('Sort').selectOption({ label: 'By file size' });
    await expect.poll(() => new URL(page.url()).hash).toMatch(/sort=size/);

    // Several images are selected and tagged at once, and found by the tag.
    await tiles.first().focus();
    await page.keyboard.press('Control+a');
    await page.getByText('6 images selected').waitFor();
    await page.keyboard.press('Escape');
    await tiles.nth(1).click({ modifiers: ['Control'] });
    await tiles.nth(3).click({ modifiers: ['Shift'] });
    const bar = page.getByRole('toolbar', { name: 'Selected images' });
    await bar.getByText('3 images selected').waitFor();
    await bar.getByLabel('Add a tag').fill('blurred');
    await page.keyboard.press('Enter');
    await bar.getByRole('listitem').filter({ hasText: 'blurred' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByLabel('Tag', { exact: true }).selectOption({ label: 'blurred (3)' });
    await expect.poll(() => tiles.count()).toBe(3);
    expect(new URL(page.url()).hash).toMatch(/tag=blurred/);
    await bar.getByRole('button', { name: /^Remove the tag blurred/ }).click();
    await expect.poll(() => tiles.count()).toBe(0);
    await page.getByRole('button', { name: 'Show all' }).click();
    await bar.getByRole('button', { name: 'Clear selection' }).click();

    // Hidden images are found again.
    const [first] = (await client.images.ids({ collectionId: running.collection.id, statuses: ['ok'], cursor: null })).items; // prettier-ignore
    await client.lookAlikes.setHidden({ imageIds: [first ?? expect.fail('no image')], isHidden: true });
    await page.getByLabel('Images shown').selectOption({ label: 'Hidden from datasets' });
    await expect.poll(() => tiles.count()).toBe(1);
    await page.setViewportSize({ width: 1024, height: 700 });
    expect(await clippedControls(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('shapes are changed as a whole, locked and hidden; what is saved is said', async () => {
    const running = await photos();
    const { segmentationId: id } = running;
    const { page, client, complaints } = await openPage(browser, { running });
    await page.getByRole('link', { name: 'Masks' }).click();
    const tiles = page.getByRole('grid', { name: 'Segmented images' }).locator('[data-id]');
    await expect.poll(() => tiles.count()).toBe(6);
    await tiles.first().click();
    const rows = page.getByRole('list', { name: 'Masks' }).getByRole('listitem');
    await rows.filter({ hasText: 'cat' }).getByRole('button').click();
    await page.getByRole('button', { name: 'Fill holes' }).click();
    await page.getByText('Saved', { exact: true }).waitFor();
    const [image] = (await client.segmentations.galleryIds({ id, cursor: null })).items;
    const imageId = image ?? expect.fail('no image');
    const areas = async () =>
      (await client.masks.ofImage({ id, imageId })).map(({ areaPx }) => areaPx).sort((a, b) => b - a);
    await expect.poll(areas).toEqual([24, 4]);
    await page.keyboard.press('Alt+ArrowDown');
    await expect.poll(areas).toEqual([8, 4]);
    await page.keyboard.press('Control+z');
    await expect.poll(areas).toEqual([24, 4]);

    await page.keyboard.press('Shift+L');
    await page.keyboard.press('w');
    await page.getByText('The shape of a selected mask is locked').waitFor();
    expect(await areas()).toEqual([24, 4]);
    await rows.filter({ hasText: 'kitten' }).hover();
    const hide = rows.filter({ hasText: 'kitten' }).getByRole('switch', { name: 'Hide mask' });
    await hide.click();
    await rows.filter({ hasText: 'kitten' }).getByRole('switch', { name: 'Show mask' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    expect(await clippedControls(page)).toEqual([]);

    // A point of the outline is dragged outwards, and the history leads back to before everything.
    await page.keyboard.press('Shift+L');
    await page.keyboard.press('p');
    const points = page.locator('[data-outline-points]');
    await expect.poll(() => points.getAttribute('data-outline-points')).toBe('4');
    const corner = (await points.locator('rect').nth(2).boundingBox()) ?? expect.fail('no point');
    await page.mouse.move(corner.x + 4, corner.y + 4);
    await page.mouse.down();
    await page.mouse.move(corner.x - 150, corner.y - 100, { steps: 4 });
    await page.mouse.up();
    await expect.poll(async () => (await areas())[0]).toBeLessThan(24);
    await page.getByRole('button', { name: 'History' }).click();
    const steps = page.getByRole('menuitem');
    await expect.poll(() => steps.count()).toBe(3);
    expect(await seriousFindings(page)).toEqual([]);
    await steps.filter({ hasText: 'Before the first step' }).click();
    await expect.poll(areas).toEqual([16, 4]);
    await page.getByRole('button', { name: 'History' }).click();
    await steps.filter({ hasText: 'undone' }).last().click();
    await expect.poll(areas).toEqual([24, 4]);
    await page.keyboard.press('v');

    // Neighbours lead on.
    const strip = page.getByRole('navigation', { name: 'Neighbouring images' });
    await strip.getByRole('button', { name: 'street/photo-3.png' }).click();
    await page.getByRole('heading', { name: 'street/photo-3.png' }).waitFor();
    expect(await strip.locator('[aria-current]').getAttribute('title')).toBe('street/photo-3.png');

    // From an object of a concept to its image, and back.
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Concepts' }).click();
    await page.getByRole('button', { name: 'Browse objects' }).first().click();
    await page.getByRole('grid').locator('[data-id]').first().click();
    await page.getByRole('button', { name: 'Show in its image' }).click();
    await page
      .getByRole('region', { name: 'Mask editor' })
      .or(page.getByLabel('Mask editor'))
      .first()
      .waitFor();
    await page.goBack();
    await page.getByRole('grid').locator('[data-id]').first().waitFor();
    expect(complaints).toEqual([]);
  });

  test('a version shows what is in it, warns of rare classes, and starts the next one', async () => {
    const running = await photos();
    const { page, complaints } = await openPage(browser, { running });
    await page.getByRole('link', { name: 'Datasets' }).click();
    await page.getByText(/^Fewer than 10 masks.*cat, kitten$/).waitFor();
    await page.getByLabel('Class of kitten').fill('young cat');
    // What would be in it is looked at first; a bar of a histogram shows only its masks.
    const candidates = page.getByRole('region', { name: 'What would be in it' }).first();
    await expect.poll(() => candidates.getByRole('img').count()).toBe(7);
    await page.getByRole('button', { name: /^0\.9 to 1(\.0)?: 6 masks$/ }).click();
    await expect.poll(() => candidates.getByRole('img').count()).toBe(6);
    await page.getByRole('button', { name: /^0\.3 to 0\.4: 1 mask$/ }).click();
    await expect.poll(() => candidates.getByRole('img').count()).toBe(1);
    await candidates.getByRole('listitem').filter({ hasText: 'young cat' }).first().waitFor();
    expect(await clippedControls(page)).toEqual([]);
    await page.getByLabel('Dataset name').fill('pets');
    await page.getByRole('slider', { name: 'Train' }).fill('50');
    await page.getByRole('button', { name: 'Freeze version' }).click();
    await page.getByRole('heading', { name: 'pets · Version 1' }).waitFor();
    const contents = page.getByRole('region', { name: 'Contents' });
    const crops = contents.getByRole('img');
    await expect.poll(() => crops.count()).toBe(7);
    await contents.getByRole('button', { name: /^0\.3 to 0\.4: 1 mask$/ }).click();
    await expect.poll(() => crops.count()).toBe(1);
    await contents.getByRole('button', { name: /^0\.3 to 0\.4: 1 mask$/ }).click();
    await expect.poll(() => crops.count()).toBe(7);
    await page
      .getByText(/^No mask in (Train|Validation): young cat$/)
      .first()
      .waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page
      .getByRole('region', { name: /^Masks per class/ })
      .getByRole('button', { name: 'young cat' })
      .click();
    await expect.poll(() => crops.count()).toBe(1);
    await contents.getByLabel('Class').selectOption({ label: 'All classes' });
    await expect.poll(() => crops.count()).toBe(7);
    await contents.getByLabel('Split').selectOption({ label: 'Train' });
    await expect.poll(() => crops.count()).toBeLessThan(7);

    // The recipe comes back as it was, and can be changed.
    await page.getByRole('button', { name: 'New version…' }).click();
    await page.getByText('Will be version 2').waitFor();
    expect(await page.getByLabel('Class of kitten').inputValue()).toBe('young cat');
    expect(await page.getByRole('slider', { name: 'Train' }).inputValue()).toBe('50');
    await page.setViewportSize({ width: 720, height: 450 });
    expect(await clippedControls(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
