import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import { startServer } from '../../src-main/host/server/server.ts';
import { chromiumReason, hasChromium, openContext, sharedChromium } from '../support/chromium.ts';
import { haltingFork } from '../support/halting.ts';
import { makeHostileFolder } from '../support/hostile-folder.ts';
import { addFolder, openPage, pageFolder, seriousFindings } from '../support/page.ts';
import { makePhotos } from '../support/photo-folder.ts';
import { forkBuiltWorker, startService, waitForState } from '../support/running-service.ts';
import { MIDWAY } from '../support/scan-under-way.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { photoLike, sharpOf } from '../support/test-images.ts';

const EMPTY = 'Start with a folder of images';

/** Drops a folder on the page, as a file manager that tells its address does. */
async function dropFolder(page: Page, folder: string): Promise<void> {
  const target = page.getByText(EMPTY);
  const transfer = await page.evaluateHandle((address) => {
    const dropped = new DataTransfer();
    dropped.setData('text/uri-list', address);
    return dropped;
  }, pathToFileURL(folder).href);
  await target.dispatchEvent('dragenter', { dataTransfer: transfer });
  await page.getByText('Drop folders to add them').waitFor();
  await target.dispatchEvent('drop', { dataTransfer: transfer });
}

describe.skipIf(!hasChromium)(`the library in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('opens empty, without the token in its address, and without a complaint', async () => {
    const { page, complaints, server } = await openPage(browser);
    await page.getByText(EMPTY).waitFor();
    expect(page.url()).toBe(`${server.url}/#/library`);
    expect(await seriousFindings(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('shows images while the scan goes on, and all of them at its end', async () => {
    const { page, complaints } = await openPage(browser);
    const folder = join(tempFolder(), 'photos');
    await makePhotos(folder, 40);
    await addFolder(page, folder);
    await page.getByRole('heading', { name: 'photos' }).waitFor();
    await page.getByRole('tab', { name: 'Images 40' }).waitFor();
    await page.getByRole('region', { name: 'Scan' }).getByRole('button', { name: 'Dismiss' }).click();
    await page.getByRole('button', { name: 'photo-0000.jpg', exact: true }).waitFor();
    await expect.poll(() => page.locator('[role=grid] [data-state=shown]').count()).toBeGreaterThan(20);
    expect(await seriousFindings(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('keeps the tiles of tall pictures in their rows', async () => {
    const { page } = await openPage(browser);
    const folder = join(tempFolder(), 'tall');
    mkdirSync(folder);
    for (let index = 0; index < 12; index++) {
      writeFileSync(
        join(folder, `tall-${index}.png`),
        await sharpOf(photoLike(40 + index, 160))
          .png()
          .toBuffer(),
      );
    }
    await addFolder(page, folder);
    await page.getByRole('tab', { name: 'Images 12' }).waitFor();
    const tiles = page.locator('[role=grid] [data-state=shown]');
    await expect.poll(() => tiles.count()).toBe(12);
    const boxes = await tiles.evaluateAll((all) =>
      all.map((tile) => {
        const { left, top, bottom } = tile.getBoundingClientRect();
        return { left, top, bottom };
      }),
    );
    const column = boxes.filter(({ left }) => left === boxes[0]?.left).sort((a, b) => a.top - b.top);
    expect(column.length).toBeGreaterThan(1);
    for (const [row, { top }] of column.entries())
      if (row > 0) expect(top).toBeGreaterThan(column[row - 1]?.bottom ?? 0);
  });

  test('shows one image, zooms it, turns to the next, and goes back to the grid, all by keyboard', async () => {
    const { page, complaints } = await openPage(browser);
    const folder = tempFolder();
    await writeScenes(folder, { count: 3, seed: 2 });
    await addFolder(page, join(folder, 'images'));
    await page.getByRole('button', { name: 'scene-000.jpg', exact: true }).focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
      'scene-001.jpg',
    );
    await page.keyboard.press('Enter');
    await page.getByText('2 of 3').waitFor();
    await page.getByRole('img', { name: 'scene-001.jpg' }).waitFor();
    await page.keyboard.press('z');
    await page.getByText('100%').waitFor();
    await page.keyboard.press('+');
    await page.getByText('150%').waitFor();
    await page.keyboard.press('i');
    await page.getByText('320 × 240').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('ArrowRight');
    await page.getByRole('img', { name: 'scene-002.jpg' }).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('region', { name: 'Image viewer' }).count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('pauses, survives a reload in mid-job, and resumes', async () => {
    const { fork, halted } = haltingFork(forkBuiltWorker, MIDWAY);
    const { page } = await openPage(browser, { running: startService({ fork }) });
    const folder = join(tempFolder(), 'photos');
    await makePhotos(folder, 80);
    await addFolder(page, folder);
    await halted();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('tab', { name: 'Images 80' }).waitFor();
  });

  test('offers to resume when the worker is killed in mid-job', async () => {
    const { fork, halted } = haltingFork(forkBuiltWorker, MIDWAY);
    const { page, service } = await openPage(browser, { running: startService({ fork }) });
    const folder = join(tempFolder(), 'photos');
    await makePhotos(folder, 80);
    await addFolder(page, folder);
    await halted();
    process.kill(service.queue.workerPid ?? Number.NaN, 'SIGKILL');
    const scan = page.getByRole('region', { name: 'Scan' });
    await scan.getByRole('alert').getByText('The worker process stopped unexpectedly').waitFor();
    await scan.getByRole('alert').getByText('r2o.log').waitFor();
    const message = page.getByRole('region', { name: 'Messages' }).getByRole('alert');
    await message.getByText('Worker stopped unexpectedly').waitFor();
    await message.getByText('r2o.log').waitFor();
    await scan.getByRole('button', { name: 'Resume' }).click();
    // What it told is over.
    await expect.poll(() => message.count()).toBe(0);
    await page.getByRole('tab', { name: 'Images 80' }).waitFor();
  });

  test('keeps a cancelled scan in sight, says that nothing is read yet, and resumes it', async () => {
    const { page, client } = await openPage(browser);
    const folder = join(tempFolder(), 'photos');
    await makePhotos(folder, 80);
    const { job } = await client.collections.add({ path: folder });
    await client.jobs.cancel({ id: job.id });
    const scan = page.getByRole('region', { name: 'Scan' });
    await scan.getByText('Cancelled').waitFor();
    await page.getByText('No images read yet').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await scan.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('tab', { name: 'Images 80' }).waitFor();
    // Its end moves nothing; it is put away by hand.
    await scan.getByText('Done').waitFor();
    await scan.getByRole('button', { name: 'Dismiss' }).click();
    await scan.waitFor({ state: 'hidden' });
  });

  test('explains what could not be read, and reads it again when asked to', async () => {
    const dataFolder = join(tempFolder(), 'data');
    const running = startService({ dataFolder });
    const { client } = running;
    const folder = join(tempFolder(), 'photos');
    await makePhotos(folder, 3);
    const { job } = await client.collections.add({ path: folder });
    await waitForState(client, job.id, 'done');
    const db = new Database(join(dataFolder, 'studio.sqlite'));
    onTestFinished(() => void db.close());
    db.exec('ALTER TABLE images RENAME TO images_away');
    const { page } = await openPage(browser, { running });
    const error = page.getByRole('main').getByRole('alert');
    await error.getByText('Internal error', { exact: true }).waitFor();
    await error.getByRole('button', { name: /r2o\.log/ }).waitFor();
    db.exec('ALTER TABLE images_away RENAME TO images');
    await error.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'photo-0000.jpg', exact: true }).waitFor();
  });

  test('explains a folder that cannot be added, and every file that cannot be used', async () => {
    const { page } = await openPage(browser);
    await addFolder(page, '/no/such/folder');
    const refusal = page.getByRole('main').getByRole('alert');
    await refusal.getByText('The folder /no/such/folder does not exist.').waitFor();
    await refusal.getByText('Check the path').waitFor();
    await refusal.getByText('r2o.log').waitFor();

    const folder = join(tempFolder(), 'hostile');
    const { problems } = await makeHostileFolder(folder);
    await addFolder(page, folder);
    await page.getByRole('tab', { name: `Problems ${problems.size}` }).waitFor();
    await addFolder(page, '/no/such/folder');
    await page.getByRole('dialog').getByRole('alert').getByText('r2o.log').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('tab', { name: `Problems ${problems.size}` }).click();
    await page.getByText('The file is empty (0 bytes)').waitFor();
    await page.getByRole('button', { name: 'Empty file 1' }).click();
    await expect.poll(() => page.getByText('The file is empty (0 bytes)').count()).toBe(1);
    expect(await seriousFindings(page)).toEqual([]);
  });

  test('lists duplicates with all the places of one content', async () => {
    const { page } = await openPage(browser);
    const folder = join(tempFolder(), 'photos');
    await makePhotos(folder, 2);
    await makePhotos(join(folder, 'copies'), 2);
    await dropFolder(page, folder);
    await page.getByRole('tab', { name: 'Duplicates 2' }).click();
    await expect.poll(() => page.getByText('2 copies').count()).toBe(2);
    await page.getByText('copies/photo-0000.jpg').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
  });

  test('renames a collection, and forgets it when the person agrees', async () => {
    const { page } = await openPage(browser);
    const folder = join(tempFolder(), 'photos');
    await makePhotos(folder, 3);
    await addFolder(page, folder);
    await page.getByRole('tab', { name: 'Images 3' }).waitFor();
    await page.getByRole('button', { name: 'More actions for photos' }).click();
    await page.getByRole('menuitem', { name: 'Rename' }).click();
    await page.getByRole('textbox', { name: 'Name' }).and(page.locator(':focus')).waitFor();
    // Its text is chosen.
    await page.keyboard.type('Holiday');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Holiday' }).waitFor();
    await page.getByRole('button', { name: 'More actions for Holiday' }).click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByText(EMPTY).waitFor();
  });

  test('opens with an address once, and keeps no credential in it or in a cookie', async () => {
    const { page, server } = await openPage(browser);
    await page.getByText(EMPTY).waitFor();
    expect(page.url()).not.toContain('ticket');
    expect(await page.context().cookies()).toEqual([]);

    await page.reload();
    await page.getByText(EMPTY).waitFor();

    // Another tab gets the session from this one; another browser does not.
    const second = await page.context().newPage();
    await second.goto(server.url);
    await second.getByText(EMPTY).waitFor();
    const stranger = await openContext(browser, { locale: 'en-US' });
    onTestFinished(() => stranger.close());
    const other = await stranger.newPage();
    await other.goto(server.url);
    await other.getByRole('heading', { name: 'This page needs an address with a ticket' }).waitFor();
  });

  test('explains an address that was used, in the language of the browser, and takes another one', async () => {
    const { server, page, complaints } = await openPage(browser);
    await page.getByText(EMPTY).waitFor();
    const address = server.newPageUrl();
    const german = await openContext(browser, { locale: 'de-DE' });
    onTestFinished(() => german.close());
    const first = await german.newPage();
    await first.goto(address);
    await first.getByRole('navigation', { name: 'Ansichten' }).waitFor();
    await first.close();

    const again = await german.newPage();
    await again.goto(address);
    await again.getByRole('heading', { name: 'Diese Adresse wurde bereits verwendet' }).waitFor();
    expect(await seriousFindings(again)).toEqual([]);
    await again.getByRole('textbox').fill('http://evil.example/#ticket=abc');
    await again.getByRole('button', { name: 'Öffnen' }).click();
    await again.getByText('Das ist keine Adresse von r2o serve').waitFor();
    await again.getByRole('textbox').fill(server.newPageUrl());
    // All of the address can be seen.
    const hiddenPx = await again
      .getByRole('textbox')
      .evaluate((field) => field.scrollWidth - field.clientWidth);
    expect(hiddenPx).toBe(0);
    await again.getByRole('button', { name: 'Öffnen' }).click();
    await again.getByRole('navigation', { name: 'Ansichten' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('loads pictures by signed addresses that stay the same, so that the cache of the browser knows them', async () => {
    const { page } = await openPage(browser);
    const folder = join(tempFolder(), 'photos');
    await makePhotos(folder, 2);
    await addFolder(page, folder);
    const addresses = async () => {
      await page.getByRole('tab', { name: 'Images 2' }).click();
      await page.locator('[data-state=shown]').nth(1).waitFor();
      return page
        .locator('[data-state] img')
        .evaluateAll((all) => all.map((one) => (one as HTMLImageElement).src));
    };
    const before = await addresses();
    expect(before).toHaveLength(2);
    for (const address of before) expect(address).toMatch(/\/thumbnail\?ticket=\d+\.[\w-]{43}$/);
    await page.reload();
    expect(await addresses()).toEqual(before);
  });

  test('shows the licenses of all that ships, those of the page among them', async () => {
    const { page, server } = await openPage(browser);
    await page.getByText(EMPTY).waitFor();
    await page.goto(`${server.url}/#/settings`);
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Licenses of software that ships with the app' });
    for (const name of [/^svelte /m, /^bits-ui /m, /^@fontsource-variable\/inter /m, /^libheif-js /m])
      await dialog.getByText(name).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
  });

  test('says so when the server has stopped, lets nothing be changed, and continues with the next address', async () => {
    const { page, service, server } = await openPage(browser);
    const folder = join(tempFolder(), 'photos');
    await makePhotos(folder, 3);
    await addFolder(page, folder);
    await page.getByRole('tab', { name: 'Images 3' }).waitFor();
    await server.close();
    const alert = page.getByRole('alert');
    await alert.getByText('R2O Studio has stopped.').waitFor();
    const rescan = page.getByRole('button', { name: 'Scan again' });
    expect(await rescan.isDisabled()).toBe(true);
    expect(await page.getByRole('group').first().getAttribute('title')).toContain('Nothing can be changed');
    await page.keyboard.press('2');
    await page.getByRole('tab', { name: 'Images 3' }).waitFor();

    const port = Number(new URL(server.url).port);
    const again = await startServer({ service, port, pageFolder });
    onTestFinished(() => again.close());
    await alert.getByText('R2O Studio was restarted').waitFor();
    expect(await rescan.isDisabled()).toBe(true);
    await page.getByLabel('Address from r2o serve').fill(again.newPageUrl());
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await expect.poll(() => alert.count()).toBe(0);
    expect(await rescan.isDisabled()).toBe(false);
    await page.getByRole('tab', { name: 'Images 3' }).waitFor();
  });
});
