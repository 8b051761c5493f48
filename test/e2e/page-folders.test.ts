import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import { SegmentSettings } from '../../src-main/contract/segmentation.ts';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { openPage, seriousFindings } from '../support/page.ts';
import { tempFolder } from '../support/temp-folder.ts';

describe.skipIf(!hasChromium)(`choosing folders in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('lists folders where there is no system dialog, and offers what an error says', async () => {
    const folder = tempFolder();
    await writeScenes(folder, { count: 2, seed: 2 });
    mkdirSync(join(folder, 'empty'));
    const { page, client, complaints } = await openPage(browser);
    const path = page.getByLabel('Folder path on this machine');
    await path.fill('photos');
    await page.locator('form').getByRole('button', { name: 'Add folder' }).click();
    await page.getByRole('alert').getByText("'photos' is not a complete path.").waitFor();

    await path.fill(dirname(folder));
    await page.getByRole('button', { name: 'Browse…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Select a folder' });
    await dialog.getByRole('button', { name: basename(folder), exact: true }).click();
    await dialog.getByRole('button', { name: 'empty' }).click();
    await dialog.getByText('This folder is empty.').waitFor();
    await dialog.getByRole('button', { name: 'One folder up' }).click();
    await dialog.getByRole('button', { name: 'images' }).click();
    await dialog.getByText('scene-000.jpg').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Select this folder' }).click();
    await page.locator('form').getByRole('button', { name: 'Add folder' }).click();
    await page.getByRole('tab', { name: 'Images 2' }).waitFor();

    // The same folder again: the page offers the button, not a command.
    await page.getByRole('complementary').getByRole('button', { name: 'Add folder' }).click();
    await page.getByRole('dialog').getByLabel('Folder path on this machine').fill(join(folder, 'images'));
    await page.getByRole('dialog').getByRole('button', { name: 'Add folder' }).click();
    const alert = page.getByRole('dialog').getByRole('alert');
    await alert.getByText('is already the collection').waitFor();
    expect(await alert.textContent()).not.toContain('r2o collections');
    await alert.getByRole('button', { name: 'Scan it again' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();

    // The folder is moved: scanning names the way out, and the collection follows.
    const elsewhere = join(folder, 'elsewhere');
    renameSync(join(folder, 'images'), elsewhere);
    await page.getByRole('button', { name: 'Scan again', exact: true }).click();
    await page
      .getByText(/The folder .* of the collection 'images' does not exist\./)
      .first()
      .waitFor();
    const locate = page.getByRole('dialog', { name: 'Where is the folder of “images” now?' });
    await page.getByRole('button', { name: 'Locate folder…' }).click();
    await locate.getByRole('button', { name: 'Close' }).click();
    // Also where a job has ended for that reason, on any screen.
    const [collectionId] = (await client.collections.list()).map(({ id }) => id);
    if (collectionId === undefined) return expect.fail('there is no collection');
    await client.segmentations.start({ collectionId, settings: SegmentSettings.parse({}) });
    await page.getByRole('link', { name: 'Activity' }).click();
    const failed = page.getByRole('alert').filter({ hasText: /There is no folder/ });
    await failed.getByRole('button', { name: 'Locate folder…' }).click();
    await locate.getByLabel('Folder path on this machine').fill(join(folder, 'empty'));
    await locate.getByRole('button', { name: 'Use this folder' }).click();
    await locate.getByRole('alert').getByText("has none of the images of 'images'").waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await locate.getByLabel('Folder path on this machine').fill(elsewhere);
    await locate.getByRole('button', { name: 'Use this folder' }).click();
    await expect.poll(() => locate.count()).toBe(0);
    await page.getByRole('link', { name: 'Library' }).click();
    await page.getByRole('tab', { name: 'Images 2' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('explains in German what failed and why a file is not used', async () => {
    const folder = tempFolder();
    await writeScenes(folder, { count: 1, seed: 2 });
    writeFileSync(join(folder, 'images', 'broken.png'), '');
    const { page, complaints } = await openPage(browser, { locale: 'de-DE' });
    const path = page.getByLabel('Ordnerpfad auf diesem Rechner');
    const add = page.locator('form').getByRole('button', { name: 'Ordner hinzufügen' });
    await path.fill('fotos');
    await add.click();
    await page.getByRole('alert').getByText('„fotos“ ist kein vollständiger Pfad.').waitFor();
    await path.fill(join(folder, 'images'));
    await add.click();
    await page.getByRole('tab', { name: 'Probleme 1' }).click();
    await page.getByText('Die Datei hat keinen Inhalt').waitFor();

    await page.getByRole('complementary').getByRole('button', { name: 'Ordner hinzufügen' }).click();
    const inDialog = page.getByRole('dialog').getByLabel('Ordnerpfad auf diesem Rechner');
    await inDialog.fill(join(folder, 'images'));
    // Longer names of buttons leave room for the path.
    expect((await inDialog.boundingBox())?.width).toBeGreaterThan(200);
    await page.getByRole('dialog').getByRole('button', { name: 'Ordner hinzufügen' }).click();
    const alert = page.getByRole('dialog').getByRole('alert');
    await alert.getByText('ist schon die Sammlung').waitFor();
    await alert.getByText('Lesen Sie sie stattdessen neu ein.').waitFor();
    await alert.getByRole('button', { name: 'Neu einlesen' }).waitFor();
    expect(complaints).toEqual([]);
  });
});
