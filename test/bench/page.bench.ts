import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import { startServer, type LocalServer } from '../../src-main/host/server/server.ts';
import { launchChromium } from '../support/chromium.ts';
import { atRest, shiftsOfOpening, takeShifts, watchShifts } from '../support/layout-shift.ts';
import { manyImages } from '../support/many-images.ts';
import { manyMasks } from '../support/many-masks.ts';
import { describeMachine, type BenchReport } from './bench-report.ts';
import { openService, untilDone } from './bench-service.ts';
import { MAX_LOOP_DELAY_MS, measureLoop, type LoopDelay } from './loop-delay.ts';

const DEFAULT_IMAGES = 100_000;
const LOADS = 7;
const SCROLL_MS = 6_000;
/** A frame at 60 Hz. */
const FRAME_MS = 1_000 / 60;
const TRAINING_IMAGES = 32;
const TRAINING_STEPS = 24;
const COLLECTIONS = 4;
const REST_MS = 500;
/** Of a way through a whole grid; long enough that tiles get their pictures. */
const STOPS = 40;
const STOP_MS = 200;
/** A leak grows with every way; what is kept on purpose does not. */
const WAYS = [0, 1, 2];
const VIEWPORT = { width: 1_280, height: 800 };
const pageFolder = resolve(import.meta.dirname, '../../out/renderer');

type Row = Record<string, string | number>;
type Load = { paintMs: number; readyMs: number };

/**
 * What a person feels of the page, in Chromium against the real server: how soon it paints and can be used, how
 * evenly grids of 100,000 images scroll, what memory it takes; and how free the service stays while it trains.
 * @param args `--images N`
 */
