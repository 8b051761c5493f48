import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { SCREEN_PLACES } from '../../src-main/contract/screens.ts';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { manyImages } from '../support/many-images.ts';
import { addFolder, openPage, seriousFindings } from '../support/page.ts';
import { makePhotos } from '../support/photo-folder.ts';
import { startService, waitForState } from '../support/running-service.ts';
import { tempFolder } from '../support/temp-folder.ts';

const MANY = 100_000;

declare global {
  interface Window {
    longestMotionMs?: number;
  }
}

/** Notes how long whatever begins to move on the pages that are opened from now on is going to. */
async function watchMotion(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.longestMotionMs = 0;
    const note = (animations: readonly Animation[]) => {
      for (const { effect } of animations) {
        const { activeDuration } = effect?.getComputedTiming() ?? {};
        window.longestMotionMs = Math.max(window.longestMotionMs ?? 0, Number(activeDuration ?? 0));
      }
    };
    for (const event of ['transitionrun', 'animationstart'])
      document.addEventListener(event, () => note(document.getAnimations()), true);
    // Transitions of Svelte are begun by a script.
    new MutationObserver(() => note(document.getAnimations())).observe(document, {
      childList: true,
      subtree: true,
    });
  });
}

const longestMotionMs = (page: Page) => page.evaluate(() => window.longestMotionMs ?? Number.NaN);

