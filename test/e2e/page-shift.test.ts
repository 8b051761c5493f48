import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { JobId } from '../../src-main/contract/ids.ts';
import type { Collection } from '../../src-main/contract/collection.ts';
import { DatasetRecipe } from '../../src-main/contract/dataset.ts';
import { ExportOptions } from '../../src-main/contract/export.ts';
import { SCREEN_PLACES } from '../../src-main/contract/screens.ts';
import { SegmentSettings } from '../../src-main/contract/segmentation.ts';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { atRest, shiftsOfOpening, takeShifts, watchShifts, type Shift } from '../support/layout-shift.ts';
import { openPage, type OpenPage } from '../support/page.ts';
import { makePhotos } from '../support/photo-folder.ts';
import { waitForState } from '../support/running-service.ts';
import { tempFolder } from '../support/temp-folder.ts';

const TINY = { viewPx: 64, batchSize: 4, epochs: 3, previews: 3 } as const;

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
  beforeAll(async () => void (browser = await sharedChromium()));

  test('keeps still while jobs run and end, and while screens open on what they made', async () => {
    const opened = await openPage(browser);
    const { page, client, server } = opened;
    await watchShifts(page);
    await page.reload();
    const running: Record<string, Shift> = {};

    const photos = join(tempFolder(), 'photos');
    await makePhotos(photos, 120);
    const added = await client.collections.add({ path: photos });
    running.scan = await whileItRuns(opened, `library/${added.collection.id}`, added.job.id);
    const { id: collectionId } = await addScenes(client);
    const { run, job } = await client.runs.start({ collectionId, overrides: TINY });
    running.pretraining = await whileItRuns(opened, `pretrain/${run.id}`, job.id);
    const settings = SegmentSettings.parse({ conceptCount: 4 });
    const segmented = await client.segmentations.start({ collectionId, settings });
    running.segmentation = await whileItRuns(opened, 'masks', segmented.job.id);
    const recipe = DatasetRecipe.parse({ segmentationIds: [segmented.segmentation.id] });
    const version = await client.datasets.create({ name: 'scenes', recipe });
    const options = ExportOptions.parse({ format: 'coco', outPath: join(tempFolder(), 'out') });
    const written = await client.exports.start({ versionId: version.id, options });
    running.export = await whileItRuns(opened, `datasets/${version.id}`, written.job.id);
    expect(moving(running)).toEqual([]);

    // The one of many images was for the scan alone.
    await client.collections.remove({ id: added.collection.id });
    expect(moving(await shiftsOfOpening(page, server.url))).toEqual([]);
    const switching: Record<string, Shift> = {};
    for (const { id } of SCREEN_PLACES) {
      await goTo(page, id);
      await atRest(page);
      switching[id] = await takeShifts(page);
    }
    expect(moving(switching)).toEqual([]);
  });
});

/** What moves on a screen from when it has opened on a job until a while after the job's end. */
async function whileItRuns({ page, client }: OpenPage, place: string, id: JobId): Promise<Shift> {
  await goTo(page, place);
  // It may be faster than the page.
  const ended = page.getByText('Done', { exact: true }).or(page.getByRole('grid'));
  await page.getByRole('progressbar').or(ended).first().waitFor();
  await takeShifts(page);
  await waitForState(client, id, 'done');
  await atRest(page);
  return takeShifts(page);
}

async function addScenes(client: OpenPage['client']): Promise<Collection> {
  const folder = tempFolder();
  await writeScenes(folder, { count: 8, seed: 6 });
  const { collection, job } = await client.collections.add({ path: join(folder, 'images') });
  await waitForState(client, job.id, 'done');
  return collection;
}
