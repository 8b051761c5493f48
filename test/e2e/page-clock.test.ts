import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { openPage } from '../support/page.ts';
import { makePhotos } from '../support/photo-folder.ts';
import { startService, waitForState } from '../support/running-service.ts';
import { tempFolder } from '../support/temp-folder.ts';

const HOUR_MS = 3_600_000;

describe.skipIf(!hasChromium)(`a page on a machine with another clock${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test.each([-40, 40])(
    '%i hours off shows its pictures, and times by the clock of the server',
    async (hours) => {
      const running = startService();
      const folder = join(tempFolder(), 'photos');
      await makePhotos(folder, 2);
      const { job } = await running.client.collections.add({ path: folder });
      await waitForState(running.client, job.id, 'done');
      const { page, server, complaints } = await openPage(browser, { running });
      await page.clock.install({ time: Date.now() + hours * HOUR_MS });
      await page.goto('about:blank');
      await page.goto(server.newPageUrl());
      const picture = page.locator('main img').first();
      await picture.waitFor();
      await expect
        .poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth))
        .toBeGreaterThan(0);
      expect(await page.locator('main').textContent()).toMatch(/just now|minutes? ago/);
      expect(complaints).toEqual([]);
    },
  );
});