describe.skipIf(!hasChromium)(`the frame in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('goes to every screen by its shortcut, and lists the shortcuts', async () => {
    const { page, complaints } = await openPage(browser);
    await page.getByRole('navigation').waitFor();
    await page.keyboard.press('Control+,');
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    await page.keyboard.press('Control+j');
    await page.getByText('No activity yet').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('Go to Settings').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.keyboard.press('Control+1');
    await page.getByText('Start with a folder of images').waitFor();
    await page.goBack();
    await page.getByText('No activity yet').waitFor();
    expect(complaints).toEqual([]);
  });

  test.each([
    ['pretrain/new', 'Start pretraining', undefined],
    ['masks/new', 'Start segmenting', undefined],
    ['models', 'Add', 'Add an untrained network'],
  ])('covers the button that ends %s with no message', async (address, name, opener) => {
    const running = startService();
    const folder = tempFolder();
    await makePhotos(folder, 1);
    const { collection, job } = await running.client.collections.add({ path: folder });
    await waitForState(running.client, job.id, 'done');
    const { page, client, complaints } = await openPage(browser, { running });
    await page.goto(`${new URL(page.url()).origin}/#/${address}`);
    if (opener !== undefined) await page.getByRole('button', { name: opener }).click();
    const button = page.getByRole('button', { name, exact: true });
    const isOnTop = () =>
      button.evaluate((element) => {
        const { left, top, width, height } = element.getBoundingClientRect();
        return element.contains(document.elementFromPoint(left + width / 2, top + height / 2));
      });
    // 512 pixels are 1024 at 200 %.
    for (const [width, height] of [
      [1024, 700],
      [512, 350],
    ] as const) {
      await page.setViewportSize({ width, height });
      await client.collections.rescan({ id: collection.id });
      await page.getByRole('region', { name: 'Messages' }).getByRole('status').waitFor();
      expect(await isOnTop()).toBe(true);
    }
    expect(complaints).toEqual([]);
  });

  test('speaks of devices and of the check-up in the language of the page', async () => {
    const { page, complaints } = await openPage(browser, { locale: 'de-DE' });
    await page.getByRole('link', { name: 'Einstellungen' }).click();
    const devices = page.getByRole('region', { name: 'Geräte', exact: true });
    await devices.getByText('Threads').waitFor();
    await devices.getByText('Geräte sind nicht verfügbar').click();
    await devices.getByText('TensorFlow ist nicht installiert').first().waitFor();
    await devices.getByText('ONNX Runtime bietet dml nur auf').waitFor();
    await page.getByRole('button', { name: 'Prüfung starten' }).click();
    await page.getByText('ist beschreibbar').waitFor();
    const texts = await page.getByRole('main').innerText();
    expect(texts).not.toMatch(/\b(through|is not|Install|installed|computes|only on|writable|measured)\b/);
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
    await page
      .getByRole('region', { name: 'System check' })
      .getByRole('button', { name: 'Run check' })
      .click();
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
    await page.getByRole('alert').getByText('Enter a valid number').waitFor();
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

  test('moves nothing for a person who asked for less motion', async () => {
    const lasting: Record<string, number> = {};
    for (const reducedMotion of ['no-preference', 'reduce'] as const) {
      const { page } = await openPage(browser);
      await page.emulateMedia({ reducedMotion });
      await watchMotion(page);
      await page.reload();
      const folder = join(tempFolder(), 'photos');
      await makePhotos(folder, 40);
      // Progress, pictures that fade in, a message, a dialog, a menu, an image that zooms, and every screen.
      await addFolder(page, folder);
      await page.getByRole('status').getByText('Finished').waitFor();
      await page.getByRole('button', { name: 'More actions for photos' }).click();
      await page.getByRole('menuitem', { name: 'Rename' }).click();
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'photo-0000.jpg', exact: true }).click();
      await page.getByRole('img', { name: 'photo-0000.jpg' }).waitFor();
      await page.keyboard.press('+');
      await page.keyboard.press('Escape');
      for (const { keys } of SCREEN_PLACES) await page.keyboard.press(keys.replace('mod', 'Control'));
      await page.getByText('GFLOP/s measured').first().waitFor();
      await page.keyboard.press('?');
      await page.getByRole('dialog').getByText('Go to Settings').waitFor();
      lasting[reducedMotion] = await longestMotionMs(page);
    }
    expect(lasting['no-preference']).toBeGreaterThan(100);
    expect(lasting.reduce).toBeLessThan(1);
  });

  test('follows the language of the system', async () => {
    const { page } = await openPage(browser, { locale: 'de-AT' });
    await page.getByText('Beginnen Sie mit einem Bilderordner').waitFor();
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
    await again.page.getByText('All image files in this folder can be used.').waitFor();
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
      )
      .toBeGreaterThanOrEqual(MANY);
    await page.getByRole('button', { name: 'photo-000000.jpg', exact: true }).focus();
    await page.keyboard.press('End');
    await page.getByRole('button', { name: 'photo-099999.jpg', exact: true }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
      'photo-099999.jpg',
    );
    await page.locator('[role=grid]').evaluate((grid) => grid.scrollTo(0, grid.scrollHeight / 2));
    await expect
      .poll(() => page.locator('[role=grid] button[data-id]').first().getAttribute('aria-label'))
      .toMatch(/photo-0(49|50)\d{3}\.jpg/);
    expect(await page.locator('[role=grid] button[data-id]').count()).toBeLessThan(200);

    // Pictures of tiles that fly past are not even asked for; else those would be kept until they have come.
    let asked = 0;
    page.on('request', (request) => (asked += request.resourceType() === 'image' ? 1 : 0));
    // By the clock of the page, 60 frames a second: on a busy machine, it would take the time between two frames for a rest.
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 1_000);
    for (let frame = 1; frame <= 60; frame++) {
      await grid.evaluate(
        (scroller, top) =>
          new Promise<void>((done) => {
            scroller.addEventListener('scroll', () => done(), { once: true });
            scroller.scrollTo(0, top);
          }),
        frame * 4_000,
      );
      await page.clock.runFor(16);
      // In which a browser asks for the pictures of a frame.
      await new Promise((done) => setTimeout(done, 40));
    }
    await page.clock.resume();
    await expect.poll(() => page.locator('[role=grid] [data-state=shown]').count()).toBeGreaterThan(20);
    expect(asked).toBeLessThan(250);

    // Tiles that were looked at and have gone are not kept either.
    await grid.evaluate(async (scroller) => {
      for (let stop = 1; stop <= 20; stop++) {
        scroller.scrollTo(0, stop * 9_000);
        await new Promise((done) => setTimeout(done, 200));
      }
    });
    const session = await page.context().newCDPSession(page);
    const nodesKept = async () => {
      await session.send('HeapProfiler.collectGarbage');
      return (await session.send('Memory.getDOMCounters')).nodes;
    };
    const inDocument = await page.evaluate(() => document.querySelectorAll('*').length);
    await expect.poll(nodesKept, { interval: 500 }).toBeLessThan(8 * inDocument);
    expect(complaints).toEqual([]);
  });
});
