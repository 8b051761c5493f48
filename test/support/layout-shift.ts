import type { Page } from 'playwright-core';
import { SCREEN_PLACES, type ScreenId } from '../../src-main/contract/screens.ts';

/** Longer than a fade, or than a list is read again after an event. */
const REST_MS = 700;

/** What moved by itself, and how much of the window that was (https://web.dev/articles/cls). */
export type Shift = { score: number; moved: string[] };

/** What the page's entries hold beside what TypeScript's library knows of them. */
type LayoutShiftEntry = PerformanceEntry & {
  value: number;
  hadRecentInput: boolean;
  sources: readonly { node?: Node | null }[];
};

declare global {
  interface Window {
    layoutShifts?: { score: number; moved: string[] }[];
  }
}

/** Notes every shift of the pages that this one opens from now on, except those that answer to a person within 500 ms. */
export async function watchShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const shifts: Shift[] = (window.layoutShifts = []);
    const nameOf = (node?: Node | null) =>
      node instanceof Element ? `${node.tagName.toLowerCase()}.${node.classList[0] ?? ''}` : '(gone)';
    new PerformanceObserver((list) => {
      // The type that is observed is the type of its entries.
      for (const { value, hadRecentInput, sources } of list.getEntries() as LayoutShiftEntry[]) {
        if (!hadRecentInput) shifts.push({ score: value, moved: sources.map(({ node }) => nameOf(node)) });
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
}

/** What has moved since the page was opened, or since this was asked last, in all: never less than CLS, which forgets. */
export async function takeShifts(page: Page): Promise<Shift> {
  const shifts = await page.evaluate(() => {
    const taken = window.layoutShifts?.splice(0);
    if (!taken) throw new Error('nobody watches for shifts');
    return taken;
  });
  return {
    score: shifts.reduce((sum, { score }) => sum + score, 0),
    moved: [...new Set(shifts.flatMap(({ moved }) => moved))],
  };
}

/** Opens every screen by its address, as new pages, and waits for all of it to come. @returns what moved, by screen */
export async function shiftsOfOpening(page: Page, url: string): Promise<Record<ScreenId, Shift>> {
  const shifts: Partial<Record<ScreenId, Shift>> = {};
  for (const { id } of SCREEN_PLACES) {
    // Another hash alone does not open the page anew.
    await page.goto('about:blank');
    await page.goto(`${url}/#/${id}`);
    await page.locator('main').first().waitFor();
    await atRest(page);
    shifts[id] = await takeShifts(page);
  }
  // The loop has gone over every id.
  return shifts as Record<ScreenId, Shift>;
}

/** Resolves when all pictures of the window have come, nothing says that it is busy, and a moment has passed. */
export async function atRest(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const pictures = [...document.images].every(({ complete }) => complete);
    return pictures && !document.querySelector('main [aria-busy=true], main .spinner');
  });
  await page.waitForTimeout(REST_MS);
}
