import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { addFolder, openPage, seriousFindings } from '../support/page.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { scienceTiff } from '../support/test-images.ts';

describe.skipIf(!hasChromium)(`a collection of microscope images in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('says its brightness range, which can be changed and measured again', async () => {
    const folder = join(tempFolder(), 'cells');
    mkdirSync(folder);
    const samplesAt = (x: number, y: number) => [Math.hypot(x - 40, y - 30) < 20 ? 300 : 100];
    writeFileSync(
      join(folder, 'a.tif'),
      scienceTiff({ widthPx: 80, heightPx: 60, sample: 'uint16', samplesAt }),
    );
    const { page, complaints } = await openPage(browser);
    await addFolder(page, folder);
    const note = page.getByText('are shown by a brightness range');
    await note.waitFor();
    expect(await note.textContent()).toContain('tiff uint16 100 to 300');

    await page.getByRole('button', { name: 'Change…' }).click();
    await page.getByText('From – to').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('White').fill('50');
    await dialog.getByLabel('White').press('Tab');
    expect(await dialog.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    await dialog.getByLabel('White').fill('900');
    await dialog.getByLabel('White').press('Tab');
    expect(await seriousFindings(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('100 to 900').waitFor();

    await page.getByRole('button', { name: 'Change…' }).click();
    await page.getByText('Automatic').click();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('tiff uint16 100 to 300').waitFor();
    expect(complaints).toEqual([]);
  });
});
