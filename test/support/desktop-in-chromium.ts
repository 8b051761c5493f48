import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page, Route } from 'playwright-core';
import { z } from 'zod';
import { openContext } from './chromium.ts';

const host = join(import.meta.dirname, 'desktop-host.mjs');
const preloads = join(import.meta.dirname, '../../out/preload');

/** Chromium knows no scheme of ours: the page gets a host name that exists nowhere instead. */
const SHOWN_ORIGIN = 'https://app.r2o.test';
const OWN_ORIGIN = 'r2o://app';

const FromHost = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), url: z.string().optional(), problems: z.array(z.string()) }),
  z.object({ kind: z.literal('answer'), id: z.number(), value: z.unknown(), problem: z.string().optional() }),
  z.object({
    kind: z.literal('send'),
    number: z.number(),
    channel: z.string(),
    values: z.array(z.unknown()),
  }),
  z.object({ kind: z.literal('window'), number: z.number(), url: z.string() }),
  z.object({ kind: z.literal('window-closed'), number: z.number() }),
  z.object({ kind: z.literal('port'), number: z.number(), data: z.unknown() }),
]);
const Answer = z.object({
  status: z.number(),
  headers: z.record(z.string(), z.string()),
  body: z.instanceof(Uint8Array),
});

/** What waits for the app when it quits. */
class AppEnded extends Error {
  override name = 'AppEnded';
  override message = 'the app has ended';
}

/**
 * The built desktop app with its own main process, preload script and page, but without Electron: a stand-in takes the
 * calls of the main process, and Chromium shows the page. What it cannot tell is whether Electron does the same.
 */
export class DesktopInChromium {
  readonly #child: ChildProcess;
  readonly #context: BrowserContext;
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #ready = Promise.withResolvers<string>();
  /** By the numbers of their windows. */
  readonly #pages = new Map<number, Page>();
  #nextId = 1;

  private constructor(child: ChildProcess, context: BrowserContext) {
    this.#child = child;
    this.#context = context;
    child.on('message', (message: unknown) => void this.#receive(FromHost.parse(message)));
    child.once('exit', () => {
      for (const { reject } of this.#asked.values()) reject(new AppEnded());
    });
  }

  /** Starts the app and shows its window. @param env the app's environment */
  static async open(
    browser: Browser,
    env: NodeJS.ProcessEnv,
  ): Promise<{ app: DesktopInChromium; page: Page }> {
    const context = await openContext(browser, { viewport: { width: 1280, height: 800 }, locale: 'en-US' });
    const child = fork(host, [], { env, serialization: 'advanced', execArgv: [] });
    const app = new DesktopInChromium(child, context);
    return { app, page: await app.#show(await app.#ready.promise) };
  }

  /** Runs a function in the main process. As with Playwright's, it can use nothing but its two parameters. */
  evaluate<R, V>(run: (electron: typeof import('electron'), value: V) => R, value?: V): Promise<Awaited<R>> {
    // What comes back over the channel is what the function has returned.
    return this.#ask('evaluate', { source: run.toString(), value }) as Promise<Awaited<R>>;
  }

  windows(): Page[] {
    return this.#context.pages();
  }

  /** Quits the app, and waits for its process to end. */
  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.connected) {
      const exit = once(this.#child, 'exit');
      this.#ask('quit', {}).catch(() => undefined);
      await exit;
    }
    await this.#context.close();
  }

  #ask(ask: string, values: Record<string, unknown>): Promise<unknown> {
    if (!this.#child.connected) return Promise.reject(new AppEnded());
    const id = this.#nextId++;
    const answer = Promise.withResolvers<unknown>();
    this.#asked.set(id, answer);
    this.#child.send({ id, ask, ...values });
    return answer.promise;
  }

  async #receive(message: z.infer<typeof FromHost>): Promise<void> {
    if (message.kind === 'ready') {
      if (message.url === undefined) this.#ready.reject(new Error(message.problems.join('\n')));
      else this.#ready.resolve(message.url);
    } else if (message.kind === 'answer') {
      const asked = this.#asked.get(message.id);
      this.#asked.delete(message.id);
      if (message.problem === undefined) asked?.resolve(message.value);
      else asked?.reject(new Error(message.problem));
    } else if (message.kind === 'window') {
      await this.#show(message.url, message.number);
    } else if (message.kind === 'window-closed') {
      await this.#pages.get(message.number)?.close();
    } else {
      const { kind, ...rest } = message;
      // Ports are those of the app's own window.
      const page = this.#pages.get(kind === 'send' ? message.number : 0);
      await page?.evaluate(
        ([to, values]) => window.dispatchEvent(new CustomEvent(`stand-in:${to}`, { detail: values })),
        [kind, rest] as const,
      );
    }
  }

  async #show(url: string, number = 0): Promise<Page> {
    const page = await this.#context.newPage();
    this.#pages.set(number, page);
    await page.route(`${SHOWN_ORIGIN}/**`, (route) => this.#serve(route));
    const senderFrame = () => ({ url: page.url().replace(SHOWN_ORIGIN, OWN_ORIGIN), parent: null });
    await page.exposeFunction('standInAsk', (ask: string, values: Record<string, unknown>) =>
      this.#ask(ask, { ...values, number: values.number ?? number, senderFrame: senderFrame() }),
    );
    await page.addInitScript({ content: preloadScript(number === 0 ? 'preload.cjs' : 'remote-preload.cjs') });
    await page.goto(url.replace(OWN_ORIGIN, SHOWN_ORIGIN));
    return page;
  }

  async #serve(route: Route): Promise<void> {
    const url = route.request().url().replace(SHOWN_ORIGIN, OWN_ORIGIN);
    try {
      const { status, headers, body } = Answer.parse(await this.#ask('request', { url }));
      await route.fulfill({ status, headers, body: Buffer.from(body) });
    } catch (error) {
      // A picture that is still loading goes with its window.
      if (!(error instanceof AppEnded)) throw error;
    }
  }
}

/** The app's own preload script over what it uses of Electron; the real one runs in a world apart from the page's. */
function preloadScript(name: string): string {
  return `(() => {
    const ask = (name, values) => window.standInAsk(name, values);
    const ports = [];
    window.addEventListener('stand-in:port', ({ detail }) => ports[detail.number].postMessage(detail.data));
    const electron = {
      contextBridge: { exposeInMainWorld: (name, api) => { window[name] = api; } },
      ipcRenderer: {
        on: (channel, listener) => window.addEventListener('stand-in:send', ({ detail }) => {
          if (detail.channel === channel) listener({}, ...detail.values);
        }),
        invoke: (channel, ...values) => ask('invoke', { channel, values }),
        send: (channel, ...values) => ask('invoke', { channel, values }),
        postMessage: (channel, message, [port]) => {
          const number = ports.push(port) - 1;
          const connected = ask('connect', { number });
          port.onmessage = ({ data }) => connected.then(() => ask('port', { number, data }));
        },
      },
      webUtils: { getPathForFile: ({ name }) => window.standInPaths?.[name] ?? '' },
    };
    const run = (require, exports) => {
      ${readFileSync(join(preloads, name), 'utf8')}
    };
    run(() => electron, {});
  })()`;
}
