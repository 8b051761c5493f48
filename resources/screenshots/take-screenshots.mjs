/**
 * `npm run screenshots`: the pictures of every screen for the README, light and dark, as the app shows what it made of
 * synthetic scenes: those are ours, photos of other people are not. A few minutes on two cores; needs Chromium, whose
 * path the variable CHROMIUM may give. Look at every picture before it is committed.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import { cli, go, rest, withPage } from './page-pictures.mjs';

const FIRST_SCENE = 2208;
const SCENES = 48;
const NAME = 'Objects on tables';
/** Long enough for meaningful curves and regions. */
const TRAINING = ['--epochs', '12', '--set', 'viewPx=96', 'superpixels=60', 'previews=12'];
const CONCEPTS = ['Round objects', 'Bright objects'];
const VIEWPORT = { width: 1360, height: 860 };
const PNG = { palette: true, colours: 192, effort: 10 };

const work = mkdtempSync(join(tmpdir(), 'r2o-pictures-'));
const data = join(work, 'data');
/** A collection, a pretraining, a segmentation, two versions of a dataset and an export. */
async function makeContent() {
  const folder = join(work, NAME);
  await writeScenes(work, { count: SCENES, seed: FIRST_SCENE });
  renameSync(join(work, 'images'), folder);
  r2o('collections', 'add', folder);
  r2o('models', 'untrained', 'resnet18');
  r2o('pretrain', NAME, ...TRAINING);
  r2o('segment', NAME, '--model', '2', '--concepts', '5');
  for (const score of ['0.5', '0.3'])
    r2o('dataset', 'create', 'things', '--collection', NAME, '--min-score', score);
  r2o('export', 'things', '--format', 'coco', '--out', join(work, 'things-coco'));
}

async function takeAll(page) {
  for (const [name, arrange] of Object.entries(PICTURES)) {
    await arrange(page);
    await take(page, name);
  }
}

/** What a person does to see each of them. */
const PICTURES = {
  library: (page) => go(page, 'library'),
  'pretrain-new': async (page) => {
    await go(page, 'pretrain');
    await page.getByRole('button', { name: 'New run' }).click();
    await page
      .getByText(/^about \d/)
      .nth(2)
      .waitFor();
    await rest(page);
  },
  pretrain: async (page) => {
    await page.getByRole('complementary').getByRole('button', { name: /quick/ }).click();
    await page.getByRole('img', { name: /^Loss, latest value/ }).waitFor();
    await rest(page);
  },
  concepts: async (page) => {
    await go(page, 'concepts');
    for (const [place, name] of CONCEPTS.entries()) {
      await page.locator('li button[data-id]').nth(place).focus();
      await page.keyboard.press('F2');
      await page.locator('input:focus').waitFor();
      await page.keyboard.press('Control+a');
      await page.keyboard.type(name);
      await page.keyboard.press('Enter');
      await page.locator('option', { hasText: name }).first().waitFor({ state: 'attached' });
      await page.keyboard.press('Escape');
    }
    await page.locator('li button[data-id]').first().click();
    await rest(page);
  },
  masks: async (page) => {
    await go(page, 'masks');
    await page.locator('[role=grid] [data-state=shown]').nth(7).waitFor();
    await rest(page);
  },
  'mask-editor': async (page) => {
    const tiles = page.getByRole('grid').locator('[data-id]');
    await tiles.nth(1).click();
    await page.getByRole('list', { name: 'Masks' }).getByRole('button').first().click();
    await rest(page);
  },
  'datasets-new': async (page) => {
    await page.keyboard.press('Escape');
    await go(page, 'datasets');
    await page.getByRole('button', { name: 'New dataset' }).click();
    await page.getByRole('status').getByText(/masks/).waitFor();
    await rest(page);
  },
  datasets: async (page) => {
    await page
      .getByRole('complementary')
      .getByRole('button', { name: /^Version 2/ })
      .click();
    await page.getByLabel('Compare with').selectOption({ index: 1 });
    await rest(page);
  },
  'datasets-export': async (page) => {
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByRole('dialog').getByLabel('New folder').fill('/home/me/Datasets/things-2-coco');
    await rest(page);
  },
  models: async (page) => {
    await page.keyboard.press('Escape');
    await go(page, 'models');
    await page.getByRole('img', { name: /^Loss, latest value/ }).waitFor();
    await rest(page);
  },
  activity: (page) => go(page, 'activity'),
  settings: async (page) => {
    await go(page, 'settings');
    await page.getByText('GFLOP/s measured').first().waitFor();
    await rest(page);
  },
};

async function take(page, name) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await page.waitForTimeout(400);
    const file = join(import.meta.dirname, `${name}-${colorScheme}.png`);
    await sharp(await page.screenshot())
      .png(PNG)
      .toFile(file);
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

function r2o(...args) {
  execFileSync(process.execPath, [cli, '--data', data, ...args], { stdio: 'inherit' });
}

try {
  await makeContent();
  await withPage({ data, viewport: VIEWPORT }, takeAll);
} finally {
  rmSync(work, { recursive: true, force: true });
}
