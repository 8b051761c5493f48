import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

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
