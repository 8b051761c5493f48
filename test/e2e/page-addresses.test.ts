import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { DatasetRecipe } from '../../src-main/contract/dataset.ts';
import { configure } from '../../src-main/core/train/configure.ts';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { drawnImage } from '../support/drawn-images.ts';
import { bitmapOf } from '../support/masks.ts';
import { clippedControls, clippedRings, openPage, seriousFindings, squeezedTexts } from '../support/page.ts';
import { forkBuiltWorker, galleryOf } from '../support/running-service.ts';
import { saveDrawn, startSegmented } from '../support/segmented-service.ts';

const bitmap = bitmapOf('####....', '####....', '####....', '####....', '........', '........');

/** Three images, segmented twice, of which the first segmentation knows one that the second does not; two versions. */
async function filled() {
  const drawn = await Promise.all(
    ['a', 'b', 'c'].map((name, at) =>
      drawnImage(`${name}.png`, [{ bitmap, className: at === 0 ? 'dog' : 'cat', score: 0.3 + at / 4 }]),
    ),
  );
  const running = startSegmented(drawn, forkBuiltWorker);
  const newer = saveDrawn(running, running.collection, drawn.slice(0, 2));
  for (const concepts of [null, ['cat']]) {
    const recipe = DatasetRecipe.parse({ segmentationIds: [running.segmentationId], concepts });
    await running.client.datasets.create({ name: 'pets', recipe });
  }
  return { ...running, newer };
}

const open = (page: Page, address: string) =>
  page.evaluate((to) => {
    location.hash = to;
  }, address);
const hashOf = (page: Page) => new URL(page.url()).hash;

describe.skipIf(!hasChromium)(`addresses of the page in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('show what they name, filters and sort included, in any page', async () => {
    const running = await filled();
    const { client, segmentationId: older, newer } = running;
    const { page, complaints } = await openPage(browser, { running });
    await page.getByRole('link', { name: 'Masks' }).click();
    const tiles = page.getByRole('grid', { name: 'Segmented images' }).locator('[data-id]');
    await expect.poll(() => hashOf(page)).toBe(`#/masks/${newer}?sort=path`);
    await expect.poll(() => tiles.count()).toBe(2);

    // Another segmentation than the one that was selected.
    await open(page, `#/masks/${older}`);
    await expect.poll(() => tiles.count()).toBe(3);
    const [cat] = await client.concepts.list({ id: older });
    await page.getByLabel('Concept', { exact: true }).selectOption({ label: 'cat' });
    await page.getByLabel('Sort order').selectOption({ label: 'By score' });
    await page.getByRole('button', { name: 'Reverse order' }).click();
    await expect.poll(() => tiles.count()).toBe(2);
    const shown = hashOf(page);
    expect(shown).toBe(`#/masks/${older}?sort=score&conceptId=${cat?.id ?? 0}&isReversed=true`);
    const names = () =>
      tiles.evaluateAll((all) => all.map((tile) => tile.getAttribute('aria-label')?.slice(0, 5)));
    expect(await names()).toEqual(['b.png', 'c.png']);

    // In a page that was elsewhere, the address shows the same; the image too.
    await open(page, `#/masks/${newer}?sort=path`);
    await expect.poll(names).toEqual(['a.png', 'b.png']);
    await open(page, shown);
    await expect.poll(names).toEqual(['b.png', 'c.png']);
    await tiles.last().click();
    const editor = page.getByRole('region', { name: 'Mask editor' });
    await editor.getByText('2 of 2').waitFor();
    await page.reload();
    await editor.getByRole('heading', { name: 'c.png' }).waitFor();
    await page.getByRole('button', { name: 'Back to grid' }).click();
    await expect.poll(() => hashOf(page)).toBe(shown);

    await open(page, `#/concepts/${older}/${cat?.id ?? 0}/masks`);
    await page.getByRole('grid', { name: 'Objects of cat' }).waitFor();
    const [second, first] = (await client.datasets.list())[0]?.versions ?? [];
    await open(page, `#/datasets/${second?.id ?? 0}?compare=${first?.id ?? 0}`);
    await page.getByText('Removed classes: dog').waitFor();
    expect(complaints).toEqual([]);
  });

  test('that name nothing say so, and lead to what there is', async () => {
    const running = await filled();
    const { segmentationId: older, newer } = running;
    const onlyInOlder = (await galleryOf(running.client, { id: older }))[2]?.imageId ?? 0;
    const { page } = await openPage(browser, { running });
    const note = page.getByRole('alert').getByRole('heading', { name: 'Not found' });
    await page.getByRole('navigation').waitFor();
    for (const address of [
      ...[
        '#/nowhere',
        '#/library/99',
        '#/library/1/pets',
        '#/pretrain/9',
        '#/models/9',
        '#/datasets/9',
        '#/masks/9',
      ],
      ...['#/concepts/9', `#/concepts/${older}/99`, `#/masks/${older}/99`, `#/masks/${newer}/${onlyInOlder}`],
    ]) {
      await open(page, address);
      await note.waitFor().catch(() => expect.fail(`${address} is not reported`));
      expect(hashOf(page).startsWith(address)).toBe(true);
      await page.getByRole('button', { name: 'Show the overview' }).click();
      await note.waitFor({ state: 'detached' });
      expect(hashOf(page)).not.toContain('9');
    }
    await open(page, '#/datasets/9');
    await note.waitFor();
    expect(await seriousFindings(page)).toEqual([]);
  });

  test.each(['en-US', 'de-DE'])(
    'show every control at twice the size, and on small and large screens, in %s',
    async (locale) => {
      const running = await filled();
      const { id: modelId } = await running.client.models.addUntrained({ architecture: 'resnet18-half' });
      const runId = running.service.store.runs.insert({
        collectionId: running.collection.id,
        parentModelId: modelId,
        name: 'photos, quick',
        preset: 'quick',
        config: configure('quick', 240, {}),
        device: 'onnx:cpu',
        imageCount: 240,
        totalSteps: 12,
        createdAtMs: 0,
      });
      const { page, complaints } = await openPage(browser, { running, locale });
      const addresses = [
        ...[
          'library/1',
          'masks/1?sort=path',
          'concepts/1',
          'datasets/1',
          'datasets/new',
          'pretrain/new',
          `pretrain/${runId}`,
        ],
        ...['models', `models/${modelId}`, 'models/encoders', 'activity', 'settings', 'masks/1/1?sort=path'],
      ];
      for (const [width, height] of [
        [640, 400],
        [1024, 700],
        [2560, 1440],
      ] as const) {
        await page.setViewportSize({ width, height });
        for (const address of addresses) {
          await open(page, `#/${address}`);
          await page.getByRole('heading').first().waitFor();
          await expect.poll(() => clippedControls(page)).toEqual([]);
          expect(await squeezedTexts(page)).toEqual([]);
          // Rings depend on the place of a control, not on the size of the window.
          if (width === 1024) expect(await clippedRings(page)).toEqual([]);
        }
      }
      expect(complaints).toEqual([]);
    },
  );
});
