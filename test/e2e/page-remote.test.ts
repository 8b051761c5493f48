import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startServer } from '../../src-main/host/server/server.ts';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { appEnvironment } from '../support/electron.ts';
import { DesktopInChromium } from '../support/desktop-in-chromium.ts';
import { openPage, pageFolder, seriousFindings } from '../support/page.ts';
import { startService } from '../support/running-service.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Drops what the system knows under a path onto a page, as the file manager would. */
async function drop(page: Page, path: string): Promise<void> {
  await page.evaluate((dropped) => {
    Object.assign(window, { standInPaths: { dropped } });
    const transfer = new DataTransfer();
    transfer.items.add(new File([], 'dropped'));
    const target = document.querySelector('.target') ?? document.body;
    for (const type of ['dragenter', 'drop'])
      target.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true }));
  }, path);
}

describe.skipIf(!hasChromium)(
  `another machine in a window of the desktop app, over a stand-in for Electron${chromiumReason}`,
  () => {
    let browser: Browser;
    beforeAll(async () => void (browser = await sharedChromium()));

    test('is paired with an address from its page, opens, takes dropped folders by its own paths, and comes back after a restart', async () => {
      const there = startService();
      const photos = join(tempFolder(), 'photos');
      mkdirSync(photos);
      const { page: itsPage, server } = await openPage(browser, { running: there });
      await itsPage.getByRole('link', { name: 'Settings' }).click();
      await itsPage.getByRole('button', { name: 'Pair a machine…' }).click();
      await itsPage.getByRole('dialog').getByLabel('Name').fill('laptop');
      await itsPage.getByRole('button', { name: 'Create address' }).click();
      const section = itsPage.getByRole('region', { name: 'Paired machines' });
      const address = await section.getByRole('button', { name: '#pair=' }).innerText();
      expect(await seriousFindings(itsPage)).toEqual([]);

      const { app, page } = await DesktopInChromium.open(browser, appEnvironment(join(tempFolder(), 'data')));
      onTestFinished(() => app.close());
      await page.getByRole('link', { name: 'Settings' }).click();
      const machines = page.getByRole('region', { name: 'Other machines' });
      await machines.getByLabel('Name').fill('workstation');
      await machines.getByLabel('Address for pairing').fill('http://127.0.0.1:1/#pair=abc');
      await machines.getByRole('button', { name: 'Pair' }).click();
      await machines.getByRole('alert').getByText('No R2O Studio answers at http://127.0.0.1:1.').waitFor();
      await machines.getByLabel('Address for pairing').fill(address);
      await machines.getByRole('button', { name: 'Pair' }).click();
      await machines.getByText(server.url).waitFor();

      await machines.getByRole('button', { name: 'Folders…' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Folder here').fill('Z:\\Photos');
      await dialog.getByLabel('The same folder there').fill(photos);
      expect(await seriousFindings(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.waitFor({ state: 'detached' });
      await machines.getByRole('button', { name: 'Open' }).click();
      await expect.poll(() => app.windows().length).toBe(2);
      const remote = app.windows()[1] ?? expect.fail('no second window');
      await remote.getByRole('link', { name: 'Library' }).click();
      await remote.getByRole('heading', { name: 'Start with a folder of images' }).waitFor();

      await drop(remote, 'Z:\\photos');
      await expect
        .poll(async () => (await there.client.collections.list()).map(({ rootPath }) => rootPath))
        .toEqual([photos]);
      const revealed = app.evaluate(
        ({ shell }) => new Promise<string>((resolve) => void (shell.showItemInFolder = resolve)),
      );
      await remote.getByRole('button', { name: 'More' }).first().click();
      await remote.getByRole('menuitem', { name: 'Show in folder' }).click();
      expect(await revealed).toBe('Z:\\Photos');

      // Its server goes, and comes back on the same port, with other secrets.
      const { port } = new URL(server.url);
      await server.close();
      await remote.getByRole('alert').getByText('R2O Studio on workstation does not answer.').waitFor();
      const next = await startServer({ service: there.service, port: Number(port), pageFolder });
      onTestFinished(() => next.close());
      // What could not be read meanwhile is an alert of its own until it is read again.
      await expect.poll(() => remote.getByRole('alert').count()).toBe(0);

      await machines.getByRole('button', { name: 'Remove workstation here' }).click();
      await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
      await expect.poll(() => app.windows().length).toBe(1);
      expect(await machines.getByText(server.url).count()).toBe(0);
    });
  },
);
