import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { startServer } from '../../src-main/host/server/server.ts';
import { launchChromium } from '../support/chromium.ts';
import { sharedPath } from '../support/shared.ts';
import { describeMachine, type BenchReport } from './bench-report.ts';
import { openService } from './bench-service.ts';

const DEFAULT_IMAGES = 141;
/** The goal for the first mask, from the click that starts the segmentation. */
const FIRST_MASK_GOAL_S = 15;
/** What the same way took on 2026-11-24, on a loaded machine. */
const BEFORE = { maskClicks: 4, exportClicks: 9 };
const PATIENCE_MS = 900_000;
const VIEWPORT = { width: 1_440, height: 900 };
const pageFolder = resolve(import.meta.dirname, '../../out/renderer');

/** Clicks and seconds since the page was opened. */
type Mark = { step: string; clicks: number; seconds: number };

/** Uses the page as a person does who does not hesitate, and counts clicks. */
class Person {
  readonly marks: Mark[] = [];
  #clicks = 0;
  readonly #startMs = performance.now();

  async click(target: Locator): Promise<void> {
    await target.click();
    this.#clicks++;
  }

  mark(step: string): number {
    const seconds = Math.round((performance.now() - this.#startMs) / 100) / 10;
    this.marks.push({ step, clicks: this.#clicks, seconds });
    return seconds;
  }
}

/**
 * The way from an empty app to the first mask and to the first export, in Chromium against the real server: clicks, and seconds
 * for somebody who does not hesitate. Default settings, without an encoder. Needs `npm run build`.
 * @param args `--images N` (of the pets in `shared/data`)
 */
export async function run(args: string[]): Promise<BenchReport> {
  const count = Number(args[args.indexOf('--images') + 1]) || DEFAULT_IMAGES;
  const work = mkdtempSync(join(tmpdir(), 'r2o-bench-'));
  const { service } = openService(join(work, 'data'));
  using _ = service;
  const server = await startServer({ service, port: 0, pageFolder });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: VIEWPORT, locale: 'en-US' });
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(server.newPageUrl());
    const { marks, firstMaskS } = await goTheWay(
      page,
      photosIn(join(work, 'photos'), count),
      join(work, 'export'),
    );
    const clicksOf = (step: string) => marks.find((mark) => mark.step === step)?.clicks ?? NaN;
    return {
      benchmark: 'first-steps',
      machine: describeMachine(),
      tables: [{ title: `From an empty app to an export, ${count} photos of pets`, rows: marks }],
      ratios: {
        firstMaskTimeOverGoal: Math.round((firstMaskS / FIRST_MASK_GOAL_S) * 100) / 100,
        clicksToMaskVsBefore: Math.round((clicksOf('first mask') / BEFORE.maskClicks) * 100) / 100,
        clicksToExportVsBefore: Math.round((clicksOf('export written') / BEFORE.exportClicks) * 100) / 100,
      },
    };
  } finally {
    await browser.close();
    await server.close();
    rmSync(work, { recursive: true, force: true });
  }
}

/** @returns `firstMaskS`: seconds from the click that starts the segmentation to the first mask that is seen */
async function goTheWay(
  page: Page,
  photos: string,
  out: string,
): Promise<{ marks: Mark[]; firstMaskS: number }> {
  const person = new Person();
  await page.getByLabel('Folder path on this machine').fill(photos);
  await person.click(page.locator('form').getByRole('button', { name: 'Add folder' }));
  const segment = page.getByRole('main').getByRole('button', { name: 'Segment', exact: true });
  await segment.waitFor();
  person.mark('folder scanned');
  await person.click(segment);
  await person.click(page.getByRole('button', { name: 'Start segmenting' }));
  const startS = person.mark('segmentation started');
  await page.getByRole('grid', { name: 'Segmented images' }).locator('[data-state=shown]').first().waitFor();
  const firstMaskS = person.mark('first mask') - startS;
  await person.click(page.getByRole('button', { name: 'Review the masks' }).first());
  person.mark('all masks');
  await person.click(page.getByRole('button', { name: 'New dataset' }));
  await page.getByLabel('Dataset name').fill('pets');
  await person.click(page.getByRole('button', { name: 'Freeze version' }));
  await person.click(page.getByRole('button', { name: 'Export', exact: true }));
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('New folder').fill(out);
  await person.click(dialog.getByRole('button', { name: 'Export', exact: true }));
  await page
    .getByRole('article', { name: /^Export as / })
    .getByText('Done')
    .waitFor();
  person.mark('export written');
  return { marks: person.marks, firstMaskS };
}

/** Copies of the first photos of pets. */
function photosIn(folder: string, count: number): string {
  mkdirSync(folder);
  const pets = sharedPath('data', 'pets', 'images');
  for (const name of readdirSync(pets).sort().slice(0, count))
    copyFileSync(join(pets, name), join(folder, name));
  return folder;
}
