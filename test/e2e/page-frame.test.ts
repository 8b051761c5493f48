import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumReason, hasChromium, launchChromium } from '../support/chromium.ts';
import { manyImages } from '../support/many-images.ts';
import { addFolder, openPage, seriousFindings, takeScreenshots } from '../support/page.ts';
import { makePhotos } from '../support/photo-folder.ts';
import { startService } from '../support/running-service.ts';
import { tempFolder } from '../support/temp-folder.ts';

const MANY = 100_000;

describe.skipIf(!hasChromium)(`the frame in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launchChromium()));
  afterAll(() => browser.close());

  test('goes to every screen by its shortcut, and lists the shortcuts', async () => {
    const { page, complaints } = await openPage(browser);
    await page.getByRole('navigation').waitFor();
    await page.keyboard.press('Control+,');
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    await page.keyboard.press('Control+j');
    await page.getByText('Nothing has run yet').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('Go to Settings').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.keyboard.press('Control+1');
    await page.getByText('Start with a folder of your images').waitFor();
    await page.goBack();
    await page.getByText('Nothing has run yet').waitFor();
    expect(complaints).toEqual([]);
  });

  test('shows the devices of this machine with what was measured, the storage and the check-up', async () => {
    const { page } = await openPage(browser);
    await page.getByRole('link', { name: 'Settings' }).click();
    const devices = page.getByRole('region', { name: 'Devices' });
    await devices.getByText('onnx:cpu').waitFor();
    await devices.getByText('GFLOP/s measured').first().waitFor();
    await devices.getByText('devices are not available').click();
    await devices.getByText('onnx:cuda').waitFor();
    await page.getByRole('region', { name: 'Storage' }).getByText('free on this disk').waitFor();
    await takeScreenshots(page, 'settings');
    await page.getByRole('region', { name: 'Check-up' }).getByRole('button', { name: 'Run' }).click();
    await page.getByText('is writable').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
  });

  test('keeps a changed limit, and refuses one that is no number', async () => {
    const { page, client } = await openPage(browser);
    await page.getByRole('link', { name: 'Settings' }).click();
    const limit = page.getByLabel('Largest file');
    await limit.fill('5');
    await limit.press('Tab');
    await expect.poll(async () => (await client.settings.get()).maxFileBytes).toBe(5 * 2 ** 20);
    await limit.fill('many');
    await limit.press('Tab');
    await page.getByRole('alert').getByText('Not a number that can be used').waitFor();
    expect((await client.settings.get()).maxFileBytes).toBe(5 * 2 ** 20);
  });

  test('switches theme and language at once, and for good', async () => {
    const { page, client } = await openPage(browser);
    await page.getByRole('link', { name: 'Settings' }).click();
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.getByText('Dark', { exact: true }).click();
    await expect.poll(background).not.toBe(light);
    await page.getByLabel('Language').selectOption('Deutsch');
    await page.getByRole('heading', { name: 'Einstellungen' }).waitFor();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('de');
    expect(await seriousFindings(page)).toEqual([]);
    await page.reload();
    await page.getByRole('heading', { name: 'Einstellungen' }).waitFor();
    expect(await client.settings.get()).toMatchObject({ theme: 'dark', language: 'de' });
  });

  test('follows the language of the system', async () => {
    const { page } = await openPage(browser, { locale: 'de-AT' });
    await page.getByText('Beginnen Sie mit einem Ordner Ihrer Bilder').waitFor();
  });

  test('tells in the activity what ran, how long it took, and that it is done', async () => {
    const { page } = await openPage(browser);
    const folder = join(tempFolder(), 'photos');
    await makePhotos(folder, 5);
    await addFolder(page, folder);
    await page.getByRole('status').getByText('Finished').waitFor();
    await page.getByRole('link', { name: 'Activity' }).click();
    const job = page.getByRole('article', { name: 'Scan of photos' });
    await job.getByText('Done').waitFor();
    await job.getByText('5 images').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await takeScreenshots(page, 'activity');
  });

  test('opens as it was left, on another port and after a restart of the service', async () => {
    const dataFolder = join(tempFolder(), 'data');
    const first = startService({ dataFolder });
    const { page } = await openPage(browser, { running: first });
    const folder = join(tempFolder(), 'photos');
    await makePhotos(folder, 5);
    await addFolder(page, folder);
    await page.getByRole('tab', { name: 'Problems' }).click();
    await expect.poll(async () => JSON.stringify(await first.client.view.get())).toContain('problems');
    await page.close();
    first.service[Symbol.dispose]();
    const again = await openPage(browser, { running: startService({ dataFolder }) });
    await again.page.getByText('Every file that looks like an image can be used.').waitFor();
    expect(again.page.url()).toMatch(/#\/library\/\d+\/problems$/);
  });

  test('scrolls 100,000 images to any place, with few of them in the document', async () => {
    const running = startService();
    await manyImages(running.service, MANY);
    const { page, complaints } = await openPage(browser, { running });
    const grid = page.getByRole('grid');
    await expect
      .poll(
        async () =>
          Number(await grid.getAttribute('aria-rowcount')) * Number(await grid.getAttribute('aria-colcount')),
        { timeout: 20_000 },
      )
      .toBeGreaterThanOrEqual(MANY);
    await page.getByRole('button', { name: 'photo-000000.jpg' }).focus();
    await page.keyboard.press('End');
    await page.getByRole('button', { name: 'photo-099999.jpg' }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
      'photo-099999.jpg',
    );
    await page.locator('[role=grid]').evaluate((grid) => grid.scrollTo(0, grid.scrollHeight / 2));
    await expect
      .poll(() => page.locator('[role=grid] button').first().getAttribute('aria-label'))
      .toMatch(/photo-0(49|50)\d{3}\.jpg/);
    expect(await page.locator('[role=grid] button').count()).toBeLessThan(200);

    // Pictures of tiles that fly past are not even asked for; else those would be kept until they have come.
    const asked = () => page.evaluate(() => performance.getEntriesByType('resource').length);
    await page.evaluate(() => performance.clearResourceTimings());
    await grid.evaluate(async (scroller) => {
      for (let frame = 1; frame <= 60; frame++) {
        scroller.scrollTo(0, frame * 4_000);
        await new Promise(requestAnimationFrame);
      }
    });
    await expect
      .poll(() => page.locator('[role=grid] [data-state=shown]').count(), { timeout: 30_000 })
      .toBeGreaterThan(20);
    expect(await asked()).toBeLessThan(250);
    const session = await page.context().newCDPSession(page);
    for (let collection = 0; collection < 3; collection++) await session.send('HeapProfiler.collectGarbage');
    const inDocument = await page.evaluate(() => document.querySelectorAll('*').length);
    expect((await session.send('Memory.getDOMCounters')).nodes).toBeLessThan(8 * inDocument);
    expect(complaints).toEqual([]);
  });
});
