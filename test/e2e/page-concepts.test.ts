import { renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { addFolder, openPage, seriousFindings, type OpenPage } from '../support/page.ts';
import { startPrepared } from '../support/prepared-scenes.ts';
import { tempFolder } from '../support/temp-folder.ts';

const IMAGES = 6;

/** The page over a service that has really segmented synthetic scenes, without any training. */
async function openConcepts(browser: Browser): Promise<OpenPage> {
  const running = await startPrepared({ count: IMAGES, seed: 5 }, { conceptCount: 4 });
  const opened = await openPage(browser, { running });
  await opened.page.getByRole('link', { name: 'Concepts' }).click();
  return opened;
}

/** Undoes by the message of the last step, when that of the one before has faded. */
async function takeBack(page: Page): Promise<void> {
  const buttons = page.getByRole('button', { name: 'Undo', exact: true });
  await expect.poll(() => buttons.count()).toBe(1);
  await buttons.click();
}

const cards = (page: Page) => page.locator('li button[data-id]');

describe.skipIf(!hasChromium)(`the concepts screen in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('begins a first segmentation, says what training-free means, and follows its job', async () => {
    const { page, client, complaints } = await openPage(browser);
    await page.getByRole('link', { name: 'Concepts' }).click();
    await page.getByText('needs a collection of images').waitFor();
    const folder = tempFolder();
    await writeScenes(folder, { count: 4, seed: 3 });
    await page.getByRole('link', { name: 'Library' }).click();
    await addFolder(page, join(folder, 'images'));
    await page.getByRole('tab', { name: 'Images 4' }).waitFor();
    await page.getByRole('link', { name: 'Concepts' }).click();
    await page.getByText('No training needed.').waitFor();
    await page.getByLabel('Number of concepts').fill('1');
    await page.getByLabel('Number of concepts').press('Tab');
    await page.getByRole('alert').getByText('Enter a valid number').waitFor();
    await page.getByLabel('Number of concepts').fill('20');
    await page.getByLabel('Number of concepts').press('Tab');
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Start segmenting' }).click();
    await page.getByText(/4 images ·/).waitFor();
    const [segmentation] = await client.segmentations.list({});
    expect(segmentation).toMatchObject({ modelId: null, settings: { conceptCount: 20, mode: 'auto' } });
    // Four images have fewer kinds of objects than that; nothing is shown of the others.
    const id = segmentation?.id ?? expect.fail('no segmentation');
    const filled = (await client.concepts.list({ id })).filter(({ maskCount }) => maskCount > 0);
    expect(filled.length).toBeLessThan(20);
    await expect.poll(() => cards(page).count()).toBe(filled.length);
    expect(complaints).toEqual([]);
  });

  test('names, merges and takes back concepts by keyboard, and remembers which one was shown', async () => {
    const { page, client, complaints } = await openConcepts(browser);
    const [segmentation] = await client.segmentations.list({});
    const id = segmentation?.id ?? expect.fail('no segmentation');
    const concepts = () => client.concepts.list({ id });
    await page.locator('li img.shown').first().waitFor();
    await page.locator('aside li img').first().waitFor();
    await cards(page).first().focus();
    await page.keyboard.press('F2');
    await page.keyboard.type('bright things');
    await page.keyboard.press('Enter');
    await expect
      .poll(async () => (await concepts()).filter(({ name }) => name === 'bright things').length)
      .toBe(1);
    await expect.poll(() => page.locator('.crop img:not(.shown)').count()).toBe(0);
    expect(await seriousFindings(page)).toEqual([]);

    // Naming went on with the second one; Escape leaves it as it was.
    await page.keyboard.press('Escape');
    await cards(page).nth(0).focus();
    await page.keyboard.press(' ');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press(' ');
    await page.getByRole('toolbar', { name: '2 selected' }).waitFor();
    const before = await concepts();
    const target = before.find(({ name }) => name === 'bright things');
    await page.keyboard.press('m');
    await page.getByText('1 concept merged into “bright things”').waitFor();
    const merged = (await concepts()).find(({ mergedInto }) => mergedInto !== null);
    expect(merged?.mergedInto).toBe(target?.id);
    const counted = (await concepts()).find((concept) => concept.id === target?.id)?.maskCount;
    expect(counted).toBe(
      (target?.maskCount ?? 0) + (before.find(({ id: one }) => one === merged?.id)?.maskCount ?? 0),
    );
    await page.getByRole('complementary').getByText(`${counted} objects`).waitFor();
    await takeBack(page);
    await expect
      .poll(async () => (await concepts()).every(({ mergedInto }) => mergedInto === null))
      .toBe(true);

    // What is under the pointer counts as what it is dropped on.
    const [dragged, onto] = (
      await cards(page).evaluateAll((all) => all.map((card) => card.dataset.id))
    ).slice(0, 2);
    await page.locator(`[data-id="${dragged}"]`).dragTo(page.locator(`[data-id="${onto}"]`));
    await expect
      .poll(async () => (await concepts()).find(({ id: one }) => one === Number(dragged))?.mergedInto)
      .toBe(Number(onto));
    await expect.poll(() => page.locator(`[data-id="${dragged}"]`).count()).toBe(0);
    await takeBack(page);
    await page.locator(`[data-id="${dragged}"]`).waitFor();

    await page.locator(`[data-id="${dragged}"]`).focus();
    const isBackground = async () =>
      (await concepts()).find(({ id: one }) => one === Number(dragged))?.isBackground;
    expect(await isBackground()).toBe(false);
    await page.keyboard.press('g');
    await page.getByText('is now background').waitFor();
    expect(await isBackground()).toBe(true);
    await takeBack(page);
    await expect.poll(isBackground).toBe(false);
    await page.keyboard.press('g');
    await page.getByRole('heading', { name: 'Background', exact: true }).waitFor();
    await page.reload();
    await page.getByRole('complementary', { name: 'bright things' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('looks through the objects of a concept and moves some to another one', async () => {
    const { page, client, complaints } = await openConcepts(browser);
    const [segmentation] = await client.segmentations.list({});
    const id = segmentation?.id ?? expect.fail('no segmentation');
    await cards(page).first().focus();
    const [first, second] = (await client.concepts.list({ id })).sort(
      (a, b) =>
        Number(a.isBackground) - Number(b.isBackground) || b.maskCount - a.maskCount || a.number - b.number,
    );
    if (!first || !second) expect.fail('too few concepts');
    await page.keyboard.press('Enter');
    const grid = page.getByRole('grid', { name: 'Objects of' });
    await grid.getByRole('gridcell').first().waitFor();
    expect(await grid.getByRole('gridcell').count()).toBe(first.maskCount);
    await grid.getByRole('button').first().click();
    await page.getByText('1 selected').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByLabel('Move to…').selectOption(String(second.id));
    await expect.poll(() => grid.getByRole('gridcell').count()).toBe(first.maskCount - 1);
    const counts = async () => {
      const all = await client.concepts.list({ id });
      return [first, second].map((wanted) => all.find((one) => one.id === wanted.id)?.maskCount);
    };
    expect(await counts()).toEqual([first.maskCount - 1, second.maskCount + 1]);
    await page.getByText('1 object moved to').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(counts).toEqual([first.maskCount, second.maskCount]);
    await expect.poll(() => grid.getByRole('gridcell').count()).toBe(first.maskCount);
    await page.keyboard.press('Escape');
    await cards(page).first().waitFor();
    expect(complaints).toEqual([]);
  });

  test('shows the contact sheet, and compares with ground truth', async () => {
    const { page, client } = await openConcepts(browser);
    await page.getByRole('button', { name: 'More actions for scenes' }).click();
    await page.getByRole('menuitem', { name: 'Contact sheet' }).click();
    await page.getByRole('img', { name: 'Contact sheet of scenes' }).waitFor();
    await page.getByRole('link', { name: 'Save as PNG' }).waitFor();
    await page.keyboard.press('Escape');
    const [collection] = await client.collections.list();
    const folder = collection?.rootPath ?? expect.fail('no collection');
    renameSync(folder, `${folder}-away`);
    await page.getByRole('button', { name: 'More actions for scenes' }).click();
    await page.getByRole('menuitem', { name: 'Contact sheet' }).click();
    await page
      .getByRole('alert')
      .getByText(`None of the ${IMAGES} images of the sheet can be read.`)
      .waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
    renameSync(`${folder}-away`, folder);
    await page.getByRole('button', { name: 'More actions for scenes' }).click();
    await page.getByRole('menuitem', { name: 'Compare with ground truth' }).click();
    await page.getByLabel('folder with ground truth').fill('/no/such/folder');
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await page.getByRole('alert').getByText('does not exist').waitFor();
    await page.getByLabel('folder with ground truth').fill(join(folder, '..'));
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await page.getByText(`Scores for ${IMAGES} images`).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
  });
});
