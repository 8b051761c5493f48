import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { openPage, seriousFindings } from '../support/page.ts';
import { tempFolder } from '../support/temp-folder.ts';

describe.skipIf(!hasChromium)(`the models screen in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('adds an untrained network, exports and imports it, explains refusals, and removes it', async () => {
    const { page, client, complaints } = await openPage(browser);
    const folder = tempFolder();
    await page.getByRole('link', { name: 'Models' }).click();
    await page.getByText('No models yet').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Add an untrained network' }).click();
    await page.getByLabel('Seed').fill('7');
    await page.getByLabel('Seed').press('Tab');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('heading', { name: 'untrained resnet18, seed 7' }).waitFor();

    await page.getByRole('button', { name: 'Export' }).click();
    await page.getByLabel('Output file').fill(join(folder, 'baseline.safetensors'));
    await page.getByLabel('Licence').fill('CC0');
    await page.getByRole('dialog').getByRole('button', { name: 'Export' }).click();
    await page.getByText('Saved, with a model card next to it').waitFor();
    expect(
      ['baseline.safetensors', 'baseline.safetensors.card.md'].map((name) => existsSync(join(folder, name))),
    ).toEqual([true, true]);
    // A file that is there is not replaced unless that is asked for.
    await page.getByRole('dialog').getByRole('button', { name: 'Export' }).click();
    await page.getByRole('alert').waitFor();
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: 'Import weights' }).click();
    await page.getByLabel('File on this machine').fill(join(folder, 'none.pth'));
    await page.getByRole('dialog').getByRole('button', { name: 'Import weights' }).click();
    await page.getByRole('alert').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByLabel('File on this machine').fill(join(folder, 'baseline.safetensors'));
    await page.getByRole('dialog').getByRole('button', { name: 'Import weights' }).click();
    await page.getByRole('heading', { name: 'baseline' }).waitFor();
    await page.getByRole('definition').getByText('baseline.safetensors').waitFor();
    expect(await seriousFindings(page)).toEqual([]);

    await page.getByRole('button', { name: 'More actions for baseline' }).click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('heading', { name: 'untrained resnet18, seed 7' }).waitFor();
    expect((await client.models.list()).map(({ origin }) => origin)).toEqual(['untrained']);
    expect(complaints).toEqual([]);
  });
});
