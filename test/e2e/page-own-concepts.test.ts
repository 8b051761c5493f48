import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Bitmap } from '../../src-main/core/mask/rle.ts';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { drawnImage } from '../support/drawn-images.ts';
import { openPage, seriousFindings } from '../support/page.ts';
import { forkBuiltWorker, galleryOf } from '../support/running-service.ts';
import { startSegmented } from '../support/segmented-service.ts';

const [WIDTH, HEIGHT] = [320, 240];

function rectangle(left: number, top: number, right: number, bottom: number): Bitmap {
  const data = new Uint8Array(WIDTH * HEIGHT);
  for (let y = top; y < bottom; y++) data.fill(1, y * WIDTH + left, y * WIDTH + right);
  return { data, widthPx: WIDTH, heightPx: HEIGHT };
}

const [left, right] = [rectangle(40, 60, 130, 160), rectangle(200, 60, 280, 160)];

/** Four images whose objects are judged in each way, of the concepts cat and dog. */
async function judged() {
  const of = (name: string, first?: 'accepted' | 'rejected', second?: 'accepted' | 'rejected') =>
    drawnImage(`${name}.png`, [
      { bitmap: left, className: 'cat', score: 0.9, ...(first && { review: first }) },
      { bitmap: right, className: 'dog', score: 0.4, ...(second && { review: second }) },
    ]);
  return startSegmented(
    [
      await of('a'),
      await of('b', 'accepted', 'accepted'),
      await of('c', 'rejected', 'rejected'),
      await of('d', 'accepted', 'rejected'),
    ],
    forkBuiltWorker,
  );
}

describe.skipIf(!hasChromium)(`reviewing and own concepts in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('tells accepted, rejected and partly reviewed images from each other without colour', async () => {
    const { page, complaints } = await openPage(browser, { running: await judged() });
    await page.getByRole('link', { name: 'Masks' }).click();
    const mark = async (name: RegExp) => {
      const facts = page.getByRole('button', { name }).locator('.facts');
      await facts.waitFor();
      return facts.evaluate((one) => [
        one.querySelectorAll('svg').length,
        one.querySelector('svg')?.outerHTML,
      ]);
    };
    const [none] = await mark(/^a\.png, 2 objects, 2 not reviewed$/);
    const [accepted, rejected, mixed] = [
      await mark(/^b\.png, 2 objects, 2 accepted$/),
      await mark(/^c\.png, 2 objects, 2 rejected$/),
      await mark(/^d\.png, 2 objects, 1 accepted, 1 rejected$/),
    ];
    expect([none, accepted[0], rejected[0], mixed[0]]).toEqual([0, 1, 1, 1]);
    expect(new Set([accepted[1], rejected[1], mixed[1]]).size).toBe(3);
    // Nothing is done without a word where no image is selected.
    await page.keyboard.press('a');
    await page.getByText('Select images first').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('makes, colours, orders, assigns by key and deletes concepts of its own', async () => {
    const running = await judged();
    const { client, segmentationId: id } = running;
    const { page, complaints } = await openPage(browser, { running });
    const names = async () => (await client.concepts.list({ id })).map(({ name }) => name);
    await page.getByRole('link', { name: 'Concepts' }).click();
    await page.getByRole('button', { name: 'New concept' }).click();
    await page.getByRole('dialog').getByLabel('Name of the new concept').fill('bird');
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('Enter');
    const panel = page.getByRole('complementary', { name: 'bird' });
    await panel.waitFor();
    await panel.getByLabel('Colour').fill('#112233');
    await panel.getByRole('button', { name: 'Move forward' }).click();
    await panel.getByRole('button', { name: 'Move forward' }).click();
    await expect.poll(names).toEqual(['bird', 'cat', 'dog']);
    expect((await client.concepts.list({ id }))[0]?.colour).toBe('#112233');

    // A name that is taken is refused, with the way out.
    const name = panel
      .page()
      .getByLabel(/^Name of concept/)
      .first();
    await name.fill('dog');
    await name.press('Tab');
    await page.getByText('There is already a concept “dog”').waitFor();
    expect(await names()).toEqual(['bird', 'cat', 'dog']);
    await expect.poll(() => name.inputValue()).toBe('bird');
    expect(await seriousFindings(page)).toEqual([]);

    await page.getByRole('link', { name: 'Masks' }).click();
    await page.getByRole('button', { name: /^a\.png/ }).click();
    const editor = page.getByRole('region', { name: 'Mask editor' });
    const rows = editor.getByRole('list', { name: 'Masks' }).getByRole('button');
    await expect.poll(() => rows.count()).toBe(2);
    await page.keyboard.press('1');
    await page.getByText('Select a mask first.').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('1');
    await rows.filter({ hasText: 'bird' }).waitFor();
    await editor.getByLabel('Assign concept').selectOption({ label: 'New concept…' });
    await page.getByRole('dialog').getByLabel('Name of the new concept').fill('fish');
    await page.keyboard.press('Enter');
    await rows.filter({ hasText: 'fish' }).waitFor();
    const imageId = (await galleryOf(client, { id }))[0]?.imageId;
    if (imageId === undefined) throw new Error('no image');
    const conceptIds = async () =>
      (await client.masks.ofImage({ id, imageId })).map(({ conceptId }) => conceptId);
    const fish = (await client.concepts.list({ id })).find((one) => one.name === 'fish');
    await expect.poll(conceptIds).toContain(fish?.id);
    // Tools have their names and keys, and tooltips are in front of the editor.
    const tools = editor.getByRole('toolbar', { name: 'Tools' });
    const brush = tools.getByRole('button', { name: 'Brush' });
    expect(await brush.innerText()).toBe('Brush');
    const keyOf = (one: Element) => getComputedStyle(one, '::after').content;
    expect(await brush.locator('[data-keys]').evaluate(keyOf)).toBe('"B"');
    await editor.getByRole('button', { name: 'Zoom in' }).hover();
    const tip = page.getByText('Zoom in', { exact: false }).locator('visible=true').last();
    await tip.waitFor();
    const isInFront = await tip.evaluate((one) => {
      const { left, top, width, height } = one.getBoundingClientRect();
      const front = document.elementFromPoint(left + width / 2, top + height / 2);
      return front !== null && (one.contains(front) || front.contains(one));
    });
    expect(isInFront).toBe(true);
    // The dialog closes, and the editor is there again; a stroke beside all masks says what is missing.
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await seriousFindings(page)).toEqual([]);
    await editor.getByRole('button', { name: 'Back to grid' }).click();

    await page.getByRole('link', { name: 'Concepts' }).click();
    await page.getByRole('button', { name: /^fish, 1 object$/ }).focus();
    await page
      .getByRole('complementary', { name: 'fish' })
      .getByRole('button', { name: 'Delete concept' })
      .click();
    await page.getByRole('alertdialog').getByText('1 object will have no concept').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete concept' }).click();
    await expect.poll(names).toEqual(['bird', 'cat', 'dog']);
    expect(await conceptIds()).toContain(null);
    expect(complaints).toEqual([]);
  });
});
