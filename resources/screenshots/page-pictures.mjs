/** The app's page in Chromium, for scripts that take pictures of it. */
/* global document, location -- of the page, for what is evaluated there */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { chromium } from 'playwright-core';

const SLOW_MS = 90_000;

export const cli = resolve(import.meta.dirname, '../bin/r2o.mjs');

/** Serves a data folder, and has `take` do what it wants with the page. */
export async function withPage({ data, viewport }, take) {
  const server = spawn(process.execPath, [cli, '--data', data, '--json', 'serve'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless=new', '--no-sandbox'],
  });
  try {
    const [line] = await once(server.stdout.setEncoding('utf8'), 'data');
    const page = await browser.newPage({ viewport, colorScheme: 'light', locale: 'en-US' });
    page.setDefaultTimeout(SLOW_MS);
    await page.goto(JSON.parse(line).url);
    await page.getByRole('navigation').waitFor();
    await take(page);
  } finally {
    await browser.close();
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
}

export async function go(page, screen) {
  await page.evaluate((to) => void (location.hash = `#/${to}`), screen);
  await rest(page);
}

/** Until pictures have come and nothing fades; with the pointer away from what would show a tooltip. */
export async function rest(page) {
  await page.mouse.move(1, 1);
  await page.waitForTimeout(500);
  await page.waitForFunction(() => {
    const moving = document
      .getAnimations()
      .filter(({ effect }) => effect.getComputedTiming().iterations < 100);
    return moving.length === 0 && [...document.images].every(({ complete }) => complete);
  });
  await page.waitForTimeout(700);
}
