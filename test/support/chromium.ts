import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions } from 'playwright-core';

/** Debian's, as Playwright's own browsers are a download that tests must not need. The one without a window is quicker. */
const PROGRAMS = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];
const executablePath = process.env.CHROMIUM ?? PROGRAMS.find((path) => existsSync(path));

export const hasChromium = executablePath !== undefined && existsSync(executablePath);
export const chromiumReason = hasChromium ? '' : ` (skipped: ${executablePath ?? 'Chromium'} is absent)`;

let shared: Promise<Browser> | undefined;

/**
 * One Chromium for all tests of pages in this process, which share no more than the program: each has contexts of its
 * own, and closes them. It ends with the process.
 */
export async function sharedChromium(): Promise<Browser> {
  const running = await shared?.catch(() => undefined);
  if (running?.isConnected()) return running;
  shared = launchChromium();
  return shared;
}

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** How long a page may take to show something; on a machine with other work, seconds become minutes. */
export const PAGE_PATIENCE_MS = 300_000;

/**
 * How much later than usual each answer of the service comes, to find what depends on quick ones, in the page or in a test:
 * `R2O_TEST_ANSWER_MS=500 npx vitest run --project=whole test/e2e/page`.
 */
const ANSWER_DELAY_MS = Number(process.env.R2O_TEST_ANSWER_MS ?? 0);

/** A context in which every wait is patient, and answers come as late as `R2O_TEST_ANSWER_MS` says. */
export async function openContext(browser: Browser, options: BrowserContextOptions): Promise<BrowserContext> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PAGE_PATIENCE_MS);
  if (ANSWER_DELAY_MS > 0) await delayAnswers(context);
  return context;
}

/** Delays what the service sends over WebSockets, in its order. */
async function delayAnswers(context: BrowserContext): Promise<void> {
  await context.routeWebSocket(/./, (page) => {
    const service = page.connectToServer();
    service.onMessage((message) => void setTimeout(() => page.send(message), ANSWER_DELAY_MS));
  });
}
