import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JobId } from '../../src-main/contract/ids.ts';
import { DatasetRecipe } from '../../src-main/contract/dataset.ts';
import { ExportOptions } from '../../src-main/contract/export.ts';
import { SCREEN_PLACES } from '../../src-main/contract/screens.ts';
import { SegmentSettings } from '../../src-main/contract/segmentation.ts';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import { chromiumReason, hasChromium, launchChromium } from '../support/chromium.ts';
import { atRest, shiftsOfOpening, takeShifts, watchShifts, type Shift } from '../support/layout-shift.ts';
import { openPage, type OpenPage } from '../support/page.ts';
import { makePhotos } from '../support/photo-folder.ts';
import { startService, waitForState } from '../support/running-service.ts';
import { tempFolder } from '../support/temp-folder.ts';

const LONG_MS = 300_000;
const TINY = { viewPx: 64, batchSize: 4, epochs: 3, previews: 3 } as const;

/** A service with images, masks, a model, a run and a dataset version, so that no screen is empty. */
async function fullService() {
  const running = startService();
  const { client } = running;
  const folder = tempFolder();
  await writeScenes(folder, { count: 12, seed: 6 });
  const { collection, job } = await client.collections.add({ path: join(folder, 'images') });
  await waitForState(client, job.id, 'done');
  const run = await client.runs.start({ collectionId: collection.id, overrides: TINY });
  await waitForState(client, run.job.id, 'done');
  const cut = await client.segmentations.start({
    ...{ collectionId: collection.id, settings: SegmentSettings.parse({ conceptCount: 4 }), name: 'scenes' },
  });
  await waitForState(client, cut.job.id, 'done');
  const recipe = DatasetRecipe.parse({ segmentationIds: [cut.segmentation.id] });
  const version = await client.datasets.create({ name: 'scenes', recipe });
  return { running, collection, version };
}

/** As the address bar goes there: without a key or a click, so that every shift counts. */
async function goTo(page: Page, place: string): Promise<void> {
  await page.evaluate((to) => void (location.hash = `#/${to}`), place);
  await page.locator('main').first().waitFor();
}

/** Far below 0.1, which counts as good: digits that become wider in a line of numbers. */
const LIMIT = 0.02;

const moving = (shifts: Record<string, Shift>) =>
  Object.entries(shifts).filter(([, { score }]) => score > LIMIT);

describe.skipIf(!hasChromium)(`the layout in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launchChromium()));
  afterAll(() => browser.close());

  test('keeps still while screens open and their pictures come', { timeout: LONG_MS }, async () => {
    const { running } = await fullService();
    const { page, server } = await openPage(browser, { running });
    await watchShifts(page);
    const first = await shiftsOfOpening(page, server.url);
    const next: Record<string, Shift> = {};
    for (const { id } of SCREEN_PLACES) {
      await goTo(page, id);
      await atRest(page);
      next[id] = await takeShifts(page);
    }
    console.log("SHIFTS " + JSON.stringify({ first, next }));
    expect(moving(first)).toEqual([]);
    expect(moving(next)).toEqual([]);
  });

  test('keeps still while jobs run and come to their end', { timeout: LONG_MS }, async () => {
    const { running, collection, version } = await fullService();
    const opened = await openPage(browser, { running });
    const { page, client } = opened;
    await watchShifts(page);
    await page.reload();
    const shifts: Record<string, Shift> = {};

    const photos = join(tempFolder(), 'photos');
    await makePhotos(photos, 400);
    const added = await client.collections.add({ path: photos });
    shifts.scan = await whileItRuns(opened, `library/${added.collection.id}`, added.job.id);
    const run = await client.runs.start({ collectionId: collection.id, overrides: { ...TINY, seed: 2 } });
    shifts.pretraining = await whileItRuns(opened, `pretrain/${run.run.id}`, run.job.id);
    const cut = await client.segmentations.start({
      ...{ collectionId: collection.id, settings: SegmentSettings.parse({ conceptCount: 5 }), name: 'again' },
    });
    shifts.segmentation = await whileItRuns(opened, 'masks', cut.job.id);
    const options = ExportOptions.parse({ format: 'coco', outPath: join(tempFolder(), 'out') });
    const written = await client.exports.start({ versionId: version.id, options });
    shifts.export = await whileItRuns(opened, `datasets/${version.id}`, written.job.id);
    console.log("SHIFTS " + JSON.stringify(shifts));
    expect(moving(shifts)).toEqual([]);
  });
});

/** What moves on a screen from when it has opened on a job until a while after the job's end. */
async function whileItRuns({ page, client }: OpenPage, place: string, id: JobId): Promise<Shift> {
  await goTo(page, place);
  await page.getByRole('progressbar').first().waitFor();
  await takeShifts(page);
  await waitForState(client, id, 'done');
  await atRest(page);
  return takeShifts(page);
}
