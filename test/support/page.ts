import { resolve } from 'node:path';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { startServer, type LocalServer } from '../../src-main/host/server/server.ts';
import { openContext } from './chromium.ts';
import { startService, type RunningService } from './running-service.ts';

declare global {
  interface Window {
    axe: typeof axe;
  }
}

export const pageFolder = resolve(import.meta.dirname, '../../out/renderer');

export type OpenPage = RunningService & {
  page: Page;
  /** Errors and warnings of the page's console: a refused style or script is one. */
  complaints: string[];
  server: LocalServer;
};

/** The built page in Chromium, served by a real server on a data folder of its own; all ends with the test. */
export async function openPage(
  browser: Browser,
  options: { running?: RunningService; locale?: string } = {},
): Promise<OpenPage> {
  const running = options.running ?? startService();
  const server = await startServer({ service: running.service, port: 0, pageFolder });
  onTestFinished(() => server.close());
  const context = await openContext(browser, {
    viewport: { width: 1280, height: 800 },
    colorScheme: 'light',
    locale: options.locale ?? 'en-US',
  });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(server.newPageUrl());
  return { ...running, page, complaints, server };
}

/** Adds a folder as a person does, whether or not there are collections yet. */
export async function addFolder(page: Page, folder: string): Promise<void> {
  const path = page.getByLabel('Folder path on this machine');
  const opener = page.getByRole('complementary').getByRole('button', { name: 'Add folder' });
  await path.or(opener).first().waitFor();
  if (!(await path.isVisible())) await opener.click();
  await path.fill(folder);
  await page.locator('form').getByRole('button', { name: 'Add folder' }).click();
}

/** The rules that the colours of a theme decide about. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];

/** What axe calls serious or worse, in the light theme, and for its colours in the dark one: rule, and what it is about. */
export async function seriousFindings(page: Page): Promise<string[]> {
  const findings: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.evaluate(settle);
    const violations = await violationsOf(page, colorScheme === 'dark' ? COLOUR_RULES : undefined);
    findings.push(...violations.map(({ id, html }) => `${colorScheme}: ${id}: ${html}`));
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: null });
  return findings;
}

/** Elements against whose serious rules a page is. @param rules those to try; all of axe by default */
async function violationsOf(page: Page, rules?: string[]): Promise<{ id: string; html: string }[]> {
  // Once for each document: it is half a megabyte.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  return page.evaluate(async (only) => {
    const { violations } = await window.axe.run(document, {
      ...(only && { runOnly: { type: 'rule', values: only } }),
      // What passes is not listed, and paths to elements are not computed; the page has no frames.
      resultTypes: ['violations'],
      selectors: false,
      iframes: false,
    });
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html }) => ({ id, html })));
  }, rules);
}

/** Resolves when nothing moves or fades any more: colours half way between two themes are nobody's. */
async function settle(): Promise<void> {
  await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  const isFinite = (animation: Animation) => animation.effect?.getComputedTiming().iterations !== Infinity;
  const moving = document.getAnimations().filter(isFinite);
  await Promise.all(moving.map((animation) => animation.finished.catch(() => undefined)));
}

/** Controls that neither the window nor what surrounds them shows whole, and that no scrolling to the side brings in. */
export function clippedControls(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const isCut = (control: Element) => {
      const { left, right, width } = control.getBoundingClientRect();
      if (width === 0) return false;
      for (let place = control.parentElement; place; place = place.parentElement) {
        const { overflowX, clipPath } = getComputedStyle(place);
        if (clipPath !== 'none') return false;
        if (/auto|scroll/.test(overflowX) && place.scrollWidth > place.clientWidth + 1) return false;
        const box = place.getBoundingClientRect();
        if (/hidden|clip/.test(overflowX) && (right > box.right + 2 || left < box.left - 2)) return true;
      }
      return right > window.innerWidth + 1 || left < -1;
    };
    const controls = document.querySelectorAll('button, a[href], input, select, [role=tab]');
    return [...controls]
      .filter((control) => control.checkVisibility() && isCut(control))
      .map((control) => control.getAttribute('aria-label') ?? control.textContent);
  });
}

/** Controls whose focus ring is drawn where the window or what they scroll in cuts it off. */
export function clippedRings(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const isCut = (control: Element) => {
      const { outlineStyle, outlineWidth, outlineOffset } = getComputedStyle(control);
      const box = control.getBoundingClientRect();
      if (outlineStyle === 'none' || box.width === 0) return false;
      // Half a pixel of it may be lost to rounding.
      const grown = parseFloat(outlineWidth) + parseFloat(outlineOffset) - 0.5;
      const [left, right] = [box.left - grown, box.right + grown];
      const [top, bottom] = [box.top - grown, box.bottom + grown];
      for (let place = control.parentElement; place; place = place.parentElement) {
        const { overflowX, overflowY, clipPath } = getComputedStyle(place);
        if (clipPath !== 'none') return false;
        if (overflowX === 'visible' && overflowY === 'visible') continue;
        const outer = place.getBoundingClientRect();
        const [innerLeft, innerTop] = [outer.left + place.clientLeft, outer.top + place.clientTop];
        const isAtEnd = place.scrollTop + place.clientHeight >= place.scrollHeight - 1;
        return (
          left < innerLeft ||
          right > innerLeft + place.clientWidth ||
          (place.scrollTop === 0 && top < innerTop) ||
          (isAtEnd && bottom > innerTop + place.clientHeight)
        );
      }
      return left < 0 || right > window.innerWidth || top < 0;
    };
    // A tab is chosen by its focus.
    const controls = document.querySelectorAll<HTMLElement>('a[href], button, input, select, [role=slider]');
    const cut = [...controls].filter((control) => {
      if (control.role === 'tab' || !control.checkVisibility({ visibilityProperty: true })) return false;
      control.focus({ focusVisible: true });
      return document.activeElement === control && isCut(control);
    });
    (document.activeElement as HTMLElement | null)?.blur();
    return cut.map((control) => control.getAttribute('aria-label') ?? control.textContent);
  });
}

/** Texts that are squeezed into a column of single words. */
export function squeezedTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const isSqueezed = (text: Element) => {
      const range = document.createRange();
      range.selectNodeContents(text);
      const middles = [...range.getClientRects()].map(({ top, bottom }) => (top + bottom) / 2);
      const lines = middles.filter((y, at) => at === 0 || y - (middles[at - 1] ?? 0) > 8).length;
      const words = text.textContent.trim().split(/\s+/).length;
      return lines >= 4 && words < 2 * lines;
    };
    return [...document.querySelectorAll('h1, h2, h3, p, dt, dd, legend')]
      .filter((text) => text.checkVisibility() && isSqueezed(text))
      .map(({ textContent }) => textContent.trim());
  });
}
