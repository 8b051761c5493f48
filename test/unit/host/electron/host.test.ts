import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CollectionId, JobId } from '../../../../src-main/contract/ids.ts';
import { SCREEN_PLACES } from '../../../../src-main/contract/screens.ts';
import type { Job, JobProgress } from '../../../../src-main/contract/job.ts';
import type { JobState } from '../../../../src-main/contract/job-state.ts';
import {
  closingQuestion,
  notificationOf,
  taskbarProgress,
} from '../../../../src-main/host/electron/job-signs.ts';
import { JobWatch } from '../../../../src-main/host/electron/job-watch.ts';
import { menuTemplate, type MenuOptions } from '../../../../src-main/host/electron/menu-template.ts';
import { isOwnPage, pageFile, pageResponse } from '../../../../src-main/host/electron/page-files.ts';
import { nativeTexts } from '../../../../src-main/host/electron/texts.ts';
import {
  placeWindow,
  readWindowState,
  writeWindowState,
} from '../../../../src-main/host/electron/window-state.ts';
import pageDe from '../../../../src-renderer/i18n/de.json' with { type: 'json' };
import pageEn from '../../../../src-renderer/i18n/en.json' with { type: 'json' };
import { inProcessWorker } from '../../../support/in-process-worker.ts';
import { makePhotos } from '../../../support/photo-folder.ts';
import { startService, waitForState } from '../../../support/running-service.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const texts = nativeTexts('en', 'en-US');

function jobOf(state: JobState, progress: Partial<JobProgress> | null = null): Job {
  const whole: JobProgress = {
    phase: 'reading-images',
    done: 0,
    total: null,
    unit: 'images',
    ratePerS: null,
    etaMs: null,
    jobShare: null,
  };
  return {
    id: JobId.parse(1),
    spec: { kind: 'scan', collectionId: CollectionId.parse(1) },
    state,
    title: 'Scan photos',
    progress: progress && { ...whole, ...progress },
    error: state === 'failed' ? { code: 'DISK_FULL', message: 'The disk is full.', hint: null } : null,
    isResumable: false,
    createdAtMs: 1,
    startedAtMs: 1,
    finishedAtMs: null,
  };
}

describe('the window', () => {
  const screen = { x: 0, y: 25, width: 1920, height: 1055 };
  const right = { x: 1920, y: 0, width: 1280, height: 1024 };

  test('opens where it was left, also on a second display', () => {
    const state = { x: 2000, y: 40, width: 1000, height: 700, isMaximized: false };
    expect(placeWindow(state, [screen, right])).toEqual(state);
  });

  test('comes back to the first display when its own is gone, and is cut to its size', () => {
    const state = { x: 4000, y: 40, width: 3000, height: 2000, isMaximized: true };
    expect(placeWindow(state, [screen])).toEqual({ width: 1920, height: 1055, isMaximized: true });
  });

  test('never opens with its title bar out of reach, nor smaller than the page can be', () => {
    expect(placeWindow({ x: 10, y: -300, width: 200, height: 200, isMaximized: false }, [screen])).toEqual({
      width: 880,
      height: 560,
      isMaximized: false,
    });
  });

  test('remembers its state, and takes a damaged file for none', () => {
    const file = join(tempFolder(), 'window.json');
    const fresh = readWindowState(file);
    const state = { x: 1, y: 2, width: 900, height: 600, isMaximized: true };
    writeWindowState(file, state);
    expect(readWindowState(file)).toEqual(state);
    writeFileSync(file, '{"width": "wide"');
    expect(readWindowState(file)).toEqual(fresh);
    writeFileSync(file, '{"width": -5, "height": 1, "isMaximized": false}');
    expect(readWindowState(file)).toEqual(fresh);
  });
});

describe('a message from a page', () => {
  test.each([
    ['r2o://app/index.html', null, true],
    ['r2o://app/index.html#/library', null, true],
    ['r2o://app.example/index.html', null, false],
    ['r2o://application/index.html', null, false],
    ['https://example.org/r2o://app/', null, false],
    ['r2o://app/index.html', {}, false],
  ])('%s in frame %j counts: %s', (url, parent, isOwn) => {
    expect(isOwnPage({ url, parent })).toBe(isOwn);
  });

  test('without a frame does not count', () => expect(isOwnPage(null)).toBe(false));
});

describe('the address of a file', () => {
  const folder = '/app/out/renderer';

  test('leads into the folder of the page', () => {
    expect(pageFile(folder, '/')).toBe(join(folder, 'index.html'));
    expect(pageFile(folder, '/assets/a%20b.js')).toBe(join(folder, 'assets', 'a b.js'));
  });

  test.each([
    '/../secret.js',
    '/%2e%2e/secret.js',
    '/a/..%2f..%2fsecret.js',
    '/..\\secret.js',
    '/%00.js',
    '/%E0%A4.js',
    '/studio.sqlite',
    '/assets',
  ])('%s leads nowhere', (path) => expect(pageFile(folder, path)).toBeUndefined());

  test('is answered with its type and a strict policy, or with 404', async () => {
    const real = tempFolder();
    writeFileSync(join(real, 'index.html'), '<!doctype html>');
    const found = await pageResponse(real, '/index.html');
    expect(await found.text()).toBe('<!doctype html>');
    expect(found.headers.get('Content-Type')).toContain('text/html');
    expect(found.headers.get('Content-Security-Policy')).toMatch(/default-src 'none'.*script-src 'self'/);
    expect(found.headers.get('Content-Security-Policy')).not.toContain('unsafe');
    expect((await pageResponse(real, '/absent.js')).status).toBe(404);
  });
});

