import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SegmentationId } from '../../src-main/contract/ids.ts';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { openPage, seriousFindings, type OpenPage } from '../support/page.ts';
import { startPrepared } from '../support/prepared-scenes.ts';

/** A GPU that is simulated says in the console that reading its picture is slow. */
const isOfPage = (complaint: string) => !complaint.includes('GL Driver Message');

/** The page over a segmentation of synthetic scenes that has never been laid out. */
async function openMasks(browser: Browser): Promise<OpenPage & { id: SegmentationId }> {
  const { segmentation, ...running } = await startPrepared({ count: 6, seed: 5 }, { conceptCount: 4 });
  const opened = await openPage(browser, { running });
  await opened.page.getByRole('link', { name: 'Masks' }).click();
  await opened.page.getByRole('button', { name: 'Map', exact: true }).click();
  await opened.page.getByRole('application', { name: 'Points of the map' }).waitFor();
  return { ...opened, id: segmentation.id };
}

/** Where the points of the map are on the screen, by their objects. */
async function pointsOnScreen(page: Page, { client, id }: OpenPage & { id: SegmentationId }) {
  const box = (await page.getByRole('application').boundingBox()) ?? expect.fail('no map');
  const { maskIds, imageIds, x, y } = await client.maps.points({ id, of: 'objects' });
  // The plane -1.06..1.06 is a square, of the shorter side, in the middle.
  const half = Math.min(box.width, box.height) / 2;
  return maskIds.map((maskId, at) => ({
    maskId: Number(maskId),
    imageId: imageIds[at],
    x: box.x + box.width / 2 + ((x[at] ?? 0) / 1.06) * half,
    y: box.y + box.height / 2 + ((y[at] ?? 0) / 1.06) * half,
  }));
}

type OnScreen = Awaited<ReturnType<typeof pointsOnScreen>>[number];

/** Draws a box around points. */
async function lasso(page: Page, points: readonly OnScreen[], isAdding = false): Promise<void> {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const [left, right, top, bottom] = [
    Math.min(...xs) - 6,
    Math.max(...xs) + 6,
    Math.min(...ys) - 6,
    Math.max(...ys) + 6,
  ];
  if (isAdding) await page.keyboard.down('Shift');
  await page.mouse.move(left, top);
  await page.mouse.down();
  for (const [x, y] of [
    [right, top],
    [right, bottom],
    [left, bottom],
  ] as const)
    await page.mouse.move(x, y, { steps: 4 });
  await page.mouse.up();
  if (isAdding) await page.keyboard.up('Shift');
}

/** Points whose box no other point is in: those left of a gap. */
function leftPart(points: readonly OnScreen[]): OnScreen[] {
  const sorted = points.toSorted((a, b) => a.x - b.x);
  const gaps = sorted.slice(1).map((point, at) => point.x - (sorted[at]?.x ?? 0));
  // Some points, and not all of them.
  const at = gaps.reduce((best, gap, place) => (gap > (gaps[best] ?? 0) ? place : best), 1);
  return sorted.slice(0, at + 1);
}

describe.skipIf(!hasChromium)(`the map in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('selects a cluster by a line around it, moves it to a concept, and takes that back', async () => {
    const opened = await openMasks(browser);
    const { page, client, complaints, id } = opened;
    const target = await client.concepts.create({ id, name: 'wanted' });
    const points = await pointsOnScreen(page, opened);
    const cluster = leftPart(points);
    expect(cluster.length).toBeLessThan(points.length);
    await lasso(page, cluster);
    const selection = page.getByRole('region', { name: 'Selection' });
    await selection.getByText(`${cluster.length} objects selected`).waitFor();
    const tiles = selection.getByRole('grid', { name: 'Selected points' }).locator('button[data-id]');
    await expect.poll(() => tiles.count()).toBeGreaterThan(0);
    expect(await seriousFindings(page)).toEqual([]);

    const members = async () => {
      const { items } = await client.concepts.masks({ id: target.id, limit: 500 });
      return items.map((mask) => Number(mask.id)).sort((a, b) => a - b);
    };
    await selection.getByLabel('Move to…').selectOption({ label: 'wanted' });
    await expect.poll(members).toEqual(cluster.map(({ maskId }) => maskId).sort((a, b) => a - b));
    const legend = page.getByRole('complementary', { name: 'Colours and selection' });
    await legend.getByRole('button', { name: `wanted ${cluster.length}` }).waitFor();
    await page.getByRole('button', { name: 'Undo', exact: true }).click();
    await expect.poll(members).toEqual([]);

    // One object left out, the others of a colour accepted.
    await legend.getByRole('button').first().click();
    await tiles.first().waitFor();
    const left = Number(await tiles.first().getAttribute('data-id'));
    await tiles.first().click();
    await selection.getByRole('button', { name: 'Accept', exact: true }).click();
    const accepted = async () => (await client.masks.reviewProgress({ id })).counts.accepted;
    await expect.poll(accepted).toBeGreaterThan(0);
    const after = await client.maps.points({ id, of: 'objects' });
    expect(after.reviews[after.maskIds.findIndex((one) => one === left)]).toBe('pending');
    expect(complaints.filter(isOfPage)).toEqual([]);
  });

  test('opens an image by a click or by keys, adds with Shift, and has an address', async () => {
    const opened = await openMasks(browser);
    const { page, complaints, id } = opened;
    const points = await pointsOnScreen(page, opened);
    const [first, second] = [
      points[0],
      points.find(({ x, y }) => Math.hypot(x - (points[0]?.x ?? 0), y - (points[0]?.y ?? 0)) > 40),
    ];
    if (!first || !second) expect.fail('too few points');
    const selection = page.getByRole('region', { name: 'Selection' });
    await page.mouse.move(first.x, first.y);
    await page
      .getByText(/score \d/)
      .first()
      .waitFor();
    await lasso(page, [first]);
    await selection.getByText(/selected/).waitFor();
    await lasso(page, points, true);
    await selection.getByText(`${points.length} objects selected`).waitFor();
    await page.keyboard.press('Escape');
    await selection.waitFor({ state: 'detached' });

    const editor = page.getByRole('region', { name: 'Mask editor' });
    await page.mouse.click(first.x, first.y);
    await editor.waitFor();
    expect(page.url()).toContain(`masks/${id}/${first.imageId}`);
    await page.keyboard.press('Escape');
    await editor.waitFor({ state: 'detached' });

    const surface = page.getByRole('application', { name: 'Points of the map' });
    await surface.focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Space');
    await selection.getByText('1 object selected').waitFor();
    await page
      .getByRole('status')
      .filter({ hasText: /score \d/ })
      .waitFor();
    await page.keyboard.press('Escape');

    await page.getByLabel('Coloured by').selectOption({ label: 'By review' });
    await page.getByRole('button', { name: `Not reviewed ${points.length}` }).waitFor();
    expect(page.url()).toContain('mapColour=review');
    await page.reload();
    await page.getByRole('button', { name: `Not reviewed ${points.length}` }).waitFor();
    await page.getByText('Images', { exact: true }).click();
    await page.getByText('6 images', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Not reviewed 6' }).click();
    await selection.getByText('6 images selected').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Back to all images' }).click();
    await page.getByRole('grid', { name: 'Segmented images' }).waitFor();
    expect(complaints.filter(isOfPage)).toEqual([]);
  });
});