export async function run(args: string[]): Promise<BenchReport> {
  const count = Number(args[args.indexOf('--images') + 1]) || DEFAULT_IMAGES;
  const folder = mkdtempSync(join(tmpdir(), 'r2o-bench-'));
  const browser = await launchChromium();
  try {
    const { loads, scrolls, memory, shifts } = await measurePage(browser, join(folder, 'many'), count);
    const training = await measureTraining(browser, folder);
    const reading = scrolls.filter(({ pace }) => pace === 'reading');
    const worst = Math.max(...reading.map((row) => Number(row['p95 ms'])));
    return {
      benchmark: 'page',
      machine: describeMachine(),
      tables: [
        { title: `Opening the page on ${count} images, ${LOADS} times`, rows: loads },
        { title: 'Frames while a grid scrolls', rows: scrolls },
        { title: 'Layout shift of opening each screen, cumulative', rows: shifts },
        { title: 'Memory after ways through the whole grid and back, garbage collected', rows: memory },
        {
          title: 'Event loop of the service while a pretraining runs and the page watches',
          rows: [training],
        },
      ],
      ratios: {
        worstReadingP95FrameVs60Hz: round(worst / FRAME_MS),
        eventLoopP99OverLimit: round(Number(training['event loop p99 ms']) / MAX_LOOP_DELAY_MS),
      },
    };
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measurePage(browser: Browser, dataFolder: string, count: number) {
  const { service } = openService(dataFolder);
  using _ = service;
  manyMasks(service, await manyImages(service, count));
  const server = await startServer({ service, port: 0, pageFolder });
  try {
    const loads: Load[] = [];
    for (let load = 0; load < LOADS; load++) loads.push(await openOnce(browser, server));
    const library = await measureGrid(browser, server, { screen: 'library', name: 'library', ways: WAYS });
    // The second time, the server has drawn the tiles already; the browser has nothing.
    const cold = await measureGrid(browser, server, {
      screen: 'masks',
      name: 'masks, never drawn',
      ways: [],
    });
    const warm = await measureGrid(browser, server, { screen: 'masks', name: 'masks', ways: WAYS });
    return {
      loads: [summaryOf('first contentful paint', loads, 'paintMs'), summaryOf('usable', loads, 'readyMs')],
      scrolls: [...library.scrolls, ...cold.scrolls, ...warm.scrolls],
      memory: [...library.memory, ...warm.memory],
      shifts: await measureShifts(browser, server),
    };
  } finally {
    await server.close();
  }
}

/** The grid of a screen in a page of its own: of thumbnails, or of thumbnails with masks. */
async function measureGrid(
  browser: Browser,
  server: LocalServer,
  { screen, name, ways }: { screen: 'library' | 'masks'; name: string; ways: readonly number[] },
) {
  const page = await openPage(browser, server);
  await page.getByRole('link', { name: screen === 'masks' ? 'Masks' : 'Library' }).click();
  const first = screen === 'masks' ? '[data-state=shown] img[src*="/drawn/"]' : '[data-state=shown]';
  await page.locator(`[role=grid] ${first}`).first().waitFor();
  const scrolls: Row[] = [];
  for (const [pace, pxPerS] of Object.entries({ reading: 1_500, searching: 12_000, flying: 200_000 })) {
    scrolls.push({ grid: name, pace, 'px/s': pxPerS, ...(await scroll(page, pxPerS)) });
  }
  const memory: Row[] = [];
  let gone = 0;
  for (const count of ways) {
    for (; gone < count; gone++) await roam(page);
    memory.push({ grid: name, 'ways there and back': count, ...(await memoryOf(browser, page)) });
  }
  await page.context().close();
  return { scrolls, memory };
}

/** From one end of the grid to the other and back, with stops at which its pictures come. */
async function roam(page: Page): Promise<void> {
  await page.locator('[role=grid]').evaluate(
    async (grid, { stops, restMs }) => {
      const end = grid.scrollHeight - grid.clientHeight;
      for (let stop = 0; stop <= 2 * stops; stop++) {
        grid.scrollTo(0, (stop <= stops ? stop / stops : 2 - stop / stops) * end);
        await new Promise((done) => setTimeout(done, restMs));
      }
    },
    { stops: STOPS, restMs: STOP_MS },
  );
}

/** How much of each screen moves by itself while it opens. */
async function measureShifts(browser: Browser, server: LocalServer): Promise<Row[]> {
  const page = await openPage(browser, server);
  await watchShifts(page);
  const shifts = await shiftsOfOpening(page, server.url);
  await page.context().close();
  return Object.entries(shifts).map(([screen, { score, moved }]) => ({
    screen,
    score: Number(score.toFixed(4)),
    moved: moved.join(' '),
  }));
}

/** A page in a context of its own, so that nothing is cached. */
async function openPage(browser: Browser, server: LocalServer): Promise<Page> {
  const page = await browser.newPage({ viewport: VIEWPORT });
  await page.goto(server.newPageUrl());
  return page;
}

/** Usable: the grid shows its first image, and the page has time for a key press. */
async function openOnce(browser: Browser, server: LocalServer): Promise<Load> {
  const page = await openPage(browser, server);
  await page.locator('[role=grid] [data-state=shown]').first().waitFor();
  const load = await page.evaluate(async () => {
    await new Promise((done) => requestIdleCallback(done));
    const [paint] = performance.getEntriesByName('first-contentful-paint');
    return { paintMs: paint?.startTime ?? 0, readyMs: performance.now() };
  });
  await page.context().close();
  return load;
}

/** Scrolls evenly for some seconds and notes the time between frames. */
async function scroll(page: Page, pxPerS: number): Promise<Row> {
  const frames = await page.locator('[role=grid]').evaluate(
    async (grid, { pxPerS, scrollMs }) => {
      grid.scrollTo(0, 0);
      const nextFrame = () => new Promise<number>(requestAnimationFrame);
      const times: number[] = [];
      const start = await nextFrame();
      for (let last = start; last - start < scrollMs;) {
        grid.scrollTo(0, ((last - start) / 1_000) * pxPerS);
        const now = await nextFrame();
        times.push(now - last);
        last = now;
      }
      return times;
    },
    { pxPerS, scrollMs: SCROLL_MS },
  );
  const sorted = frames.toSorted((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.floor(sorted.length * share)] ?? 0);
  return {
    frames: frames.length,
    'p50 ms': at(0.5),
    'p95 ms': at(0.95),
    'p99 ms': at(0.99),
    'max ms': round(sorted.at(-1) ?? 0),
    'later than 1.5 frames, %': round(
      (frames.filter((ms) => ms > 1.5 * FRAME_MS).length / frames.length) * 100,
    ),
  };
}

/**
 * Heap of the page's scripts, the nodes of its document and those that the browser keeps, and the largest renderer
 * process. A first collection lets go of what holds nodes, so that a later one finds them.
 */
async function memoryOf(browser: Browser, page: Page): Promise<Row> {
  const session = await page.context().newCDPSession(page);
  for (let collection = 0; collection < COLLECTIONS; collection++) {
    await session.send('HeapProfiler.collectGarbage');
    await page.waitForTimeout(REST_MS);
  }
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  const { nodes } = await session.send('Memory.getDOMCounters');
  const inDocument = await page.evaluate(() => {
    const walker = document.createTreeWalker(document, NodeFilter.SHOW_ALL);
    let count = 1;
    while (walker.nextNode()) count++;
    return count;
  });
  const system = await browser.newBrowserCDPSession();
  const { processInfo } = await system.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => residentMiB(id));
  return {
    'script heap MiB': round(usedSize / 2 ** 20),
    'nodes in the document': inDocument,
    'nodes kept': nodes,
    'renderer process MiB': Math.round(Math.max(...renderers)),
  };
}

/** Resident memory of a process; 0 where the system does not tell (only Linux has /proc). */
function residentMiB(pid: number): number {
  if (process.platform !== 'linux') return 0;
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
}

async function measureTraining(browser: Browser, folder: string): Promise<Row> {
  const { service, client } = openService(join(folder, 'training'));
  using _ = service;
  await writeScenes(join(folder, 'scenes'), { count: TRAINING_IMAGES, seed: 1 });
  const { collection, job: scan } = await client.collections.add({ path: join(folder, 'scenes', 'images') });
  await untilDone(client, scan.id);
  const server = await startServer({ service, port: 0, pageFolder });
  try {
    const page = await openPage(browser, server);
    const batchSize = 8;
    const { run, job } = await client.runs.start({
      collectionId: collection.id,
      overrides: { batchSize, epochs: (TRAINING_STEPS * batchSize) / TRAINING_IMAGES, previews: 6 },
    });
    await watchShifts(page);
    await page.reload();
    await page.getByRole('link', { name: 'Pretrain' }).click();
    await page.getByRole('progressbar').first().waitFor();
    await takeShifts(page);
    const loop: LoopDelay = await measureLoop(() => untilDone(client, job.id));
    const { step } = await client.runs.get({ id: run.id });
    await atRest(page);
    const { score } = await takeShifts(page);
    return {
      steps: step,
      seconds: round(loop.ms / 1_000),
      'event loop p99 ms': round(loop.loopP99Ms),
      'event loop max ms': round(loop.loopMaxMs),
      'layout shift': Number(score.toFixed(4)),
    };
  } finally {
    await server.close();
  }
}

function summaryOf(what: string, loads: readonly Load[], key: keyof Load): Row {
  const sorted = loads.map((load) => load[key]).toSorted((a, b) => a - b);
  return {
    what,
    'min ms': Math.round(sorted[0] ?? 0),
    'median ms': Math.round(sorted[sorted.length >> 1] ?? 0),
    'max ms': Math.round(sorted.at(-1) ?? 0),
  };
}

const round = (value: number) => Math.round(value * 100) / 100;
