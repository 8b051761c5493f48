import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { drawnImage, type DrawnImage } from '../support/drawn-images.ts';
import { bitmapOf } from '../support/masks.ts';
import { openPage, seriousFindings } from '../support/page.ts';
import { forkBuiltWorker } from '../support/running-service.ts';
import { startSegmented } from '../support/segmented-service.ts';
import { tempFolder } from '../support/temp-folder.ts';

const large = bitmapOf('####....', '####....', '####....', '####....', '........', '........');
const small = bitmapOf('........', '........', '........', '........', '..##....', '..##....');

const photos = (): Promise<DrawnImage[]> =>
  Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      drawnImage(`day-${index % 2}/photo-${index}.png`, [
        { bitmap: large, className: index % 3 === 0 ? 'dog' : 'cat', score: 0.9 - index / 20 },
        ...(index % 2 === 0 ? [{ bitmap: small, className: 'kitten', score: 0.3 }] : []),
        { bitmap: large, className: 'background', score: 0.8 },
      ]),
    ),
  );

describe.skipIf(!hasChromium)(`the datasets screen in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('asks for masks first', async () => {
    const { page } = await openPage(browser);
    await page.getByRole('link', { name: 'Datasets' }).click();
    await page.getByText('Datasets are made from masks').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
  });

  test('composes, freezes, compares, exports and deletes', async () => {
    const running = startSegmented(await photos(), forkBuiltWorker);
    const { page, client, complaints } = await openPage(browser, { running });
    await page.getByRole('link', { name: 'Datasets' }).click();
    const preview = page.getByRole('status');
    await preview.getByText('10 images · 15 masks').waitFor();

    // Filters, classes and split count at once; an image whose masks are all gone is left out.
    await page.getByLabel('Class of kitten').fill('cat');
    await page.getByText('Merged').first().waitFor();
    await page.getByRole('checkbox', { name: 'Include dog' }).uncheck();
    await preview.getByText('8 images · 11 masks').waitFor();
    await page.getByRole('slider', { name: 'Train' }).fill('50');
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByLabel('Dataset name').fill('pets');
    await page.getByRole('button', { name: 'Freeze version' }).click();

    await page.getByRole('heading', { name: 'pets · Version 1' }).waitFor();
    expect((await client.datasets.list())[0]?.versions[0]?.counts).toMatchObject({ images: 8, masks: 11 });

    // What was composed is still there for the next version.
    await page.getByRole('button', { name: 'New dataset' }).click();
    await page.getByText('Will be version 2').waitFor();
    await page.getByRole('checkbox', { name: 'Include dog' }).check();
    await preview.getByText('10 images · 15 masks').waitFor();
    await page.getByRole('button', { name: 'Freeze version' }).click();
    await page.getByRole('heading', { name: 'pets · Version 2' }).waitFor();
    await page.getByLabel('Compare with').selectOption({ label: 'pets · Version 1' });
    await page.getByText('New classes: dog').waitFor();
    await page.getByText('day-0/photo-0.png').waitFor();

    const out = join(tempFolder(), 'pets-coco');
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: /^YOLO/ }).check({ force: true });
    await expect.poll(() => dialog.getByLabel('New folder').inputValue()).toMatch(/pets-2-yolo$/);
    await dialog.getByText('Simplified').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await dialog.getByRole('radio', { name: /^COCO Detectron2/ }).check({ force: true });
    await dialog.getByLabel('New folder').fill(out);
    await dialog.getByRole('button', { name: 'Export', exact: true }).click();

    const row = page.getByRole('article', { name: 'Export as COCO' });
    await row.getByText('10 images · 15 masks').waitFor();
    await row.getByText('Done').waitFor();
    expect(existsSync(join(out, 'annotations/instances_train.json'))).toBe(true);
    // A browser cannot show folders.
    expect(await row.getByRole('button', { name: 'Show in folder' }).count()).toBe(0);
    // It loads the export as one file instead.
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      row.getByRole('link', { name: 'Download (ZIP)' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('pets-coco.zip');
    const files = unzipSync(readFileSync(await download.path()));
    expect(Object.keys(files)).toContain('pets-coco/annotations/instances_train.json');
    expect(await seriousFindings(page)).toEqual([]);

    await page.getByRole('button', { name: 'Import corrected masks' }).click();
    await page.getByRole('dialog', { name: 'Import corrected masks' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('dialog').getByLabel('File or folder').fill(join(out, 'annotations'));
    await page.getByRole('dialog').getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('10 images: 0 masks unchanged, 15 changed').or(page.getByText(/^10 images: \d+ masks unchanged/)).first().waitFor(); // prettier-ignore
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();

    await page.getByRole('button', { name: /^More/ }).click();
    await page.getByRole('menuitem', { name: 'Delete version' }).click();
    await page.getByRole('alertdialog').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete version' }).click();
    await page.getByRole('heading', { name: 'pets · Version 1' }).waitFor();
    expect((await client.datasets.list())[0]?.versions).toHaveLength(1);
    expect(complaints).toEqual([]);
  });

  test('keeps objects that are probably background until they are left out by hand, and says how many', async () => {
    const running = startSegmented(await photos(), forkBuiltWorker);
    const { store } = running.service;
    const kitten = store.concepts.of(running.segmentationId).find(({ name }) => name === 'kitten');
    if (!kitten) expect.fail('no kitten');
    store.concepts.update({ ...kitten, isLikelyBackground: true });
    const { page, complaints } = await openPage(browser, { running });
    await page.getByRole('link', { name: 'Datasets' }).click();
    const preview = page.getByRole('status');
    await preview.getByText('10 images · 15 masks').waitFor();
    await preview.getByText('Left out: 10 masks of excluded concepts').waitFor();
    await page.getByText('1 concept with 5 masks is probably background. It is included.').waitFor();
    await page
      .getByRole('row', { name: /kitten/ })
      .getByText('Probably background')
      .waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Leave out' }).click();
    await preview.getByText('10 images · 10 masks').waitFor();
    await preview.getByText('Left out: 15 masks of excluded concepts').waitFor();

    await page.getByRole('link', { name: 'Concepts' }).click();
    await page.getByRole('button', { name: /^kitten/ }).focus();
    const panel = page.getByRole('complementary', { name: 'kitten' });
    await panel.getByText('Probably background').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await panel.getByRole('button', { name: 'Keep as objects' }).click();
    await panel.getByText('Probably background').waitFor({ state: 'detached' });
    expect(store.concepts.get(kitten.id)).toMatchObject({ isBackground: false, isLikelyBackground: false });
    expect(complaints).toEqual([]);
  });

  test('says in German why a target is refused', async () => {
    const running = startSegmented((await photos()).slice(0, 2), forkBuiltWorker);
    const { folder, client, segmentationId } = running;
    const { DatasetRecipe } = await import('../../src-main/contract/dataset.ts');
    const recipe = DatasetRecipe.parse({ segmentationIds: [segmentationId] });
    await client.datasets.create({ name: 'tiere', recipe });
    const { page } = await openPage(browser, { running, locale: 'de-DE' });
    await page.getByRole('link', { name: 'Datensätze' }).click();
    await page.getByRole('button', { name: 'Exportieren' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Neuer Ordner').fill(join(folder, 'out'));
    await dialog.getByRole('button', { name: 'Exportieren' }).click();
    await dialog.getByRole('alert').getByText('liegt in der Sammlung').waitFor();
  });
});
