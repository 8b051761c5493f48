import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../support/cli.ts';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { openPage, seriousFindings } from '../support/page.ts';
import { startService, waitForState } from '../support/running-service.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { photoLike, sharpOf } from '../support/test-images.ts';

/** A photo in three sizes, and two others. */
async function lookAlikePhotos(): Promise<string> {
  const folder = join(tempFolder(), 'photos');
  mkdirSync(folder, { recursive: true });
  const write = async (name: string, seed: number, widthPx: number) => {
    const image = sharpOf(photoLike(320, 240, seed)).resize(widthPx);
    writeFileSync(join(folder, name), await image.jpeg({ quality: 85 }).toBuffer());
  };
  for (const widthPx of [160, 240, 320]) await write(`one-${widthPx}.jpg`, 1, widthPx);
  await write('two.jpg', 2, 320);
  await write('three.jpg', 3, 320);
  return folder;
}

describe.skipIf(!hasChromium)(`look-alikes in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('are compared, shown side by side, hidden but for the best, and shown again', async () => {
    const running = startService();
    const { client } = running;
    const added = await client.collections.add({ path: await lookAlikePhotos() });
    await waitForState(client, added.job.id, 'done');
    const { page, complaints } = await openPage(browser, { running });
    const { id } = added.collection;
    const hidden = async () => (await client.lookAlikes.state({ id })).hiddenCount;

    await page.getByRole('tab', { name: /Duplicates/ }).click();
    await page.getByText('Same picture').click();
    await page.getByRole('button', { name: 'Compare the images' }).click();
    const group = page.getByRole('article', { name: '3 images that look alike' });
    await group.waitFor();
    expect(await group.locator('.name').allTextContents()).toEqual([
      'one-320.jpg',
      'one-240.jpg',
      'one-160.jpg',
    ]);
    await group.getByText('Best', { exact: true }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);

    await page.getByRole('button', { name: 'Keep the best of each group' }).click();
    await page.getByText('2 images hidden from pretraining and datasets').waitFor();
    await expect.poll(hidden).toBe(2);
    await expect.poll(() => group.getByText('Hidden', { exact: true }).count()).toBe(2);
    await page.getByRole('button', { name: 'Undo', exact: true }).click();
    await expect.poll(hidden).toBe(0);

    await group.getByRole('button', { name: 'Hide one-320.jpg from pretraining and datasets' }).click();
    await expect.poll(hidden).toBe(1);
    await group.getByRole('button', { name: 'Keep the best', exact: true }).click();
    await expect.poll(hidden).toBe(2);
    await group.getByRole('button', { name: 'Show one-320.jpg again' }).click();
    await expect.poll(hidden).toBe(1);
    expect(complaints).toEqual([]);
  });
});

test('r2o duplicates lists look-alikes, keeps the best, and shows the others again', async () => {
  const data = tempFolder();
  expect(await runCli(data, 'collections', 'add', await lookAlikePhotos())).toMatchObject({ code: 0 });
  const found = await runCli(data, 'duplicates', '1', '--json');
  expect(found, found.stderr).toMatchObject({ code: 0 });
  expect(JSON.parse(found.stdout)).toMatchObject({
    comparison: { comparedCount: 5, groups: { same: 1 } },
    groups: [{ count: 3, images: [{ relPath: 'one-320.jpg' }, {}, {}] }],
  });
  const kept = await runCli(data, 'duplicates', '1', '--keep-best');
  expect(kept.stdout).toContain('1 group of the same picture among 5 images');
  expect(kept.stdout).toContain('one-240.jpg 240x180 (hidden)');
  const [, step] = /--undo (\d+)/.exec(kept.stdout) ?? [];
  const undone = await runCli(data, 'duplicates', '1', '--undo', step ?? '');
  expect(undone.stdout).toContain('Shown again: 2 images');
  expect(await runCli(data, 'duplicates', '1', '--undo', 'all')).toMatchObject({ code: 1 });
  expect(await runCli(data, 'duplicates', '1', '--grade', 'nearly')).toMatchObject({ code: 2 });
});
