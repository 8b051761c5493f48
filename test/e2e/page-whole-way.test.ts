import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { addFolder, openPage, type OpenPage } from '../support/page.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { galleryOf } from '../support/running-service.ts';

const IMAGES = 8;
/** Of 64 px in batches of 4: long enough to be paused, reloaded and killed in, short enough to wait for. */
const RUN = { 'View size (px)': '64', 'Images per step': '4', Epochs: '20', Previews: '4' } as const;

async function startRun(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Pretrain' }).click();
  await page.getByText('Advanced settings').click();
  for (const [label, value] of Object.entries(RUN)) {
    await page.getByLabel(label).fill(value);
    await page.getByLabel(label).press('Tab');
  }
  await page.getByLabel('Encoder', { exact: true }).selectOption('resnet18-half');
  await page.getByText('64 px · 40 steps').first().waitFor();
  await page.getByRole('button', { name: 'Start pretraining' }).click();
}

/** Steps that the run has curves of; what it tells itself is the step of its last checkpoint. */
async function stepOf({ client }: OpenPage): Promise<number> {
  const [run] = await client.runs.list({});
  const [loss] = run ? await client.runs.curves({ id: run.id, names: ['loss'] }) : [];
  return loss?.points.length ?? 0;
}

/** Waits until the page has seen the run go on from where it was. */
async function goesOn(opened: OpenPage): Promise<void> {
  const before = await stepOf(opened);
  await expect.poll(() => stepOf(opened)).toBeGreaterThan(before + 1);
}

/** As a hand that double-clicks everything: the second click is not meant. */
const clickTwice = (button: Locator) =>
  button.evaluate((element: HTMLElement) => {
    element.click();
    element.click();
  });

/** The latest value that the chart of the loss shows. */
async function shownLoss(page: Page): Promise<string> {
  const chart = page.getByRole('img', { name: /^Loss, latest value [\d.]+$/ });
  return (await chart.getAttribute('aria-label')) ?? '';
}

describe.skipIf(!hasChromium)(`a person's whole way in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('leads from a folder over an interrupted pretraining, masks and a named concept to an export', async () => {
    const opened = await openPage(browser);
    const { page, client, service, complaints } = opened;
    const folder = tempFolder();
    await writeScenes(folder, { count: IMAGES, seed: 4 });
    await addFolder(page, join(folder, 'images'));
    await page.getByRole('tab', { name: `Images ${IMAGES}` }).waitFor();

    await startRun(page);
    const loss = await shownLoss(page);
    await expect.poll(() => shownLoss(page)).not.toBe(loss);
    await clickTwice(page.getByRole('button', { name: 'Pause' }));
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await expect.poll(async () => (await client.runs.list({}))[0]?.state).toBe('paused');
    const pausedAt = await stepOf(opened);
    await clickTwice(page.getByRole('button', { name: 'Resume' }));
    await expect.poll(() => stepOf(opened)).toBeGreaterThan(pausedAt);
    expect(await page.getByText('Not possible right now').count()).toBe(0);

    await page.reload();
    await page.getByRole('heading', { name: 'images, quick' }).waitFor();
    await goesOn(opened);

    process.kill(service.queue.workerPid ?? Number.NaN, 'SIGKILL');
    await page
      .getByRole('alert')
      .getByText(/worker process/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Resume' }).first().click();
    await expect.poll(async () => (await client.runs.list({}))[0]?.state).toBe('done');

    await page.getByRole('link', { name: 'Masks' }).click();
    await page.getByLabel('Model', { exact: true }).selectOption({ index: 1 });
    await page.getByLabel('Number of concepts').fill('4');
    await page.getByLabel('Number of concepts').press('Tab');
    await page.getByRole('button', { name: 'Start segmenting' }).click();
    const tiles = page.getByRole('grid', { name: 'Segmented images' }).locator('[data-id]');
    await expect.poll(() => tiles.count()).toBe(IMAGES);
    const [segmentation] = await client.segmentations.list({});
    const id = segmentation?.id ?? expect.fail('no segmentation');
    await expect.poll(async () => (await client.segmentations.get({ id })).state).toBe('done');
    expect(segmentation?.modelId).not.toBeNull();

    await tiles.first().focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('a');
    await page.getByText(/^\d+ objects? reviewed/).waitFor();
    const accepted = await galleryOf(client, { id, review: 'accepted' });
    expect(accepted).toHaveLength(2);

    await page.getByRole('link', { name: 'Concepts' }).click();
    await page.locator('li button[data-id]').first().focus();
    await page.keyboard.press('F2');
    // The field opens with the next frame: keys before that would go to the list.
    await page.locator('input:focus').waitFor();
    await page.keyboard.type('bright things');
    await page.keyboard.press('Enter');
    await expect
      .poll(async () => (await client.concepts.list({ id })).map(({ name }) => name))
      .toContain('bright things');

    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Datasets' }).click();
    await page.getByLabel('Dataset name').fill('scenes');
    await page.getByRole('button', { name: 'Freeze version' }).click();
    await page.getByRole('heading', { name: 'scenes · Version 1' }).waitFor();
    const out = join(tempFolder(), 'scenes-coco');
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: /^COCO Detectron2/ }).check({ force: true });
    await dialog.getByLabel('New folder').fill(out);
    await dialog.getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByRole('article', { name: 'Export as COCO' }).getByText('Done').waitFor();
    expect(existsSync(join(out, 'annotations/instances_train.json'))).toBe(true);
    expect(complaints).toEqual([]);
  });
});
