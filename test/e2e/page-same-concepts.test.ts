import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SegmentationId } from '../../src-main/contract/ids.ts';
import { SegmentSettings } from '../../src-main/contract/segmentation.ts';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { openPage } from '../support/page.ts';
import { startPrepared } from '../support/prepared-scenes.ts';
import { galleryOf, startService, waitForState, type RunningService } from '../support/running-service.ts';
import { tempFolder } from '../support/temp-folder.ts';

const SCENES = { count: 6, seed: 5 };
const SETTINGS = { conceptCount: 4 };
const PAGE_MS = 240_000;

/** A data folder whose scans have met the files in the order of the parts. */
async function segmentedInParts(files: string, ...parts: string[][]) {
  const running = startService();
  const { client } = running;
  const path = join(tempFolder(), 'scenes');
  mkdirSync(path);
  const copy = (names: readonly string[] = []) => {
    for (const name of names) copyFileSync(join(files, name), join(path, name));
  };
  copy(parts[0]);
  const { collection, job: first } = await client.collections.add({ path });
  await waitForState(client, first.id, 'done');
  for (const part of parts.slice(1)) {
    copy(part);
    const next = await client.collections.rescan({ id: collection.id });
    await waitForState(client, next.id, 'done');
  }
  const { segmentation, job } = await client.segmentations.start({
    collectionId: collection.id,
    settings: SegmentSettings.parse(SETTINGS),
  });
  await waitForState(client, job.id, 'done');
  return { running, id: segmentation.id };
}

/** What every image has, by its path: shape and number of the concept of each object. */
async function objectsOf({ client }: RunningService, id: SegmentationId) {
  const numbers = new Map(
    (await client.concepts.list({ id })).map((concept) => [concept.id, concept.number]),
  );
  const all = new Map<string, string[]>();
  for (const { imageId, relPath } of await galleryOf(client, { id })) {
    const masks = (await client.masks.ofImage({ id, imageId })).filter(({ level }) => level === 0);
    const described = masks.map(
      ({ counts, conceptId }) => `${conceptId === null ? '-' : (numbers.get(conceptId) ?? '?')} ${counts}`,
    );
    all.set(relPath, described.sort());
  }
  return Object.fromEntries([...all].sort());
}

describe.skipIf(!hasChromium)(`concepts of the same photos in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test(
    'are the same in another data folder, whatever the order in which scans met the files',
    { timeout: PAGE_MS },
    async () => {
      const { folder, segmentation, ...atOnce } = await startPrepared(SCENES, SETTINGS);
      const images = join(folder, 'images');
      const names = readdirSync(images).sort();
      const folders = [
        { running: atOnce, id: segmentation.id },
        await segmentedInParts(images, names.slice(4), names.slice(2, 4), names.slice(0, 2)),
      ];
      const cards: string[][] = [];
      for (const { running } of folders) {
        const { page, complaints } = await openPage(browser, { running });
        await page.getByRole('link', { name: 'Concepts' }).click();
        const concepts = page.getByRole('button', { name: /, \d+ objects?$/ });
        await concepts.first().waitFor();
        cards.push(
          await concepts.evaluateAll((all) => all.map((card) => card.getAttribute('aria-label') ?? '')),
        );
        expect(complaints).toEqual([]);
      }
      expect(cards[0]?.length).toBeGreaterThan(1);
      expect(cards[1]).toEqual(cards[0]);
      const [one, other] = await Promise.all(folders.map(({ running, id }) => objectsOf(running, id)));
      expect(Object.keys(one ?? {})).toEqual(names);
      expect(other).toEqual(one);
    },
  );
});
