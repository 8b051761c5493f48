import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import { chromiumReason, hasChromium, sharedChromium } from '../support/chromium.ts';
import { addFolder, openPage, seriousFindings } from '../support/page.ts';
import { waitForState } from '../support/running-service.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** As a hand that is quicker than the answer to what it has selected before. */
function select(element: Element, value: string): void {
  Object.assign(element, { value });
  element.dispatchEvent(new Event('change', { bubbles: true }));
}

describe.skipIf(!hasChromium)(`the pretrain screen in Chromium${chromiumReason}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await sharedChromium()));

  test('asks for images first', async () => {
    const { page } = await openPage(browser);
    await page.getByRole('link', { name: 'Pretrain' }).click();
    await page.getByText('Pretraining needs a collection of images').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
  });

  test('plans learning from own masks, from where encoders are offered, without what is of regions only', async () => {
    const { page, client, service, complaints } = await openPage(browser);
    const folder = tempFolder();
    await writeScenes(folder, { count: 12, seed: 3 });
    await addFolder(page, join(folder, 'images'));
    await page.getByRole('tab', { name: 'Images 12' }).waitFor();
    await page.getByRole('link', { name: 'Models' }).click();
    await page.getByRole('button', { name: 'Stronger encoders' }).click();
    await page.getByRole('button', { name: 'Plan training…' }).click();
    const preset = page.getByRole('radio', { name: /From own masks/ });
    await preset.waitFor();
    await expect.poll(() => preset.isChecked()).toBe(true);
    await page.getByText(/^resnet18-half · 96 px/).waitFor();
    await page.getByText('Advanced settings').click();
    await page.getByLabel('Epochs').waitFor();
    expect(await page.getByLabel('Superpixels').count()).toBe(0);
    expect(await seriousFindings(page)).toEqual([]);

    // A network and weights to start from go together, also if both are selected before a new plan has come.
    const untrained = await client.models.addUntrained({ architecture: 'resnet18-half' });
    const [parent, encoder] = [page.getByLabel('Start from'), page.getByLabel('Encoder', { exact: true })];
    await parent.selectOption({ label: `${untrained.name} (resnet18-half)` });
    await expect.poll(() => encoder.inputValue()).toBe('resnet18-half');
    await encoder.evaluate(select, 'resnet18');
    expect(await parent.inputValue()).toBe('');
    await parent.evaluate(select, String(untrained.id));
    expect(await encoder.inputValue()).toBe('resnet18-half');
    await page.getByText(/^resnet18-half · 96 px/).waitFor();
    expect(await encoder.inputValue()).toBe('resnet18-half');

    const [collection] = await client.collections.list();
    if (!collection) throw new Error('there is no collection');
    const planned = await client.runs.plan({ collectionId: collection.id, preset: 'masks' });
    const run = {
      ...planned,
      collectionId: collection.id,
      parentModelId: null,
      name: 'adapted',
      createdAtMs: 1,
    };
    const id = service.store.runs.insert(run);
    service.publish({ type: 'run', runId: id });
    await page.getByRole('button', { name: /adapted/ }).click();
    await page.getByRole('img', { name: /^Loss/ }).waitFor();
    expect(await page.getByRole('region', { name: 'From regions to objects' }).count()).toBe(0);
    expect(await page.getByText('Regions (K)').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('plans with times of this machine, trains with changed settings, and shows curves and regions', async () => {
    const { page, client, service, complaints } = await openPage(browser);
    const folder = tempFolder();
    await writeScenes(folder, { count: 12, seed: 3 });
    await addFolder(page, join(folder, 'images'));
    await page.getByRole('tab', { name: 'Images 12' }).waitFor();
    await page.getByRole('link', { name: 'Pretrain' }).click();
    await expect.poll(() => page.getByText(/^about \d/).count()).toBe(4);

    // A collection that is too small has no plan, and cannot be started.
    const empty = await client.collections.add({ path: tempFolder(), name: 'empty' });
    await waitForState(client, empty.job.id, 'done');
    await page.getByLabel('Collection').selectOption({ label: 'empty' });
    await page.getByRole('alert').getByText('this collection has 0').waitFor();
    await expect.poll(() => page.getByText(/^about \d/).count()).toBe(0);
    await expect.poll(() => page.getByRole('button', { name: 'Start pretraining' }).isDisabled()).toBe(true);
    await page.getByLabel('Collection').selectOption({ label: 'images' });
    await expect.poll(() => page.getByText(/^about \d/).count()).toBe(4);

    await page.getByText('Advanced settings').click();
    for (const [label, value] of [
      ['View size (px)', '64'],
      ['Images per step', '4'],
      ['Epochs', '4'],
      ['Previews', '4'],
    ] as const) {
      await page.getByLabel(label).fill(value);
      await page.getByLabel(label).press('Tab');
    }
    await page.getByLabel('Seed').fill('-1');
    // New plans that come in while the seed is typed leave it alone.
    await page.getByLabel('Encoder', { exact: true }).selectOption('resnet18-half');
    await page.getByText('resnet18-half · 64 px').first().waitFor();
    await page.getByLabel('Seed').press('Tab');
    await page.getByRole('alert').getByText('Enter a valid number').waitFor();
    await page.getByText('64 px · 12 steps').first().waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Start pretraining' }).click();

    await page.getByRole('heading', { name: 'images, quick' }).waitFor();
    await expect
      .poll(async () => (await client.runs.list({}))[0]?.state, {
        interval: 500,
      })
      .toBe('done');
    const run = (await client.runs.list({}))[0];
    expect(run?.config).toMatchObject({
      encoder: 'resnet18-half',
      viewPx: 64,
      batchSize: 4,
      epochs: 4,
      previews: 4,
      seed: 0,
    });

    await page.getByRole('img', { name: /^Loss, latest value [\d.]+$/ }).waitFor();
    const previews = page.getByRole('region', { name: 'From regions to objects' });
    await previews.getByText('step 12 of 12').waitFor();
    const regions = previews.getByRole('img', { name: 'at step 12' }).first();
    await expect.poll(() => regions.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(64);
    await previews.getByLabel('Training step').fill('0');
    await previews.getByText('step 0 of 12').waitFor();
    await page.getByRole('button', { name: 'Train longer…' }).click();
    const longer = page.getByRole('dialog', { name: 'Train longer…' });
    await longer.getByText('12 of 24 steps done.').waitFor();
    await longer.getByLabel('Total epochs').fill('4');
    await longer.getByRole('alert').getByText('Enter a number greater than 4').waitFor();
    await expect.poll(() => longer.getByRole('button', { name: 'Train longer' }).isDisabled()).toBe(true);
    await longer.getByLabel('Total epochs').fill('5');
    expect(await seriousFindings(page)).toEqual([]);
    await longer.getByRole('button', { name: 'Train longer' }).click();
    await expect
      .poll(async () => (await client.runs.list({}))[0], { interval: 500 })
      .toMatchObject({ state: 'done', totalSteps: 15, config: { epochs: 5 } });
    await page.getByRole('button', { name: 'Train longer…' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);

    // Beside another run of the history: what they were made with, and where its loss went.
    const mine = (await client.runs.list({}))[0] ?? expect.fail('no run');
    const { runs } = service.store;
    const config = { ...mine.config, seed: 9, batchSize: 8 };
    const other = runs.insert({ ...mine, name: 'yesterday', config });
    runs.saveMetrics(
      other,
      Array.from({ length: 12 }, (_, step) => ({ name: 'loss' as const, step, value: 1 - step / 20 })),
    );
    service.publish({ type: 'run', runId: other });
    await page.getByLabel('Compare with').selectOption({ label: 'yesterday' });
    const settings = page.getByRole('region', { name: 'Settings' });
    await settings.getByText('2 differences').waitFor();
    await settings.getByRole('row', { name: 'seed 0 9' }).waitFor();
    await settings.getByRole('row', { name: 'batchSize 4 8' }).waitFor();
    expect(await settings.getByRole('row', { name: 'epochs' }).count()).toBe(0);
    await page.getByRole('figure', { name: 'Loss' }).getByText('yesterday').waitFor();
    await settings.getByRole('switch', { name: 'All settings' }).click();
    await settings.getByRole('row', { name: 'epochs 5 5' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);

    // The model that the run has made keeps its curves.
    await page.getByRole('link', { name: 'Models' }).click();
    await page.getByRole('heading', { name: 'images, quick' }).waitFor();
    const curves = page.getByRole('region', { name: 'Curves' });
    await curves.getByRole('img', { name: /^Loss, latest value [\d.]+$/ }).waitFor();
    await curves.getByRole('img', { name: /^Stability, latest value/ }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);

    // What comes after a run is a segmentation with its model, from its page and from its row in the list of jobs.
    const ready = (await client.models.list())[0] ?? expect.fail('no model');
    const steps = [
      ['Pretrain', page.getByRole('main')],
      ['Activity', page.getByRole('article', { name: /^Pretraining/ }).first()],
    ] as const;
    for (const [screen, place] of steps) {
      await page.getByRole('link', { name: screen }).click();
      if (screen === 'Pretrain') await page.getByRole('button', { name: /images, quick/ }).click();
      await place.getByRole('button', { name: 'Segment with its model' }).click();
      await page.getByRole('heading', { name: 'New segmentation' }).waitFor();
      const chosen = page.getByLabel('Model', { exact: true });
      await expect.poll(() => chosen.inputValue()).toBe(String(ready.id));
      await expect.poll(() => page.getByLabel('Collection').inputValue()).toBe('1');
    }

    // Another run goes on from what this one has learned, with its network.
    await page.getByRole('link', { name: 'Pretrain' }).click();
    await page.getByRole('button', { name: 'New run' }).click();
    await page.getByText('Advanced settings').click();
    const [parent, encoder] = [page.getByLabel('Start from'), page.getByLabel('Encoder', { exact: true })];
    const [model] = await client.models.list();
    const { id: modelId, name } = model ?? expect.fail('no model');
    await parent.selectOption({ label: `${name} (resnet18-half)` });
    await expect.poll(() => encoder.inputValue()).toBe('resnet18-half');
    // So long that it has not ended before it is cancelled.
    await page.getByLabel('Epochs').fill('400');
    await page.getByLabel('Epochs').press('Tab');
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Start pretraining' }).click();
    await page.getByText(`started from “${name}”`).waitFor();
    const [started] = await client.runs.list({});
    expect(started).toMatchObject({ parentModelId: modelId, config: { encoder: 'resnet18-half' } });
    const jobId = started?.jobId ?? expect.fail('no job');
    await client.jobs.cancel({ id: jobId });
    await waitForState(client, jobId, 'cancelled');
    expect(complaints).toEqual([]);
  });
});