describe('the menu', () => {
  const said: string[] = [];
  const options: MenuOptions = {
    platform: 'linux',
    texts,
    recent: Array.from({ length: 10 }, (_, index) => ({
      id: CollectionId.parse(index + 1),
      name: index === 0 ? 'Cats & Dogs' : `c${index}`,
    })),
    command: (command) => void said.push(command),
    addFolder: () => void said.push('add'),
    connect: () => void said.push('connect'),
    showLog: () => void said.push('log'),
  };

  function click(label: string, menu = menuTemplate(options)): void {
    const all = menu.flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : []));
    const item = [...all, ...all.flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : []))].find(
      (entry) => entry.label === label,
    );
    // The items under test use none of the arguments.
    (item?.click as (() => void) | undefined)?.();
  }

  test('sends commands to the page, shows recent collections, and escapes their names', () => {
    for (const label of ['Add Folder…', 'Cats && Dogs', 'Settings', 'Keyboard Shortcuts', 'Show Log'])
      click(label);
    expect(said).toEqual(['add', 'library/1', 'settings', 'shortcuts', 'log']);
  });

  test('leads to every screen of the page, by its name there and with its keys', () => {
    const view = menuTemplate(options).find(({ label }) => label === texts.view)?.submenu;
    const entries = Array.isArray(view) ? view.filter(({ label }) => label !== undefined) : [];
    said.length = 0;
    for (const { label } of entries) click(label ?? '');
    expect(said).toEqual(SCREEN_PLACES.map(({ id }) => id));
    expect(entries.map(({ accelerator }) => accelerator)).toEqual([
      ...[1, 2, 3, 4, 5, 6].map((number) => `CmdOrCtrl+${number}`),
      ...['CmdOrCtrl+J', 'CmdOrCtrl+,'],
    ]);
    for (const [language, page] of [
      ['en', pageEn],
      ['de', pageDe],
    ] as const) {
      expect(nativeTexts(language, 'fr').screens).toEqual({
        library: page.library.title,
        pretrain: page.runs.title,
        masks: page.masks.title,
        concepts: page.concepts.title,
        datasets: page.datasets.title,
        models: page.models.title,
        activity: page.jobs.title.screen,
        settings: page.settings.title,
      });
    }
  });

  test('shows no more than eight recent collections', () => {
    const file = menuTemplate(options)[0]?.submenu;
    const recent = Array.isArray(file)
      ? file.find(({ label }) => label === texts.recent)?.submenu
      : undefined;
    expect(Array.isArray(recent) ? recent.length : 0).toBe(8);
  });

  test('has the application menu on a Mac alone, and leaves the page its shortcuts', () => {
    expect(menuTemplate(options)[0]?.role).toBeUndefined();
    const mac = menuTemplate({ ...options, platform: 'darwin' });
    expect(mac[0]?.role).toBe('appMenu');
    const items = mac.flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : []));
    for (const item of items.filter(({ accelerator }) => accelerator))
      expect(item.registerAccelerator).toBe(false);
  });

  test('speaks the language of the settings, or of the system', () => {
    expect(nativeTexts('system', 'de-CH').file).toBe('Datei');
    expect(nativeTexts('en', 'de-CH').file).toBe('File');
    expect(nativeTexts('system', 'fr').file).toBe('File');
  });
});

describe('a job', () => {
  test('moves the bar in the taskbar', () => {
    expect(taskbarProgress([])).toBeUndefined();
    expect(taskbarProgress([jobOf('queued'), jobOf('paused', { done: 1, total: 2 })])).toBeUndefined();
    expect(taskbarProgress([jobOf('running')])).toBe('unknown');
    expect(taskbarProgress([jobOf('queued'), jobOf('running', { done: 1, total: 4 })])).toBe(0.25);
  });

  test('is told of when it ends, with the error it ended with', () => {
    expect(notificationOf(jobOf('running'), jobOf('done'), texts)).toEqual({
      title: 'Finished',
      body: 'Scan photos',
    });
    expect(notificationOf(jobOf('running'), jobOf('failed'), texts)?.body).toBe(
      'Scan photos: The disk is full.',
    );
    expect(notificationOf(jobOf('running'), jobOf('running'), texts)).toBeUndefined();
    expect(notificationOf(jobOf('pausing'), jobOf('paused'), texts)).toBeUndefined();
    expect(notificationOf(undefined, jobOf('done'), texts)).toBeUndefined();
  });

  test('makes closing a question that Escape answers with no', () => {
    const { answers, options } = closingQuestion(texts, jobOf('running'));
    expect(options.buttons).toHaveLength(answers.length);
    expect(answers[options.cancelId]).toBe('cancel');
    expect(answers[options.defaultId]).not.toBe('quit');
    expect(options.detail).toContain('Scan photos');
  });

  test('is followed from the service that runs it', async () => {
    const { service, client } = startService({ fork: inProcessWorker });
    const watch = new JobWatch(service);
    const stop = new AbortController();
    const events = service.events.subscribe('event', { signal: stop.signal });
    const folder = join(tempFolder(), 'photos');
    await makePhotos(folder, 5);
    const { job } = await client.collections.add({ path: folder });
    let wasAtWork = false;
    for await (const event of events) {
      const change = watch.apply(event);
      wasAtWork ||= watch.atWork?.id === job.id;
      if (change?.job.state === 'done') break;
    }
    stop.abort();
    expect(wasAtWork).toBe(true);
    expect(watch.atWork).toBeUndefined();
    await waitForState(client, job.id, 'done');
  });
});
