import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { PUBLISHED_ENCODERS, type PublishedEncoder } from '../../src-main/contract/published-encoder.ts';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { serveFile } from '../support/file-server.ts';
import { goldenPath } from '../support/golden.ts';
import { openPage, seriousFindings } from '../support/page.ts';
import { startService } from '../support/running-service.ts';
import { SMALL_VIT, vitFileBytes } from '../support/vit-weights.ts';

/** The first of the table on a server of this machine, and of another size. */
function published(url: string, weightsBytes: number): PublishedEncoder[] {
  return PUBLISHED_ENCODERS.map((encoder) => ({
    ...encoder,
    address: url + new URL(encoder.address).pathname,
    weightsBytes,
  }));
}

describe.skipIf(!hasChromium)(`stronger encoders in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('are downloaded after a confirmation, stopped, resumed and imported', async () => {
    const weights = await vitFileBytes(SMALL_VIT);
    const server = await serveFile(weights);
    server.stopAfter = 1_500_000;
    const running = startService({ published: published(server.url, weights.length - 10_000) });
    const { page, complaints } = await openPage(browser, { running });
    await page.getByRole('link', { name: 'Models' }).click();
    await page.getByRole('button', { name: 'Stronger encoders' }).click();
    const card = page.getByRole('article', { name: 'DINO ViT-S/16' });
    const address = `${server.url}${new URL(PUBLISHED_ENCODERS[0]?.address ?? '').pathname}`;
    await card.getByText(address).waitFor();
    await card.getByText('Apache-2.0').waitFor();
    await page.getByRole('article', { name: 'DINOv3' }).getByText('dinov3-downloads').waitFor();
    expect(await seriousFindings(page)).toEqual([]);

    await card.getByRole('button', { name: 'Download' }).click();
    await page.getByRole('dialog').getByText(address).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    expect(server.requests).toEqual([]);
    await page.getByRole('dialog').getByRole('button', { name: 'Download' }).click();
    await card.getByText('1.4 MB of 3.6 MB').waitFor();
    await card.getByRole('button', { name: 'Stop' }).click();
    await card.getByRole('button', { name: 'Delete partial file' }).waitFor();

    server.stopAfter = undefined;
    server.status = { code: 404 };
    await card.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Download' }).click();
    await card.getByText('the server answered 404 Not Found').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    server.status = undefined;
    await card.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Download' }).click();
    await card.getByText('downloaded', { exact: true }).waitFor();
    await card.getByRole('button', { name: 'Show model' }).click();
    await page.getByRole('heading', { name: 'dino-vits16' }).waitFor();
    expect(server.requests.map(({ headers }) => headers.range)).toEqual([
      undefined,
      'bytes=1500000-',
      'bytes=1500000-',
    ]);
    expect(complaints).toEqual([]);
  });

  test('ask for terms once, and for what an ONNX file does not say', async () => {
    const { page, client, complaints } = await openPage(browser);
    await page.getByRole('link', { name: 'Models' }).click();
    await page.getByRole('button', { name: 'Stronger encoders' }).click();
    const open = page.getByRole('main').getByRole('button', { name: 'Import weights' });
    const dialog = page.getByRole('dialog');
    const path = dialog.getByLabel('File on this machine');
    const submit = dialog.getByRole('button', { name: 'Import weights' });

    await open.click();
    await path.fill(goldenPath('vit', 'dinov3-p16', 'weights.safetensors'));
    await submit.click();
    await dialog.getByText('DINOv3 License', { exact: true }).waitFor();
    expect(await submit.isDisabled()).toBe(true);
    expect(await seriousFindings(page)).toEqual([]);
    expect(await client.models.list()).toEqual([]);
    await dialog.getByLabel('I have read and accept the terms').check();
    await submit.click();
    await page.getByRole('heading', { name: 'weights' }).waitFor();

    await page.getByRole('button', { name: 'Stronger encoders' }).click();
    await open.click();
    await path.fill(goldenPath('vit', 'dinov2-reg4-p14', 'last_hidden_state.onnx'));
    await submit.click();
    await dialog.getByText('Recognized: onnx').waitFor();
    expect(await dialog.getByLabel(/last_hidden_state: one cell for 14 px/).isChecked()).toBe(true);
    expect(await dialog.getByLabel('Tokens before those of the image').getAttribute('placeholder')).toBe('5');
    await dialog.getByLabel('Input mean').fill('0.5, 0.4');
    expect(await submit.isDisabled()).toBe(true);
    await dialog.getByLabel('Input mean').fill('0.5, 0.4, 0.3');
    await dialog.getByLabel('Standard deviation of its input').fill('0.25');
    expect(await seriousFindings(page)).toEqual([]);
    await submit.click();
    await page.getByRole('heading', { name: 'last_hidden_state' }).waitFor();
    expect((await client.models.list())[0]?.card.encoder).toMatchObject({
      mean: [0.5, 0.4, 0.3],
      std: [0.25, 0.25, 0.25],
    });
    // The terms were accepted before: nothing is asked.
    const again = await client.models.inspect({
      path: goldenPath('vit', 'dinov3-p16', 'weights.safetensors'),
    });
    expect(again.terms).toBeNull();
    expect(complaints).toEqual([]);
  });
});
