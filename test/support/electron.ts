import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { _electron, type Browser, type ElectronApplication, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { PAGE_PATIENCE_MS } from './chromium.ts';
import { DesktopInChromium } from './desktop-in-chromium.ts';

const root = resolve(import.meta.dirname, '../..');
const electronFolder = join(root, 'node_modules/electron');

/** The downloaded binary; undefined where it has never been fetched. Asking the package itself would fetch it. */
function electronBinary(): string | undefined {
  const pathFile = join(electronFolder, 'path.txt');
  if (!existsSync(pathFile)) return undefined;
  const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(electronFolder, 'dist');
  const binary = join(folder, readFileSync(pathFile, 'utf8'));
  return existsSync(binary) ? binary : undefined;
}

const executablePath = electronBinary();
const hasDisplay =
  process.platform !== 'linux' || Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY);

export const canRunElectron = executablePath !== undefined && hasDisplay;
/** Set where a run without the window would be no run at all. */
if (process.env.R2O_TEST_ELECTRON === 'required' && !canRunElectron) {
  throw new Error('There is no Electron binary, or no display, but R2O_TEST_ELECTRON requires both.');
}
/** Appended to the names of tests that need it. */
export const electronReason = canRunElectron
  ? ''
  : ` (skipped: ${executablePath ? 'there is no display' : "Electron's binary is not there; npx install-electron fetches it"})`;

/** All that the preload script gives to the page. */
export const BRIDGE = ['onCommand', 'pathOf', 'pickFile', 'pickFolder', 'pickSavePath', 'remotes'];

export type OpenApp = { app: ElectronApplication; page: Page };

/** What tests use of an app that may also run without Electron, see `DesktopInChromium`. */
export type AnyOpenApp = {
  app: Pick<DesktopInChromium, 'evaluate' | 'windows' | 'close'>;
  page: Page;
};

/** The built desktop app in Electron where that is possible, else in Chromium; it ends with the test at the latest. */
export async function openAnyApp(dataFolder: string, browser: Browser | undefined): Promise<AnyOpenApp> {
  if (browser === undefined) return openApp(dataFolder);
  const opened = await DesktopInChromium.open(browser, appEnvironment(dataFolder));
  onTestFinished(() => opened.app.close());
  return opened;
}

/** The built desktop app on a data folder; it ends with the test at the latest. */
export async function openApp(dataFolder: string): Promise<OpenApp> {
  if (!executablePath) throw new Error('no Electron binary');
  const app = await _electron.launch({
    executablePath,
    // Chromium's sandbox refuses to run as root, as in containers.
    args: [root, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    env: appEnvironment(dataFolder),
    timeout: PAGE_PATIENCE_MS,
  });
  onTestFinished(() => app.close().catch(() => undefined));
  app.context().setDefaultTimeout(PAGE_PATIENCE_MS);
  return { app, page: await app.firstWindow() };
}

/** A profile of its own (on Linux), so that an app that a person has open is not taken for the first of two. */
export function appEnvironment(dataFolder: string): Record<string, string> {
  const inherited = Object.entries(process.env).flatMap(([key, value]) =>
    // This variable, which some editors set for what they start, makes Electron plain Node.
    value === undefined || key === 'ELECTRON_RUN_AS_NODE' ? [] : [[key, value] as const],
  );
  return { ...Object.fromEntries(inherited), R2O_DATA: dataFolder, XDG_CONFIG_HOME: `${dataFolder}-profile` };
}
